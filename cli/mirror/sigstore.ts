import type { StoreErrorCode } from '../../lib/base/errors/store-error.ts';
import { listReleaseComponents } from '../../lib/mirror/check/check-mirror.ts';
import { type CopiedAttachments, copyAttachments } from '../../lib/mirror/sigstore/copy-attachments.ts';
import { type FoundImages, findCopiedImages } from '../../lib/mirror/sigstore/find-copied-images.ts';
import { allOf } from '../../lib/verdict/judge/outcome.ts';
import type { Outcome } from '../../lib/verdict/judge/verdict.ts';
import { openMirrorRegistry, parseRegistryRepository } from '../open/registries.ts';
import { type ReleaseOptions, readReleases } from '../open/releases.ts';
import { openTrust } from '../open/trust.ts';
import type { OutputOptions, TrustOptions } from '../shell/options.ts';
import { countOf, printResult } from '../shell/output.ts';
import { createProgress } from '../shell/progress.ts';
import { toExitStatus } from '../shell/run-program.ts';

export interface MirrorSigstoreOptions extends TrustOptions, ReleaseOptions, OutputOptions {
  readonly from: string;
  readonly to: string;
  readonly components?: string;
  readonly replace?: boolean;
  readonly concurrency: number;
  readonly pullSecret?: string;
  readonly registry: readonly string[];
  readonly allowRegistry: readonly string[];
}

interface Summary extends Pick<FoundImages, 'unread'> {
  readonly outcome: 'complete' | 'incomplete' | 'indeterminate';
  readonly images: readonly CopiedAttachments[];
}

/** @returns the exit status: 1 for what does not verify or was not written over, 3 for what did not answer */
export async function mirrorSigstore(options: MirrorSigstoreOptions, signal: AbortSignal): Promise<number> {
  const [from, to] = [parseRegistryRepository(options.from), parseRegistryRepository(options.to)];
  const componentsTo = options.components === undefined ? undefined : parseRegistryRepository(options.components);
  const { prepared } = await openTrust(options);
  const { releases, leftOut } = await readReleases(options, prepared, signal);
  const places = [from, to, ...(componentsTo === undefined ? [] : [componentsTo])];
  const { client, pusher, close } = await openMirrorRegistry(places, options);
  const progress = createProgress('images');
  try {
    const { concurrency } = options;
    const list = (digest: (typeof releases)[number]['digest']) => listReleaseComponents(client, from, digest, signal);
    const components = componentsTo === undefined ? undefined : { to: componentsTo, list };
    const found = await findCopiedImages({ releases, from, to, registry: client, components, concurrency, signal });
    const images = await copyAttachments({
      images: found.images,
      reader: client,
      destination: { reader: client, pusher },
      extensions: { from: client, to: { ...client, ...pusher } },
      replace: options.replace === true,
      concurrency,
      prepared,
      now: () => new Date(),
      signal,
      onProgress: (done, total) => progress.show(done, { total }),
    });
    progress.end();
    const outcome = conclude(images, found, leftOut.length);
    const summary = { outcome: SUMMARIES[outcome], images, unread: found.unread };
    signal.throwIfAborted();
    printResult(options.output, summary, formatSummary);
    return toExitStatus(outcome);
  } finally {
    progress.end();
    close();
  }
}

/** @param leftOut payloads of the graphs of which nothing was copied */
function conclude(images: readonly CopiedAttachments[], { unread }: FoundImages, leftOut: number): Outcome {
  return allOf([
    ...images.map(({ outcome }) => CONCLUSIONS[outcome]),
    ...unread.map(({ code }) => (DAMAGE.has(code) ? 'rejected' : 'indeterminate')),
    ...(leftOut === 0 ? [] : (['indeterminate'] as const)),
  ]);
}

/** What is absent at the source does not make the mirror incomplete. */
const CONCLUSIONS: Readonly<Record<CopiedAttachments['outcome'], Outcome>> = {
  complete: 'accepted',
  absent: 'accepted',
  unasked: 'accepted',
  conflict: 'rejected',
  invalid: 'rejected',
  failed: 'indeterminate',
};
const SUMMARIES = { accepted: 'complete', rejected: 'incomplete', indeterminate: 'indeterminate' } as const;

/** What reading again does not change. */
const DAMAGE: ReadonlySet<StoreErrorCode> = new Set(['BodyInvalid', 'ContentMismatch', 'LimitExceeded']);

function formatSummary({ images, unread }: Summary): string {
  const notes = unread.map(({ digest, message }) => `what belongs to ${digest} is not known: ${message}`);
  return [...formatCopied(images), ...notes].join('\n');
}

/** The results of copied attachments: a line of counts, then what was changed, left out or failed. */
export function formatCopied(images: readonly CopiedAttachments[]): readonly string[] {
  const put = images.flatMap(({ attachments }) => attachments.map(({ outcome }) => outcome));
  const count = (outcome: string): number => put.filter((one) => one === outcome).length;
  const absent = images.filter(({ outcome }) => outcome === 'absent' || outcome === 'unasked').length;
  return [
    `${countOf(images.length, 'image')}: ${countOf(count('copied'), 'attachment')} copied, ${count('merged')} merged, ${count('replaced')} replaced, ${count('held')} held already, ${absent} without one`,
    ...images.flatMap(formatImage),
  ];
}

function formatImage({ digest, outcome, names, attachments, rejected, failed }: CopiedAttachments): readonly string[] {
  const changed = attachments.filter((one) => one.outcome !== 'copied' && one.outcome !== 'held');
  const lines = [
    ...changed.map(({ location, outcome: put, message }) => `    ${put}  ${location}${explain(message)}`),
    ...rejected.map(
      ({ location, reasons }) => `    left out  ${location}: ${reasons[0]?.message ?? 'it does not verify'}`,
    ),
    ...failed.map(({ location, message }) => `    failed  ${location}: ${message}`),
  ];
  const isQuiet = lines.length === 0 && (outcome === 'complete' || outcome === 'absent' || outcome === 'unasked');
  return isQuiet ? [] : [`  ${outcome}  ${digest}  ${names.join(', ')}`.trimEnd(), ...lines];
}

function explain(message: string | undefined): string {
  return message === undefined ? '' : `: ${message}; --replace puts these signatures in its place`;
}
