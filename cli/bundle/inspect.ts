import { InputError } from '../../lib/base/errors/input-error.ts';
import type { BundleFault } from '../../lib/bundle/format/bundle-error.ts';
import { readBundleProfiles } from '../../lib/bundle/format/bundle-trust.ts';
import { type Inspection, inspectBundle } from '../../lib/bundle/import/inspect-bundle.ts';
import type { FailedSignature } from '../../lib/bundle/import/place-candidates.ts';
import { type OpenedSource, withCarriedBundle } from '../../lib/bundle/import/read-carried.ts';
import type { OutputFormat, OutputOptions } from '../shell/options.ts';
import { countOf, printResult } from '../shell/output.ts';
import { ExitStatus } from '../shell/run-program.ts';

export interface InspectBundleOptions extends OutputOptions {
  readonly trust?: string;
  readonly profile?: string;
}

/** @returns the exit status */
export async function inspect(
  file: string,
  { trust, profile, output }: InspectBundleOptions,
  signal: AbortSignal,
): Promise<number> {
  if (trust === undefined && profile !== undefined) {
    throw new InputError('ArgumentInvalid', '--profile needs --trust');
  }
  const now = new Date();
  const profiles = trust === undefined ? undefined : await readBundleProfiles(trust, profile, now);
  return await withCarriedBundle(file, signal, async (opened) => {
    if (opened.kind === 'faulty') return printFaulty(file, opened, output);
    const inspection = await inspectBundle({ file: opened.location, profiles, now, signal });
    signal.throwIfAborted();
    printResult(output, { ...inspection, file }, formatInspection);
    return toStatus(inspection.outcome);
  });
}

type FaultySource = Extract<OpenedSource, { readonly kind: 'faulty' }>;

/** An archive to carry in of which nothing is used. @returns the exit status */
export function printFaulty(source: string, { outcome, faults }: FaultySource, output: OutputFormat): number {
  printResult(output, { source, outcome, faults }, (shown) =>
    [`${shown.outcome}  ${shown.source}`, ...formatFaults(shown.faults)].join('\n'),
  );
  return toStatus(outcome);
}

/** The exit status for what was read of a bundle: 0, 1 when it is forged, 2 when it cannot be read. */
export function toStatus(outcome: 'intact' | 'imported' | 'partial' | 'refused' | 'unreadable'): number {
  switch (outcome) {
    case 'intact':
    case 'imported':
      return ExitStatus.done;
    case 'unreadable':
      return ExitStatus.usage;
    case 'partial':
    case 'refused':
      return ExitStatus.rejected;
    default:
      return outcome satisfies never;
  }
}

export function formatFaults(faults: readonly BundleFault[]): readonly string[] {
  return faults.map(({ code, path, message }) => `  fault       ${code}  ${path ?? 'the archive'}: ${message}`);
}

export function formatFailed(failed: readonly FailedSignature[]): readonly string[] {
  return failed.flatMap(({ location, digest, reasons }) => [
    `  failed      ${location}  ${digest}`,
    ...reasons.map(
      ({ profile, keyring, code, message, note }) =>
        `    ${code}  ${keyring === undefined ? profile : `${profile}, ${keyring}`}: ${message}${note === undefined ? '' : `; ${note}`}`,
    ),
  ]);
}

function formatInspection({
  file,
  outcome,
  manifestSha256,
  manifest,
  intact,
  faults,
  verification,
}: Inspection): string {
  const lines = [`${outcome}  ${file}`];
  if (manifest !== undefined && manifestSha256 !== undefined) {
    lines.push(`  created by  ${manifest.createdBy}`, `  manifest    sha256:${manifestSha256}`);
    for (const { profile, revision } of manifest.trustRevisions) lines.push(`  trust       ${profile} ${revision}`);
    for (const earlier of manifest.since ?? []) lines.push(`  since       sha256:${earlier}`);
  }
  const { signatures, configMaps, trustDocuments, sigstoreFiles } = intact;
  const layout = sigstoreFiles === undefined ? '' : `, ${countOf(sigstoreFiles, 'file')} of Sigstore signatures`;
  lines.push(
    `  intact      ${countOf(signatures, 'signature')}, ${countOf(configMaps, 'ConfigMap')}, ${countOf(trustDocuments, 'trust document')}${layout}`,
    verification === undefined
      ? '  verified    nothing: name the trust documents of this site with --trust'
      : `  verified    ${verification.verified} signatures, those in ConfigMaps included`,
    ...formatFaults(faults),
    ...formatFailed(verification?.failed ?? []),
  );
  for (const { digest, signatures: count } of manifest?.digests ?? []) lines.push(`  holds       ${digest}  ${count}`);
  return lines.join('\n');
}
