import { InputError } from '../../lib/base/errors/input-error.ts';
import { type BundleProfile, readBundleProfiles } from '../../lib/bundle/format/bundle-trust.ts';
import { openDestination } from '../../lib/bundle/import/destination.ts';
import { type AttachmentImport, importAttachments } from '../../lib/bundle/import/import-attachments.ts';
import { type ImportReport, importBundle } from '../../lib/bundle/import/import-bundle.ts';
import { withCarriedBundle } from '../../lib/bundle/import/read-carried.ts';
import type { PreparedTrust } from '../../lib/trust/prepared/prepared-trust.ts';
import { formatCopied } from '../mirror/sigstore.ts';
import { type MirrorRegistryOptions, openMirrorRegistry, parseRegistryRepository } from '../open/registries.ts';
import type { OutputOptions } from '../shell/options.ts';
import { printResult } from '../shell/output.ts';
import { createProgress, preferMemory } from '../shell/progress.ts';
import { ExitStatus } from '../shell/run-program.ts';
import { formatFailed, formatFaults, printFaulty, toStatus } from './inspect.ts';

export interface ImportBundleOptions extends OutputOptions, RegistryImportOptions {
  readonly to?: string;
  readonly toRegistry?: string;
  readonly trust?: string;
  readonly profile?: string;
  readonly useBundleTrust?: boolean;
  readonly skipUnverified?: boolean;
}

const WARNING =
  'signet: WARNING: verifying by the trust in the bundle itself (--use-bundle-trust). Whoever made the bundle chose its keys: this proves nothing about who signed.\n';

/** @returns the exit status: the worse one of both destinations */
export async function importSignatures(
  source: string,
  options: ImportBundleOptions,
  signal: AbortSignal,
): Promise<number> {
  return await withCarriedBundle(source, signal, async (opened) => {
    if (opened.kind === 'source') return await importOpened(source, opened.location, options, signal);
    return printFaulty(source, opened, options.output);
  });
}

/** @param shown what the user named @param source where the bundle is: another file for one in an archive to carry in */
async function importOpened(
  shown: string,
  source: string,
  options: ImportBundleOptions,
  signal: AbortSignal,
): Promise<number> {
  const { to, toRegistry, useBundleTrust } = options;
  if (to === undefined && toRegistry === undefined) {
    throw new InputError('ArgumentInvalid', 'name the destination with --to, --to-registry or both');
  }
  if (toRegistry !== undefined && useBundleTrust === true) {
    throw new InputError(
      'ArgumentInvalid',
      '--to-registry verifies by --trust: whoever made the bundle chose its keys',
    );
  }
  preferMemory();
  const now = new Date();
  const profiles = await selectTrust(options, now);
  if (profiles === 'bundle') process.stderr.write(WARNING);
  const report = to === undefined ? undefined : await importTo(source, to, profiles, options, { now, signal });
  // What the first destination refuses is not pushed to the second.
  const isGood = report === undefined || toStatus(report.outcome) === ExitStatus.done;
  const isPushed = toRegistry !== undefined && profiles !== 'bundle' && isGood;
  const sigstore = isPushed
    ? await importSigstore(
        source,
        toRegistry,
        profiles.map(({ trust }) => trust.prepared),
        options,
        signal,
      )
    : undefined;
  signal.throwIfAborted();
  printResult(options.output, toResult(shown, report, sigstore), formatResult);
  const outcomes = [report?.outcome, sigstore?.outcome].filter((outcome) => outcome !== undefined);
  return Math.max(...outcomes.map(toStatus));
}

async function importTo(
  source: string,
  to: string,
  profiles: readonly BundleProfile[] | 'bundle',
  options: ImportBundleOptions,
  { now, signal }: { readonly now: Date; readonly signal: AbortSignal },
): Promise<ImportReport> {
  const destination = await openDestination(to);
  const progress = createProgress('digests imported');
  try {
    return await importBundle({
      source,
      destination,
      profiles,
      skipUnverified: options.skipUnverified === true,
      now,
      signal,
      onProgress: (done, total) => {
        progress.show(done, { total });
      },
    });
  } finally {
    progress.end();
  }
}

interface ImportResult extends Partial<ImportReport> {
  readonly source: string;
  readonly sigstore?: AttachmentImport;
}

function toResult(
  source: string,
  report: ImportReport | undefined,
  sigstore: AttachmentImport | undefined,
): ImportResult {
  return { ...report, source, ...(sigstore === undefined ? {} : { sigstore }) };
}

function formatResult({ sigstore, ...report }: ImportResult): string {
  return [
    ...(isReport(report) ? [formatReport(report)] : [`${sigstore?.outcome ?? ''}  ${report.source}`]),
    ...(sigstore === undefined ? [] : [...formatSigstore(sigstore), ...formatFaults(sigstore.faults)]),
  ].join('\n');
}

function isReport(report: Omit<ImportResult, 'sigstore'>): report is ImportReport {
  return report.destination !== undefined;
}

async function selectTrust(
  { trust, profile, useBundleTrust }: ImportBundleOptions,
  now: Date,
): Promise<readonly BundleProfile[] | 'bundle'> {
  if (useBundleTrust === true) return 'bundle';
  if (trust !== undefined) return await readBundleProfiles(trust, profile, now);
  throw new InputError('ArgumentInvalid', 'name the trust documents of this site with --trust');
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
    // A message about a document begins with its place.
    ...report.unread.map(({ location, message }) => {
      return `  unread      ${message.startsWith(location) ? '' : `${location}: `}${message}`;
    }),
    ...formatFailed(report.failed),
    ...report.unplaced.map(({ code, digest, location }) => `  no place    ${location}  ${digest}  ${code}`),
  ].join('\n');
}

interface RegistryImportOptions extends MirrorRegistryOptions {
  readonly componentsTo?: string;
  readonly replace?: boolean;
}

const CONCURRENCY = 16;

/** Pushes the Sigstore signatures of a bundle to the repository. @throws InputError, ConfigurationError, StoreError */
async function importSigstore(
  source: string,
  toRegistry: string,
  profiles: readonly PreparedTrust[],
  options: RegistryImportOptions,
  signal: AbortSignal,
): Promise<AttachmentImport> {
  const to = parseRegistryRepository(toRegistry);
  const componentsTo = options.componentsTo === undefined ? to : parseRegistryRepository(options.componentsTo);
  const { client: reader, pusher, close } = await openMirrorRegistry([to, componentsTo], options);
  const progress = createProgress('images');
  try {
    return await importAttachments({
      source,
      profiles,
      destination: { reader, pusher },
      to,
      componentsTo,
      replace: options.replace === true,
      concurrency: CONCURRENCY,
      now: () => new Date(),
      signal,
      onProgress: (done, total) => progress.show(done, { total }),
    });
  } finally {
    progress.end();
    close();
  }
}

function formatSigstore({ outcome, images }: AttachmentImport): readonly string[] {
  const [all = '', ...rest] = formatCopied(images);
  return [`  sigstore    ${outcome}: ${all}`, ...rest.map((line) => `  ${line}`)];
}
