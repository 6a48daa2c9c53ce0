import type { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/reference.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import type { SignatureStore, StoreEntry } from '../../stores/port/signature-store.ts';
import { allOf } from '../../verdict/judge/outcome.ts';
import { lookasideLayout } from './slot-layout.ts';
import {
  type Completeness,
  heldIdentities,
  missingRequirements,
  placeSignature,
  readSlots,
  type Slot,
  type Slots,
  type SlotTarget,
  toCompleteness,
} from './slots.ts';

/** One image in the mirror's lookaside, and the requirements that its signatures are judged by. */
export interface LookasideRequest {
  readonly objects: ObjectStore;
  readonly repository: Repository;
  readonly digest: Digest;
  /** Names of all requirements. Each has to be satisfied. */
  readonly requirements: readonly string[];
  readonly judge: (untrustedBytes: Uint8Array) => Slot;
  /** Signatures are copied from here. Not contacted when the held signatures satisfy every requirement. */
  readonly upstream: SignatureStore;
  readonly signal: AbortSignal;
}

export interface LookasideResult {
  /**
   * `complete`: the signatures that readers see satisfy every requirement. `indeterminate`: a store failed that could have
   * held the missing ones. `incomplete`: neither.
   */
  readonly outcome: Completeness;
  /** Names of the requirements that lack a signature. */
  readonly missing: readonly string[];
  /** Indexes. */
  readonly written: readonly number[];
  /** Distinct signatures that readers see and that satisfy a requirement. */
  readonly held: number;
  /** Signatures that satisfy a requirement and for which there was no slot. */
  readonly refused: number;
  readonly failures: readonly LookasideFailure[];
}

export interface LookasideFailure {
  readonly store: string;
  readonly location: string;
  readonly error: StoreError;
}

/**
 * Copies the signatures of one image into the mirror's lookaside: only those that satisfy a requirement, each once, byte
 * for byte, from 1 without gaps. Nothing is replaced or deleted. Several may mirror the same image at once. Upstream is
 * read until every requirement is satisfied, or to its end.
 *
 * @throws StoreError when the mirror itself fails; the abort reason of the signal
 */
export async function mirrorLookaside(request: LookasideRequest): Promise<LookasideResult> {
  const { digest, repository, upstream, signal } = request;
  const target = toTarget(request);
  // Without a requirement there is nothing to keep, although every one of none is satisfied.
  if (target.requirements.length === 0) return toResult(target, new Map(), [], 0, []);
  let slots = await readSlots(target, signal);
  const written: number[] = [];
  const failures: LookasideFailure[] = [];
  let refused = 0;
  if (missingRequirements(target, slots).length > 0) {
    for await (const entry of upstream.fetchSignatures({ digest, repository, kinds: ['openpgp'] }, signal)) {
      if (entry.kind === 'failed') failures.push(toFailure(entry));
      if (entry.kind !== 'signature') continue;
      const bytes = entry.untrustedBytes;
      const judged = request.judge(bytes);
      if (judged.satisfied.length === 0) continue;
      const placement = await placeSignature(target, slots, bytes, signal, judged);
      slots = placement.slots;
      if (placement.kind === 'written') written.push(placement.index);
      if (placement.kind === 'refused') refused += 1;
      if (missingRequirements(target, slots).length === 0) break;
    }
  }
  return toResult(target, slots, written, refused, failures);
}

function toTarget({ objects, repository, digest, requirements, judge }: LookasideRequest): SlotTarget<Slot> {
  const layout = lookasideLayout({ repository, digest });
  return { objects, layout, requirements, judge, judgeTooLong: () => ({ satisfied: [], identities: [] }) };
}

function toResult(
  target: SlotTarget<Slot>,
  slots: Slots<Slot>,
  written: readonly number[],
  refused: number,
  failures: readonly LookasideFailure[],
): LookasideResult {
  const missing = missingRequirements(target, slots);
  // A store that failed could have held what is missing.
  const lacking = failures.length > 0 ? 'indeterminate' : 'rejected';
  const outcomes = target.requirements.map((name) => (missing.includes(name) ? lacking : 'accepted'));
  const held = heldIdentities(slots).size;
  return { outcome: toCompleteness(allOf(outcomes)), missing, written, held, refused, failures };
}

function toFailure({ store, location, error }: Extract<StoreEntry, { kind: 'failed' }>): LookasideFailure {
  return { store, location, error };
}
