import { StoreError } from '../../lib/base/errors/store-error.ts';
import { type Digest, parseDigest } from '../../lib/base/names/digest.ts';
import { readSignedReleases, type SignedReleases } from '../../lib/cluster/render/read-signed-releases.ts';
import { parseMinor, type ReleaseVersion, toMinor, toVersionLookup } from '../../lib/cluster/render/release-version.ts';
import { RELEASE_NAMESPACE, type SignedRelease } from '../../lib/cluster/render/signature-config-maps.ts';
import { openSlotObjects } from '../../lib/cluster/sync/slot-objects.ts';
import { type SlotResult, syncSignatures } from '../../lib/cluster/sync/sync-signatures.ts';
import { toShownPlace } from '../../lib/platform/http/http-url.ts';
import { listOperatorWarnings } from '../../lib/trust/prepared/prepared-trust.ts';
import type { ReadyTrust } from '../../lib/trust/source/trust-source.ts';
import { type ClusterOptions, openCluster } from '../open/cluster-api.ts';
import { readGraphVersions } from '../open/releases.ts';
import { openSignatureMirror } from '../open/signature-mirror.ts';
import { openTrust } from '../open/trust.ts';
import type { OutputOptions, StoreOptions, TrustOptions } from '../shell/options.ts';
import { countOf, printResult, toPrintable } from '../shell/output.ts';
import { ExitStatus } from '../shell/run-program.ts';

export interface SyncClusterOptions
  extends TrustOptions, OutputOptions, ClusterOptions, Pick<StoreOptions, 'allowPrivateStores' | 'tlsCa'> {
  readonly from: string;
  readonly digest: readonly string[];
  readonly graph: readonly string[];
  readonly minor: readonly string[];
  readonly dryRun?: boolean;
  readonly forceConflicts?: boolean;
}

interface Summary {
  readonly cluster: string;
  readonly namespace: string;
  readonly profile: string;
  readonly trustRevision: string;
  readonly dryRun: boolean;
  /** Releases that verify, and their signatures. */
  readonly releases: number;
  readonly signatures: number;
  readonly leftOut: readonly { readonly location: string; readonly code: string; readonly message: string }[];
  /** Asked for, and not signed by a key of the profile. */
  readonly missing: readonly string[];
  readonly configMaps: readonly SlotResult[];
}

/** Lines of one kind in a text; JSON has all. */
const MAX_SHOWN = 10;

/** @returns the exit status: 3 when nothing verifies, or the mirror or the cluster did not answer; nothing is removed */
export async function syncCluster(options: SyncClusterOptions, signal: AbortSignal): Promise<number> {
  const digests = options.digest.map(parseDigest);
  const minors = options.minor.map(parseMinor);
  const trust = await openTrust(options);
  for (const warning of listOperatorWarnings(trust.prepared)) warn(warning);
  const { storeAccess } = trust.prepared;
  const versions = await readGraphVersions(options.graph, options, storeAccess, signal);
  const read = await readMirror(options, { trust, digests, versions, signal });
  signal.throwIfAborted();
  const releases = read.releases.filter(({ version }) => minors.length === 0 || minors.includes(minorOf(version)));
  warnLeftOut(read);
  if (releases.length === 0) {
    warn(
      `nothing is applied and nothing is removed: no signature in ${toShownPlace(options.from)} is of what was asked for and verifies`,
    );
    return ExitStatus.indeterminate;
  }
  const api = await openCluster(options);
  try {
    const [isDryRun, isForced] = [options.dryRun === true, options.forceConflicts === true];
    const configMaps = await syncSignatures(releases, openSlotObjects(api, { signal, isDryRun, isForced }));
    signal.throwIfAborted();
    const summary: Summary = {
      cluster: api.description,
      namespace: RELEASE_NAMESPACE,
      profile: trust.prepared.profile,
      trustRevision: trust.prepared.revision,
      dryRun: isDryRun,
      releases: releases.length,
      signatures: releases.reduce((sum, { signatures }) => sum + signatures.length, 0),
      leftOut: read.leftOut.map(({ location, attempts }) => {
        const [{ code, message } = { code: 'SignatureMalformed', message: '' }] = attempts;
        return { location, code, message };
      }),
      missing: listMissing(digests, minors, releases),
      configMaps,
    };
    printResult(options.output, summary, formatSummary);
    return toStatus(summary);
  } finally {
    api.close();
  }
}

interface Asked {
  readonly trust: ReadyTrust;
  readonly digests: readonly Digest[];
  readonly versions: readonly ReleaseVersion[];
  readonly signal: AbortSignal;
}

async function readMirror(
  options: SyncClusterOptions,
  { trust, digests, versions, signal }: Asked,
): Promise<SignedReleases> {
  const { from, profile, allowPrivateStores, tlsCa } = options;
  const objects = await openSignatureMirror({
    from,
    profile,
    ...(allowPrivateStores === undefined ? {} : { allowPrivateStores }),
    ...(tlsCa === undefined ? {} : { tlsCa }),
    digests: digests.length > 0 ? digests : versions.map(({ digest }) => digest),
    storeAccess: trust.prepared.storeAccess,
    signal,
  });
  return await readSignedReleases({
    objects,
    trust,
    now: new Date(),
    signal,
    digests: digests.length === 0 ? undefined : digests,
    versionOf: toVersionLookup(versions),
  }).catch((cause: unknown) => {
    if (!(cause instanceof StoreError)) throw cause;
    throw new StoreError(cause.code, `--from ${toShownPlace(from)}: ${cause.message}`, { cause });
  });
}

function listMissing(
  digests: readonly Digest[],
  minors: readonly string[],
  releases: readonly SignedRelease[],
): readonly string[] {
  return [
    ...digests.filter((digest) => !releases.some((release) => release.digest === digest)),
    ...minors.filter((minor) => !releases.some(({ version }) => minorOf(version) === minor)),
  ];
}

/** A conflict is for a person to settle; what failed may be tried again. */
function toStatus({ configMaps, missing }: Summary): number {
  if (configMaps.some(({ outcome }) => outcome === 'failed')) return ExitStatus.indeterminate;
  const isRefused = configMaps.some(({ outcome }) => outcome === 'conflict');
  return isRefused || missing.length > 0 ? ExitStatus.rejected : ExitStatus.done;
}

function formatSummary({
  cluster,
  namespace,
  profile,
  dryRun,
  releases,
  signatures,
  missing,
  configMaps,
}: Summary): string {
  const what = `${countOf(signatures, 'signature')} of ${countOf(releases, 'release')} verified by profile ${profile}`;
  return [
    `${cluster} ${namespace}${dryRun ? ' (dry run)' : ''}: ${what}`,
    ...configMaps.flatMap(formatSlot),
    ...missing.map((name) => `  missing    ${name}: no signature that verifies`),
  ].join('\n');
}

function formatSlot({ name, outcome, added, removed, replaced, message }: SlotResult): readonly string[] {
  return [
    `  ${outcome.padEnd(9)}  ${name}${message === undefined ? '' : `: ${message}`}`,
    ...formatKeys('+', added),
    ...formatKeys('-', removed),
    ...formatKeys('~', replaced),
  ];
}

function formatKeys(sign: string, keys: readonly string[]): readonly string[] {
  const shown = keys.slice(0, MAX_SHOWN).map((key) => `    ${sign} ${key}`);
  const rest = keys.length - shown.length;
  return rest === 0 ? shown : [...shown, `    ${sign} and ${rest} more (-o json lists them)`];
}

function warnLeftOut({ leftOut, unsatisfied }: SignedReleases): void {
  for (const { location, attempts } of leftOut.slice(0, MAX_SHOWN)) {
    const [first] = attempts;
    warn(`left out ${location}: ${first?.code ?? 'unknown'}: ${first?.message ?? ''}`);
  }
  if (leftOut.length > MAX_SHOWN) warn(`left out ${leftOut.length - MAX_SHOWN} more`);
  for (const { digest, keyrings } of unsatisfied.slice(0, MAX_SHOWN)) {
    warn(`${digest} has no signature of ${keyrings.join(', ')}: this profile does not accept it`);
  }
  if (unsatisfied.length > MAX_SHOWN) warn(`${unsatisfied.length - MAX_SHOWN} more lack a keyring’s signature`);
}

function minorOf(version: string | undefined): string {
  return (version === undefined ? undefined : toMinor(version)) ?? '';
}

function warn(text: string): void {
  process.stderr.write(`signet: ${toPrintable(text)}\n`);
}
