import { InputError } from '../../lib/errors/input-error.ts';
import type { ImagePolicy } from '../../lib/image-policy/image-policy.ts';
import { parsePolicyJson } from '../../lib/image-policy/parse-policy-json.ts';
import type { RequirementResult } from '../../lib/image-verification/requirement-result.ts';
import { type ImageVerification, verifyImageByPolicy } from '../../lib/images/verify-image-by-policy.ts';
import { MAX_TRUST_FILE_BYTES } from '../../lib/trust/documents/parse-trust-file.ts';
import type { Attempt, Reason } from '../../lib/verification/verdict.ts';
import { toExitStatus } from '../exit-status.ts';
import { type ImageOptions, openImage } from '../open-image.ts';
import type { OutputOptions } from '../options.ts';
import { printResult } from '../output.ts';
import { readInput } from '../read-input.ts';
import { readPolicyKeys } from '../read-policy-keys.ts';

export interface ImageVerifyOptions extends ImageOptions, OutputOptions {
  readonly policy: string;
  readonly root?: string;
}

type Report = Omit<ImageVerification, 'examined'>;

/** @returns the exit status */
export async function verifyImage(text: string, options: ImageVerifyOptions): Promise<number> {
  const policy = await readPolicy(options.policy);
  const { source, close } = await openImage(text, options);
  try {
    const { examined: _, ...report } = await verifyImageByPolicy({
      source,
      policy,
      keys: (key) => readPolicyKeys(key, options.root),
      now: new Date(),
      signal: new AbortController().signal,
    });
    printResult<Report>(options.output, report, formatReport);
    return toExitStatus(report.outcome);
  } finally {
    close();
  }
}

async function readPolicy(file: string): Promise<ImagePolicy> {
  const bytes = await readInput(file, MAX_TRUST_FILE_BYTES);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new InputError('FileUnreadable', `${file}: it is not UTF-8`, { cause });
  }
  return parsePolicyJson(file, text);
}

function formatReport({ outcome, image, digest, scope, requirements, notes }: Report): string {
  const by = scope === 'default' ? 'the policy’s default' : `${scope.transport} ${JSON.stringify(scope.scope)}`;
  const lines = [`${outcome}  ${image}`];
  if (digest !== undefined) lines.push(`  digest    ${digest}`);
  lines.push(`  scope     ${by}`, ...notes.map((note) => `  note      ${note}`));
  lines.push(...requirements.flatMap(formatRequirement));
  return lines.join('\n');
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
