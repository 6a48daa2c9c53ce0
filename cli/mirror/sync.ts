import { InputError } from '../../lib/base/errors/input-error.ts';
import { parseDigest } from '../../lib/base/names/digest.ts';
import { createRegistryChildren } from '../../lib/mirror/graph/read-children.ts';
import { findWanted, type Wanted } from '../../lib/mirror/sync/find-wanted.ts';
import { type SyncResult, syncMirror } from '../../lib/mirror/sync/sync-mirror.ts';
import { openObjectStore } from '../../lib/platform/objects/open-object-store.ts';
import type { PreparedTrust } from '../../lib/trust/prepared/prepared-trust.ts';
import { openRegistries } from '../open/registries.ts';
import { openGraphs, requireReleases } from '../open/releases.ts';
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
  readonly pullSecret?: string;
}

interface Summary extends SyncResult {
  readonly profile: string;
  readonly releases: number;
  readonly outside: readonly {
    readonly digest: string;
    readonly repository: string;
    readonly versions: readonly string[];
  }[];
  readonly childless: readonly { readonly digest: string; readonly message: string }[];
}

/** Lines of one kind in a text; JSON has all. */
const MAX_SHOWN = 20;

/** @returns the exit status: 3 when a digest is indeterminate, 0 when the rest is merely absent */
export async function syncMirrored(options: SyncOptions, signal: AbortSignal): Promise<number> {
  requireReleases(options);
  preferMemory();
  const digests = options.digest.map(parseDigest);
  const trust = await openTrust(options);
  const objects = await openObjectStore(options.to);
  const { store, stores, close } = await openSyncStores(options, trust.prepared);
  try {
    const graphs = await openGraphs(options.graph, options, trust.prepared.storeAccess, signal);
    if (graphs.length > 0 && graphs.every(({ nodes }) => nodes.length === 0)) {
      // An update service answers a channel that it does not know with no nodes.
      throw new InputError('BodyInvalid', `there is no release in ${graphs.map(({ source }) => source).join(', ')}`);
    }
    const { wanted, closeRegistries } = await find(options, trust.prepared, { graphs, digests, objects, signal });
    closeRegistries();
    const progress = createProgress('digests');
    const result = await syncMirror({
      objects,
      trust,
      upstream: store,
      stores,
      digests: wanted.digests,
      insisted: new Set(options.store.some(isLocal) ? wanted.digests : digests),
      concurrency: options.concurrency,
      now: () => new Date(),
      signal,
      onProgress: ({ done, total, written, indeterminate }) => progress.show(done, { total, written, indeterminate }),
    });
    progress.end();
    const summary = toSummary(trust.prepared.profile, wanted, result);
    signal.throwIfAborted();
    printResult(options.output, summary, formatSummary);
    const isOpen = result.outcomes.indeterminate + result.outcomes.failed + wanted.childless.length > 0;
    return isOpen ? ExitStatus.indeterminate : ExitStatus.done;
  } finally {
    close();
  }
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
    return {
      wanted: await findWanted({ ...request, policy: trust, reader }),
      closeRegistries: () => registries.close(),
    };
  } catch (error) {
    registries.close();
    throw error;
  }
}

function toSummary(profile: string, { releases, outside, childless }: Wanted, result: SyncResult): Summary {
  return {
    profile,
    releases: releases.length,
    ...result,
    outside: outside.map(({ digest, repository, versions }) => ({ digest, repository, versions })),
    childless: childless.map(({ release, error }) => ({ digest: release.digest, message: error.message })),
  };
}

function formatSummary(summary: Summary): string {
  const { wanted, held, resting, written, outcomes, failures, absent, outside, childless } = summary;
  const { complete, incomplete, indeterminate, failed, skipped } = outcomes;
  return [
    `${countOf(wanted, 'digest')}: ${held} held already, ${complete} completed with ${countOf(written, 'signature')}, ${absent.length} not signed`,
    ...formatCount('not found recently, not looked up again yet', resting),
    ...formatCount('signed, and not by every keyring', incomplete),
    ...formatCount('not verified by this profile', skipped),
    ...formatCount('not looked up, because a store failed; run again', indeterminate),
    ...formatCount('could not be written; run again', failed),
    ...formatList(failures, ({ digest, outcome, reasons }) => `${digest}  ${outcome}: ${reasons[0]?.message ?? ''}`),
    ...formatCount('payloads outside the canonical repository, left out', outside.length),
    ...formatList(outside, ({ repository, versions }) => `${repository}  ${versions.join(', ')}`),
    ...formatCount('lists whose children are not known', childless.length),
    ...formatList(childless, ({ digest, message }) => `${digest}  ${message}`),
  ].join('\n');
}

function formatList<T>(items: readonly T[], format: (item: T) => string): readonly string[] {
  const shown = items.slice(0, MAX_SHOWN).map((item) => `    ${format(item)}`);
  const rest = items.length - shown.length;
  return rest === 0 ? shown : [...shown, `    and ${rest} more (-o json lists them)`];
}
