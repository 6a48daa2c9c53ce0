import type { StoreError } from '../../base/errors/store-error.ts';
import type { SignatureStore, StoreEntry } from '../../stores/port/signature-store.ts';
import { placeInLookaside } from './lookaside-placement.ts';
import {
  type LookasideSlots,
  type LookasideTarget,
  missingRequirements,
  readLookasideSlots,
  usefulSlots,
} from './lookaside-slots.ts';

export interface LookasideRequest extends LookasideTarget {
  /** Where signatures are copied from; not touched when what is held satisfies every requirement. */
  readonly upstream: SignatureStore;
  readonly signal: AbortSignal;
}

export interface LookasideResult {
  /** Every requirement is satisfied by what readers see; or not; or a store failed that could have held the rest. */
  readonly outcome: 'complete' | 'incomplete' | 'indeterminate';
  /** Names of the requirements that lack a signature. */
  readonly missing: readonly string[];
  /** Indexes. */
  readonly written: readonly number[];
  /** Distinct signatures that readers see and that satisfy a requirement. */
  readonly held: number;
  /** Signatures that satisfy a requirement and for which there was no place. */
  readonly refused: number;
  readonly failures: readonly LookasideFailure[];
}

export interface LookasideFailure {
  readonly store: string;
  readonly location: string;
  readonly error: StoreError;
}

/**
 * Copies the signatures of one image into `lookaside/<host>/<repository>@<algo>=<hex>/signature-<n>`: only those that
 * satisfy a requirement, each once, in its own bytes, from 1 without gaps. Nothing is ever replaced or deleted; many may
 * mirror the same image at once. Upstream is read until every requirement is satisfied, or to its end.
 *
 * @throws StoreError when the mirror itself fails; the abort reason of the signal
 */
export async function mirrorLookaside(request: LookasideRequest): Promise<LookasideResult> {
  const { digest, repository, upstream, signal } = request;
  // Nothing required is nothing to keep: with no requirement at all every one of them would be satisfied.
  if (request.requirements.length === 0) return toResult(request, new Map(), [], 0, []);
  let slots = await readLookasideSlots(request, signal);
  const written: number[] = [];
  const failures: LookasideFailure[] = [];
  let refused = 0;
  if (missingRequirements(request, slots).length > 0) {
    for await (const entry of upstream.fetchSignatures({ digest, repository, kinds: ['openpgp'] }, signal)) {
      if (entry.kind === 'failed') failures.push(toFailure(entry));
      if (entry.kind !== 'signature') continue;
      const bytes = entry.untrustedBytes;
      const judged = request.judge(bytes);
      if (judged.satisfied.length === 0) continue;
      const placement = await placeInLookaside(request, slots, { bytes, judged }, signal);
      slots = placement.slots;
      if (placement.kind === 'written') written.push(placement.index);
      if (placement.kind === 'refused') refused += 1;
      if (missingRequirements(request, slots).length === 0) break;
    }
  }
  return toResult(request, slots, written, refused, failures);
}

function toResult(
  request: LookasideRequest,
  slots: LookasideSlots,
  written: readonly number[],
  refused: number,
  failures: readonly LookasideFailure[],
): LookasideResult {
  const missing = missingRequirements(request, slots);
  const isComplete = request.requirements.length > 0 && missing.length === 0;
  const held = new Set(usefulSlots(slots).map(({ identity }) => identity)).size;
  const incomplete = failures.length > 0 ? 'indeterminate' : 'incomplete';
  return { outcome: isComplete ? 'complete' : incomplete, missing, written, held, refused, failures };
}

function toFailure({ store, location, error }: Extract<StoreEntry, { kind: 'failed' }>): LookasideFailure {
  return { store, location, error };
}
