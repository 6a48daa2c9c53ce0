import { type BundleProfile, readBundleProfiles } from '../../lib/bundle/bundle-trust.ts';
import { type ImportReport, importBundle } from '../../lib/bundle/import-bundle.ts';
import { openDestination } from '../../lib/bundle/open-destination.ts';
import { InputError } from '../../lib/errors/input-error.ts';
import type { OutputOptions } from '../options.ts';
import { printResult } from '../output.ts';
import { preferMemory } from '../prefer-memory.ts';
import { createProgress } from '../progress.ts';
import { formatFailed, formatFaults, toStatus } from './bundle-inspect.ts';

export interface ImportBundleOptions extends OutputOptions {
  readonly to: string;
  readonly trust?: string;
  readonly profile?: string;
  readonly useBundleTrust?: boolean;
  readonly skipUnverified?: boolean;
}

const WARNING =
  'signet: WARNING: verifying by the trust in the bundle itself (--use-bundle-trust). Whoever made the bundle chose its keys: this proves nothing about who signed.\n';

/** @returns the exit status */
export async function importSignatures(source: string, options: ImportBundleOptions): Promise<number> {
  preferMemory();
  const now = new Date();
  const profiles = await selectTrust(options, now);
  const destination = await openDestination(options.to);
  if (profiles === 'bundle') process.stderr.write(WARNING);
  const progress = createProgress('digests imported');
  try {
    const report = await importBundle({
      source,
      destination,
      profiles,
      skipUnverified: options.skipUnverified === true,
      now,
      signal: new AbortController().signal,
      onProgress: (done, total) => {
        progress.show(done, { total });
      },
    });
    progress.end();
    printResult(options.output, report, formatReport);
    return toStatus(report.outcome);
  } finally {
    progress.end();
  }
}

async function selectTrust(
  { trust, profile, useBundleTrust }: ImportBundleOptions,
  now: Date,
): Promise<readonly BundleProfile[] | 'bundle'> {
  if (useBundleTrust === true) return 'bundle';
  if (trust !== undefined) return await readBundleProfiles(trust, profile, now);
  throw new InputError('ArgumentInvalid', 'say by which trust to verify: --trust, with the documents of this side');
}

function formatReport(report: ImportReport): string {
  const { outcome, source, destination, found, verified, written, held, trust, since = [] } = report;
  const by =
    trust.from === 'bundle'
      ? 'trust in the bundle itself, WHICH PROVES NOTHING about who made it'
      : 'trust of this side';
  const isWritten = outcome === 'imported' || outcome === 'partial';
  return [
    `${outcome}  ${source}`,
    ...(isWritten ? [] : [`  unchanged   ${destination}`]),
    `  verified    ${verified} of ${found} signatures, by ${[by, ...trust.profiles].join(', ')}`,
    ...(isWritten ? [`  written     ${written} to ${destination}; ${held} were there`] : []),
    ...since.map((sha256) => `  since       sha256:${sha256}: import the bundle with this manifest too`),
    ...formatFaults(report.faults),
    ...report.unread.map(({ location, message }) => `  unread      ${location}: ${message}`),
    ...formatFailed(report.failed),
    ...report.unplaced.map(({ code, digest, location }) => `  no place    ${location}  ${digest}  ${code}`),
  ].join('\n');
}
