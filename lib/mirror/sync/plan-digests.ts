import { type Digest, isDigest } from '../../base/names/digest.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { runBounded } from '../../platform/queues/run-bounded.ts';
import { ABSENT_PREFIX, type AskedStores, isRecent, readAbsent } from './absent-record.ts';

export interface PlanRequest {
  readonly objects: ObjectStore;
  /** Each once. */
  readonly wanted: readonly Digest[];
  /** Keyrings of the profile. With several, one held signature does not show that all are satisfied. */
  readonly keyrings: number;
  readonly asked: AskedStores;
  /** Digests that are read even if they were absent lately. */
  readonly insisted?: ReadonlySet<Digest> | undefined;
  readonly now: Date;
  readonly signal: AbortSignal;
}

/** The wanted digests by what is left to do. */
export interface MirrorPlan {
  /** The listing shows no signature of these. */
  readonly missing: readonly Digest[];
  /** The listing shows signatures of these. Only the signatures tell whether they suffice. */
  readonly partial: readonly Digest[];
  readonly held: number;
  /** Absent lately, and not read again yet. */
  readonly resting: number;
}

const SIGNATURES = 'signatures/';
const CONCURRENCY = 16;

/**
 * Subtracts the digests that the mirror holds, by listing it, and those that were absent lately. The number of requests
 * does not grow with the wanted digests.
 *
 * @throws StoreError; the abort reason of the signal
 */
export async function planDigests(request: PlanRequest): Promise<MirrorPlan> {
  const { objects, wanted, keyrings, signal } = request;
  const held = await findHeld(objects, new Set(wanted), signal);
  // A signature for one keyring says nothing about another, and readers stop at a gap.
  const isSure = (digest: Digest): boolean => keyrings === 1 && isWhole(held.get(digest) ?? 0);
  const unsure = wanted.filter((digest) => !isSure(digest));
  const resting = await findResting(request, unsure);
  const due = unsure.filter((digest) => !resting.has(digest));
  return {
    missing: due.filter((digest) => !held.has(digest)),
    partial: due.filter((digest) => held.has(digest)),
    held: wanted.length - unsure.length,
    resting: resting.size,
  };
}

/** The taken indexes of each digest, as bits. */
async function findHeld(
  objects: ObjectStore,
  wanted: ReadonlySet<Digest>,
  signal: AbortSignal,
): Promise<ReadonlyMap<Digest, number>> {
  const held = new Map<Digest, number>();
  for await (const { key } of objects.listObjects(SIGNATURES)) {
    signal.throwIfAborted();
    const [folder = '', name = ''] = key.slice(SIGNATURES.length).split('/');
    const digest = folder.replace('=', ':');
    if (!/^signature-[1-9]$/.test(name) || !isDigest(digest) || !wanted.has(digest)) continue;
    held.set(digest, (held.get(digest) ?? 0) | (1 << (Number(name.at(-1)) - 1)));
  }
  return held;
}

/** Whether the taken indexes start at 1 without a gap. */
function isWhole(taken: number): boolean {
  return taken !== 0 && (taken & (taken + 1)) === 0;
}

async function findResting(
  { objects, asked, insisted, now, signal }: PlanRequest,
  digests: readonly Digest[],
): Promise<ReadonlySet<Digest>> {
  const known = new Set<string>();
  for await (const { key } of objects.listObjects(ABSENT_PREFIX)) {
    signal.throwIfAborted();
    known.add(key.slice(ABSENT_PREFIX.length));
  }
  const isKnown = (digest: Digest): boolean => known.has(`${digest.replace(':', '-')}.json`);
  const candidates = digests.filter((digest) => isKnown(digest) && insisted?.has(digest) !== true);
  const isResting = await runBounded(candidates, CONCURRENCY, async (digest) => {
    const record = await readAbsent(objects, digest);
    return record !== undefined && isRecent(record, asked, now);
  });
  return new Set(candidates.filter((_, index) => isResting[index] === true));
}
