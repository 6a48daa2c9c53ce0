import { type Digest, toStoreSegment } from '../../base/names/digest.ts';
import { placeSignature, type RefusalCode } from '../../mirror/slots/place-signature.ts';
import { type ReleaseSlot, toReleaseSlots } from '../../mirror/slots/release-slots.ts';
import { readSlots, type Slots } from '../../mirror/slots/slots.ts';
import { compareKeys } from '../../platform/objects/port/object-key.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { runBounded } from '../../platform/queues/run-bounded.ts';
import type { ReadyTrust } from '../../trust/source/trust-source.ts';
import type { Candidate } from '../format/read-bundle.ts';

/** A candidate that these profiles verify. */
export interface VerifiedCandidate {
  readonly candidate: Candidate;
  readonly profiles: readonly string[];
}

export interface PlacedCandidates {
  readonly written: number;
  /** The destination had them already. */
  readonly held: number;
  /** They verify, and there was no place for them. */
  readonly unplaced: readonly { readonly digest: Digest; readonly location: string; readonly code: RefusalCode }[];
}

interface Placing {
  readonly objects: ObjectStore;
  readonly trusts: readonly ReadyTrust[];
  readonly now: Date;
  readonly signal: AbortSignal;
  readonly onDigest: (done: number) => void;
}

/** Digests that are written at once. */
const CONCURRENCY = 16;
const PREFIX = 'signatures/';

/**
 * Adds verified signatures to what a store holds: each once, from 1 without gaps, as the mirror does. Which digests are
 * held is asked by one listing.
 *
 * @throws StoreError; the abort reason of the signal
 */
export async function placeCandidates(
  candidates: readonly VerifiedCandidate[],
  placing: Placing,
): Promise<PlacedCandidates> {
  const heldFolders = await listFolders(placing);
  const groups = [...Map.groupBy(candidates, ({ candidate }) => candidate.digest)];
  const placed: PlacedCandidates[] = [];
  const failures: unknown[] = [];
  await runBounded(groups, CONCURRENCY, async ([digest, group]) => {
    // After a failure nothing new is started, and what was started is awaited: the caller may have to undo it.
    if (failures.length > 0) return;
    try {
      placed.push(await placeDigest(placing, digest, group, heldFolders.has(toStoreSegment(digest))));
      placing.onDigest(placed.length);
    } catch (error) {
      failures.push(error);
    }
  });
  if (failures.length > 0) throw failures[0];
  return {
    written: placed.reduce((sum, { written }) => sum + written, 0),
    held: placed.reduce((sum, { held }) => sum + held, 0),
    unplaced: placed
      .flatMap(({ unplaced }) => unplaced)
      .toSorted((left, right) => compareKeys(left.location, right.location)),
  };
}

async function listFolders({ objects, signal }: Placing): Promise<ReadonlySet<string>> {
  const folders = new Set<string>();
  for await (const { key } of objects.listObjects(PREFIX)) {
    signal.throwIfAborted();
    folders.add(key.slice(PREFIX.length).split('/', 1)[0] ?? '');
  }
  return folders;
}

async function placeDigest(
  { objects, trusts, now, signal }: Placing,
  digest: Digest,
  group: readonly VerifiedCandidate[],
  wasHeld: boolean,
): Promise<PlacedCandidates> {
  const outcomes = new Map<Candidate, 'written' | 'held' | RefusalCode>();
  let isEmpty = !wasHeld;
  for (const trust of trusts) {
    const own = group.filter(({ profiles }) => profiles.includes(trust.prepared.profile));
    if (own.length === 0) continue;
    const target = toReleaseSlots({ objects, digest, trust, now });
    // One profile's places are read again for the next: each knows only what it verifies itself.
    let slots: Slots<ReleaseSlot> = isEmpty ? new Map() : await readSlots(target, signal);
    isEmpty = false;
    for (const { candidate } of own) {
      const placement = await placeSignature(target, slots, candidate.untrustedBytes, signal);
      slots = placement.slots;
      const before = outcomes.get(candidate);
      if (before === 'written' || before === 'held') continue;
      outcomes.set(candidate, placement.kind === 'refused' ? placement.code : placement.kind);
    }
  }
  const count = (wanted: string): number => [...outcomes.values()].filter((outcome) => outcome === wanted).length;
  const unplaced = [...outcomes].flatMap(([{ location }, code]) =>
    code === 'written' || code === 'held' ? [] : [{ digest, location, code }],
  );
  return { written: count('written'), held: count('held'), unplaced };
}
