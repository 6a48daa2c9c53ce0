import type { Digest } from '../../lib/base/names/digest.ts';
import { parseNamedDigest } from '../../lib/base/names/reference.ts';
import { describeOutside } from '../../lib/mirror/graph/list-releases.ts';
import { createRegistryChildren } from '../../lib/mirror/graph/read-children.ts';
import { readAbsent } from '../../lib/mirror/sync/absent-record.ts';
import { findWanted, type Wanted } from '../../lib/mirror/sync/find-wanted.ts';
import { unlessUnreadable } from '../../lib/mirror/sync/remembered-object.ts';
import { type SyncResult, syncMirror } from '../../lib/mirror/sync/sync-mirror.ts';
import { createBulkDirectoryStore } from '../../lib/platform/objects/directory/bulk-object-store.ts';
import { openObjectStore } from '../../lib/platform/objects/open-object-store.ts';
import type { ObjectStore } from '../../lib/platform/objects/port/object-store.ts';
import { runBounded } from '../../lib/platform/queues/run-bounded.ts';
import type { PreparedTrust } from '../../lib/trust/prepared/prepared-trust.ts';
import { openRegistries } from '../open/registries.ts';
import { openGraphs, requireReleases } from '../open/releases.ts';
import { refuseStoreFolder } from '../open/store-folder.ts';
import { openSyncStores } from '../open/stores.ts';
import { openTrust } from '../open/trust.ts';
import type { OutputOptions, StoreOptions, TrustOptions } from '../shell/options.ts';
import { countOf, formatCount, printResult } from '../shell/output.ts';
import { createProgress, preferMemory } from '../shell/progress.ts';
import { ExitStatus } from '../shell/run-program.ts';

export interface SyncOptions extends TrustOptions, StoreOptions, OutputOptions {
  readonly to: string;
  readonly graph: readonly string[];
  readonly channel: readonly string[];
  readonly arch: readonly string[];
  readonly digest: readonly string[];
  readonly concurrency: number;
  readonly children: boolean;
  readonly askNow?: boolean;
  readonly pullSecret?: string;
}

/** A digest that was asked for, and that no store signs in full. */
interface MissingDigest {
  readonly digest: Digest;
  readonly versions: readonly string[];
  /** `resting`: it was looked up lately, and not now. */
  readonly state: 'absent' | 'incomplete' | 'resting';
  /** Why what is there does not satisfy every keyring. */
  readonly reason?: string;
  /** When it is looked up again without being asked for. */
  readonly nextAt?: string;
}

interface Summary extends Omit<SyncResult, 'unreadable'> {
  readonly profile: string;
  readonly releases: number;
  readonly missing: readonly MissingDigest[];
  readonly outside: readonly {
    readonly digest: string;
    readonly repository: string;
    readonly versions: readonly string[];
  }[];
  readonly childless: readonly { readonly digest: string; readonly message: string }[];
  readonly unreadable: readonly string[];
}

/** Lines of one kind in a text; JSON has all. */
const MAX_SHOWN = 20;
/** Answers about absent digests that are read at a time. */
const CONCURRENCY = 16;

/** @returns the exit status: 3 when something that was asked for is not held */
export async function syncMirrored(options: SyncOptions, signal: AbortSignal): Promise<number> {
  requireReleases(options);
  preferMemory();
  const digests = options.digest.map(parseNamedDigest);
  const trust = await openTrust(options);
  await refuseStoreFolder(options.to);
  const objects = await openObjectStore(options.to, {}, createBulkDirectoryStore);
  const { store, stores, close } = await openSyncStores(options, trust.prepared);
  try {
    const graphs = await openGraphs(options.graph, options, trust.prepared.storeAccess, signal);
    const { wanted, closeRegistries } = await find(options, trust.prepared, { graphs, digests, objects, signal });
    closeRegistries();
    const progress = createProgress('digests');
    const result = await syncMirror({
      objects,
      trust,
      upstream: store,
      stores,
      digests: wanted.digests,
      insisted: new Set(options.askNow === true || options.store.some(isLocal) ? wanted.digests : digests),
      concurrency: options.concurrency,
      now: () => new Date(),
      signal,
      onProgress: ({ done, total, written, indeterminate }) => progress.show(done, { total, written, indeterminate }),
    });
    progress.end();
    const missing = await findMissing(objects, wanted, result);
    const summary = toSummary(trust.prepared.profile, wanted, result, missing);
    signal.throwIfAborted();
    printResult(options.output, summary, (shown) => formatSummary(shown, trust.prepared));
    return isWhole(summary) ? ExitStatus.done : ExitStatus.indeterminate;
  } finally {
    close();
  }
}

/** Whether the mirror holds everything that was asked for, as far as that is known. */
function isWhole({ outcomes, childless, missing, wanted }: Summary): boolean {
  const { indeterminate, failed, skipped } = outcomes;
  return wanted > 0 && indeterminate + failed + skipped + childless.length + missing.length === 0;
}

/** What is not signed by every keyring, with its versions and when it is looked up again. */
async function findMissing(
  objects: ObjectStore,
  { releases }: Wanted,
  { absent, failures, restingDigests }: SyncResult,
): Promise<readonly MissingDigest[]> {
  const versions = new Map(releases.map((release) => [release.digest, release.versions]));
  const states = new Map<Digest, MissingDigest['state']>([
    ...absent.map((digest) => [digest, 'absent'] as const),
    ...failures.flatMap(({ digest, outcome }) => (outcome === 'incomplete' ? [[digest, outcome] as const] : [])),
    ...restingDigests.map((digest) => [digest, 'resting'] as const),
  ]);
  return await runBounded([...states], CONCURRENCY, async ([digest, state]) => {
    const { value: record } = await unlessUnreadable(() => readAbsent(objects, digest));
    const next = record === undefined ? {} : { nextAt: record.nextAt };
    const [reason] = failures.find((failure) => failure.digest === digest)?.reasons ?? [];
    const why = reason === undefined ? {} : { reason: reason.message };
    return { digest, versions: versions.get(digest) ?? [], state, ...why, ...next };
  });
}

/** A local store may be read again every time. */
function isLocal(store: string): boolean {
  return !/^https?:/.test(store);
}

async function find(
  { children, ...access }: SyncOptions,
  trust: PreparedTrust,
  request: Pick<Parameters<typeof findWanted>[0], 'graphs' | 'digests' | 'objects' | 'signal'>,
): Promise<{ readonly wanted: Wanted; readonly closeRegistries: () => void }> {
  const registries = openRegistries(access);
  const reader = children ? createRegistryChildren((repository) => registries.open(trust, repository)) : undefined;
  try {
    const wanted = await findWanted({ ...request, policy: trust, reader });
    return { wanted, closeRegistries: () => registries.close() };
  } catch (error) {
    registries.close();
    throw error;
  }
}

function toSummary(
  profile: string,
  { releases, outside, childless, unreadable }: Wanted,
  result: SyncResult,
  missing: readonly MissingDigest[],
): Summary {
  return {
    profile,
    releases: releases.length,
    ...result,
    missing,
    outside: outside.map(({ digest, repository, versions }) => ({ digest, repository, versions })),
    childless: childless.map(({ release, error }) => ({ digest: release.digest, message: error.message })),
    unreadable: [...unreadable, ...result.unreadable].map(({ message }) => message),
  };
}

function formatSummary(summary: Summary, policy: PreparedTrust): string {
  const { wanted, held, resting, written, outcomes, failures, absent, outside, childless, missing } = summary;
  const { complete, incomplete, indeterminate, failed, skipped } = outcomes;
  return [
    `${countOf(wanted, 'digest')}: ${held} held already, ${complete} completed with ${countOf(written, 'signature')}, ${absent.length} not signed`,
    ...formatCount('not found recently, not looked up again yet', resting),
    ...formatCount('signed, and not by every keyring', incomplete),
    ...formatCount('not verified by this profile', skipped),
    ...formatCount('not looked up, because a store failed; run again', indeterminate),
    ...formatCount('could not be written; run again', failed),
    ...formatMissing(missing),
    ...formatList(
      failures.filter(({ outcome }) => outcome !== 'incomplete'),
      ({ digest, outcome, reasons }) => `${digest}  ${outcome}: ${reasons[0]?.message ?? ''}`,
    ),
    ...formatCount('payloads outside the canonical repository, left out', outside.length),
    ...formatList(outside, ({ repository, versions }) => `${repository}  ${versions.join(', ')}`),
    ...(outside.length === 0 ? [] : [`    ${describeOutside(outside, policy)}`]),
    ...formatCount('lists whose children are not known', childless.length),
    ...formatList(childless, ({ digest, message }) => `${digest}  ${message}`),
    ...formatCount('objects that cannot be read, and have to be removed by hand', summary.unreadable.length),
    ...formatList(summary.unreadable, (message) => message),
  ].join('\n');
}

function formatMissing(missing: readonly MissingDigest[]): readonly string[] {
  if (missing.length === 0) return [];
  return [
    '  not held, because no store has what every keyring needs; looked up again at the time given, or now with --ask-now:',
    ...formatList(missing, ({ digest, versions, state, reason, nextAt }) => {
      const name = versions.length === 0 ? '' : `  ${versions.join(', ')}`;
      return `${digest}${name}  ${reason ?? STATES[state]}${nextAt === undefined ? '' : `, again from ${nextAt}`}`;
    }),
  ];
}

const STATES: Readonly<Record<MissingDigest['state'], string>> = {
  absent: 'not signed',
  incomplete: 'not by every keyring',
  resting: 'not signed when it was looked up last',
};

function formatList<T>(items: readonly T[], format: (item: T) => string): readonly string[] {
  const shown = items.slice(0, MAX_SHOWN).map((item) => `    ${format(item)}`);
  const rest = items.length - shown.length;
  return rest === 0 ? shown : [...shown, `    and ${rest} more (-o json lists them)`];
}
