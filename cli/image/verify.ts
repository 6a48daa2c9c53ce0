import { decideByPolicy, type ImageDecision } from '../../lib/verdict/decide/decide-by-policy.ts';
import type { RequirementResult } from '../../lib/verdict/judge/judge.ts';
import type { Attempt, ImageResult, Reason } from '../../lib/verdict/judge/verdict.ts';
import type { RegistryImageOptions } from '../open/images.ts';
import { openImage } from '../open/images.ts';
import { readKeyFile, readPolicyKeys } from '../open/keys.ts';
import { readPolicyFile } from '../open/node-policy.ts';
import { type OutputOptions, type PlatformOptions, parsePlatforms } from '../shell/options.ts';
import { printResult } from '../shell/output.ts';
import { toExitStatus } from '../shell/run-program.ts';

export interface ImageVerifyOptions extends RegistryImageOptions, PlatformOptions, OutputOptions {
  readonly policy: string;
  readonly root?: string;
  readonly bundleIdentity: 'refuse' | 'digest';
}

type Report = Omit<ImageDecision, 'examined'>;

/** @returns the exit status */
export async function verifyImage(text: string, options: ImageVerifyOptions, signal: AbortSignal): Promise<number> {
  const policy = await readPolicyFile(options.policy);
  const { source, close } = await openImage(text, options);
  try {
    const { examined: _, ...report } = await decideByPolicy({
      source,
      policy,
      keys: (key) => readPolicyKeys(key, options.root),
      sigstore: {
        readFile: (path) => readKeyFile(path, options.root),
        bundleIdentity: options.bundleIdentity,
      },
      platforms: parsePlatforms(options),
      now: new Date(),
      signal,
    });
    signal.throwIfAborted();
    printResult<Report>(options.output, report, formatReport);
    return toExitStatus(report.outcome);
  } finally {
    close();
  }
}

function formatReport({ outcome, image, digest, scope, requirements, images }: Report): string {
  const by = scope === 'default' ? 'the policy’s default' : `${scope.transport} ${JSON.stringify(scope.scope)}`;
  const lines = [`${outcome}  ${image}`];
  if (digest !== undefined) lines.push(`  digest    ${digest}`);
  lines.push(`  scope     ${by}`, ...images.map(formatImage));
  lines.push(...requirements.flatMap(formatRequirement));
  return lines.join('\n');
}

/** An image of an index that nodes run, or an entry that none of them runs. */
function formatImage({ digest, platforms, outcome }: ImageResult): string {
  const named = platforms.length === 0 ? 'no platform' : platforms.join(', ');
  return `  image     ${outcome ?? 'not judged'}  ${named}  ${digest}`;
}

function formatRequirement(result: RequirementResult): readonly string[] {
  const { outcome, requirement, reasons, warnings, attempts } = result;
  return [
    `  ${outcome}  ${requirement}`,
    ...reasons.flatMap((reason) => formatReason('reason ', reason)),
    ...warnings.flatMap((warning) => formatReason('warning', warning)),
    ...attempts.flatMap(formatAttempt),
  ];
}

function formatReason(label: string, { code, message, remedy }: Reason): readonly string[] {
  const lines = [`    ${label}  ${code}: ${message}`];
  return remedy === undefined ? lines : [...lines, `             → ${remedy}`];
}

function formatAttempt({ code, location, signer, message, note }: Attempt): readonly string[] {
  const by = signer === undefined ? '' : `, signer ${signer}`;
  const lines = [`    tried    ${location}`, `             ${code}: ${message}${by}`];
  return note === undefined ? lines : [...lines, `             note: ${note}`];
}
