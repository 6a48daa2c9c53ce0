import { StoreError } from '../../base/errors/store-error.ts';
import { type Digest, toStoreSegment } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/repository.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { MAX_LOOKASIDE_SIGNATURES, MAX_SIGNATURE_BYTES } from '../../stores/port/signature-store.ts';

/** Places of one image in the mirror's lookaside: one less than readers ask for, who fail when they find no end. */
export const MAX_LOOKASIDE_PLACES = MAX_LOOKASIDE_SIGNATURES - 1;

/** One image's place in the mirror's lookaside, and what its signatures are judged by. */
export interface LookasideTarget {
  readonly objects: ObjectStore;
  readonly repository: Repository;
  readonly digest: Digest;
  /** Names of all requirements; each has to be satisfied. */
  readonly requirements: readonly string[];
  readonly judge: (untrustedBytes: Uint8Array) => JudgedSignature;
}

/** What the requirements make of one signature. */
export interface JudgedSignature {
  /** Names of those that it satisfies; none for a signature that has no business in the mirror. */
  readonly satisfied: readonly string[];
  /** The same for the same signature in whatever framing; asked for only where a requirement is satisfied. */
  readonly identity: string;
}

/** The taken places by index; what is held is not trusted either. */
export type LookasideSlots = ReadonlyMap<number, JudgedSignature>;

/** The key of a mirrored signature: what `parseSignaturePath` makes of its path under `/lookaside/`. */
export function lookasideKey(target: Pick<LookasideTarget, 'repository' | 'digest'>, index: number): string {
  return `${lookasidePrefix(target)}${index}`;
}

/** Reads every taken place by a listing, since a walk would end at a gap. @throws StoreError */
export async function readLookasideSlots(target: LookasideTarget, signal: AbortSignal): Promise<LookasideSlots> {
  const slots = new Map<number, JudgedSignature>();
  const prefix = lookasidePrefix(target);
  for await (const { key } of target.objects.listObjects(prefix)) {
    signal.throwIfAborted();
    const index = parseIndex(key.slice(prefix.length));
    const slot = index === undefined ? undefined : await readLookasideSlot(target, index);
    if (index !== undefined && slot !== undefined) slots.set(index, slot);
  }
  return slots;
}

/** What is at one index; undefined when nothing is. @throws StoreError */
export async function readLookasideSlot(target: LookasideTarget, index: number): Promise<JudgedSignature | undefined> {
  try {
    const stored = await target.objects.readObject(lookasideKey(target, index), MAX_SIGNATURE_BYTES);
    return stored === undefined ? undefined : target.judge(stored.bytes);
  } catch (error) {
    // Too long for a signature: readers pass it over, and it keeps its place.
    if (!(error instanceof StoreError) || error.code !== 'LimitExceeded') throw error;
    return { satisfied: [], identity: '' };
  }
}

/** The signatures that readers see and that satisfy a requirement: from 1 to the first gap. */
export function usefulSlots(slots: LookasideSlots): readonly JudgedSignature[] {
  const useful: JudgedSignature[] = [];
  for (let index = 1; index <= MAX_LOOKASIDE_PLACES; index += 1) {
    const slot = slots.get(index);
    if (slot === undefined) break;
    if (slot.satisfied.length > 0) useful.push(slot);
  }
  return useful;
}

/** The requirements that are not satisfied by what readers see. */
export function missingRequirements({ requirements }: LookasideTarget, slots: LookasideSlots): readonly string[] {
  const satisfied = new Set(usefulSlots(slots).flatMap((slot) => slot.satisfied));
  return requirements.filter((name) => !satisfied.has(name));
}

function lookasidePrefix({ repository, digest }: Pick<LookasideTarget, 'repository' | 'digest'>): string {
  return `lookaside/${repository}@${toStoreSegment(digest)}/signature-`;
}

/** Only the names that readers ask for; another name beside them takes no place. */
function parseIndex(text: string): number | undefined {
  const index = Number(text);
  return /^[1-9][0-9]{0,2}$/.test(text) && index <= MAX_LOOKASIDE_PLACES ? index : undefined;
}
