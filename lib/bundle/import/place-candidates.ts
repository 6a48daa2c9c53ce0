import { type Digest, toStoreSegment } from '../../base/names/digest.ts';
import { type ReleaseSlot, toReleaseSlot, toReleaseSlots } from '../../mirror/slots/release-slots.ts';
import { placeSignature, type RefusalCode, readSlots, type Slots } from '../../mirror/slots/slots.ts';
import { compareKeys, type ObjectStore } from '../../platform/objects/port/object-store.ts';
import { runBounded } from '../../platform/queues/run-bounded.ts';
import type { ReadyTrust } from '../../trust/source/trust-source.ts';
import { evaluateSignature } from '../../verdict/judge/keyring-requirement.ts';
import type { Attempt } from '../../verdict/judge/verdict.ts';
import type { Candidate } from '../format/read-bundle.ts';

/** A candidate that these profiles verify, each with what its keyrings made of it. */
export interface VerifiedCandidate {
  readonly candidate: Candidate;
  readonly judged: ReadonlyMap<string, ReleaseSlot>;
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
    const own = group.flatMap(({ candidate, judged }) => {
      const slot = judged.get(trust.prepared.profile);
      return slot === undefined ? [] : [{ candidate, slot }];
    });
    if (own.length === 0) continue;
    const target = toReleaseSlots({ objects, digest, trust, now });
    // One profile's places are read again for the next: each knows only what it verifies itself.
    let slots: Slots<ReleaseSlot> = isEmpty ? new Map() : await readSlots(target, signal);
    isEmpty = false;
    for (const { candidate, slot } of own) {
      const placement = await placeSignature(target, slots, candidate.untrustedBytes, signal, slot);
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

/** Why a signature does not verify, by profile and keyring. */
export interface FailedSignature {
  readonly location: string;
  readonly digest: Digest;
  readonly reasons: readonly {
    readonly profile: string;
    readonly keyring?: string;
    readonly code: Attempt['code'];
    readonly message: string;
    /** Given for a fault of Signet's own. */
    readonly note?: string;
  }[];
}

type Judgement =
  | { readonly kind: 'verified'; readonly judged: VerifiedCandidate['judged'] }
  | { readonly kind: 'failed'; readonly failure: FailedSignature };

/**
 * Verifies a candidate by the profiles: one that verifies it is enough, and none may be missing. The digest that its
 * place named has to be the one that was signed, and clusters have to be able to read it.
 */
export function judgeCandidate(candidate: Candidate, trusts: readonly ReadyTrust[], now: Date): Judgement {
  const { digest, location, untrustedBytes } = candidate;
  const seconds = Math.floor(now.getTime() / 1000);
  const judged = new Map<string, ReleaseSlot>();
  const reasons: FailedSignature['reasons'][number][] = [];
  for (const trust of trusts) {
    const { profile } = trust.prepared;
    const signature = { store: location, location, untrustedBytes };
    const { attempts, verified } = evaluateSignature(signature, digest, trust, seconds);
    const readable = verified.filter(({ isReadableByClusters }) => isReadableByClusters);
    if (readable.length > 0) {
      judged.set(profile, toReleaseSlot({ attempts: [], verified: readable }));
    } else if (verified.length > 0) {
      const message = 'it verifies, in a framing that clusters cannot read';
      reasons.push({ profile, code: 'SignatureUnsupported', message });
    } else {
      reasons.push(...attempts.map((attempt) => toReason(profile, attempt)));
    }
  }
  if (judged.size > 0) return { kind: 'verified', judged };
  return { kind: 'failed', failure: { location, digest, reasons } };
}

function toReason(profile: string, { keyring, code, message, note }: Attempt): FailedSignature['reasons'][number] {
  const rest = note === undefined ? { code, message } : { code, message, note };
  return { profile, ...(keyring === undefined ? {} : { keyring }), ...rest };
}
