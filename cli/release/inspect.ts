import { inspectRelease } from '../../lib/artifact/release/inspect-release.ts';
import type {
  InspectedComponent,
  InspectedImage,
  ReleaseInspection,
  Verification,
} from '../../lib/artifact/release/release-source.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import type { OutputOptions, StoreOptions, TrustOptions } from '../shell/options.ts';
import { printResult, styleOutcome } from '../shell/output.ts';
import { createProgress } from '../shell/progress.ts';
import { toExitStatus } from '../shell/run-program.ts';
import { type OpenedVerifier, openRelease, openReleaseVerifier, type ReleaseOptions } from './open.ts';

export interface ReleaseInspectOptions extends Partial<TrustOptions>, StoreOptions, ReleaseOptions, OutputOptions {
  readonly arch?: string;
  readonly verifyComponents?: boolean;
}

/** @returns the exit status: 1 when a component is not by digest or does not verify, and for faulty contents */
export async function inspectReleaseImage(
  text: string,
  options: ReleaseInspectOptions,
  signal: AbortSignal,
): Promise<number> {
  const verifier = await openVerifier(options, signal);
  const progress = createProgress('components verified');
  try {
    const { source, close } = await openRelease(text, options);
    try {
      const inspection = await inspectRelease(source, {
        architecture: options.arch,
        verifier,
        onVerified: (done, total) => progress.show(done, { total }),
        signal,
      });
      progress.end();
      signal.throwIfAborted();
      printResult(options.output, inspection, formatInspection);
      return toExitStatus(inspection.outcome);
    } finally {
      close();
    }
  } finally {
    progress.end();
    verifier?.close();
  }
}

/** Refuses --trust without --verify-components: it would look as if something had been verified. */
async function openVerifier(options: ReleaseInspectOptions, signal: AbortSignal): Promise<OpenedVerifier | undefined> {
  const { trust, verifyComponents } = options;
  if (verifyComponents !== true) {
    if (trust === undefined) return undefined;
    throw new InputError('ArgumentInvalid', '--trust decides nothing without --verify-components');
  }
  if (trust === undefined) throw new InputError('ArgumentInvalid', '--verify-components needs --trust');
  return await openReleaseVerifier({ ...options, trust }, signal);
}

function formatInspection({ outcome, release, digest, verification, images, faults }: ReleaseInspection): string {
  return [
    `${styleOutcome(outcome)}  ${release}`,
    ...(digest === undefined ? [] : [`  digest    ${digest}`]),
    ...faults.map(({ code, message }) => `  fault     ${code}: ${message}`),
    ...(verification === undefined ? [] : [`  release   ${verification.outcome}`, ...formatReasons(verification)]),
    ...images.flatMap((image) => formatImage(image, image.digest !== digest)),
  ].join('\n');
}

function formatImage({ digest, platform, version, components, faults }: InspectedImage, isChild: boolean) {
  const width = Math.max(0, ...components.map(({ name }) => name.length));
  const unpinned = components.filter((component) => component.digest === undefined).length;
  return [
    ...(isChild ? [`  image     ${digest}`] : []),
    ...(platform === undefined ? [] : [`  platform  ${platform.os}/${platform.architecture}`]),
    ...(version === undefined ? [] : [`  version   ${version}`]),
    ...faults.map(({ code, message }) => `  fault     ${code}: ${message}`),
    ...(components.length === 0
      ? []
      : [`  made of   ${components.length} components, ${toCount(unpinned)} not by digest`]),
    ...components.flatMap((component) => formatComponent(component, width)),
  ];
}

function formatComponent({ name, pullspec, fault, verification }: InspectedComponent, width: number) {
  const outcome = verification === undefined ? '' : `${verification.outcome}  `;
  return [
    `    ${outcome}${name.padEnd(width)}  ${pullspec}`,
    ...(fault === undefined ? [] : [`      DigestMissing: ${fault}`]),
    ...(verification === undefined ? [] : formatReasons(verification)),
  ];
}

function formatReasons({ reasons }: Verification): readonly string[] {
  return reasons.map(({ code, message }) => `      ${code}: ${message}`);
}

function toCount(count: number): string {
  return count === 0 ? 'none' : String(count);
}
