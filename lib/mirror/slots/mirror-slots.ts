import { StoreError } from '../../base/errors/store-error.ts';
import { type Digest, toStoreSegment } from '../../base/names/digest.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { MAX_RELEASE_SIGNATURES, MAX_SIGNATURE_BYTES } from '../../stores/port/signature-store.ts';
import type { ReadyTrust } from '../../trust/source/ready-trust.ts';
import { evaluateSignature, type SignatureEvaluation } from '../../verdict/judge/keyring-requirement.ts';
import { isUseful } from './is-useful.ts';

/** One digest's place in the mirror, and what its signatures are judged by. */
export interface MirrorTarget {
  readonly objects: ObjectStore;
  readonly digest: Digest;
  readonly trust: ReadyTrust;
  readonly now: Date;
}

/** The taken places by index, each with what every keyring makes of it: what is held is not trusted either. */
export type MirrorSlots = ReadonlyMap<number, SignatureEvaluation>;

/** The key of a mirrored signature; its `signatures/` prefix is what a cluster's `signatureStores` entry names. */
export function mirrorKey(digest: Digest, index: number): string {
  return `${mirrorPrefix(digest)}${index}`;
}

/**
 * Reads every taken place by a listing, since a walk would end at a gap and not see what lies behind it.
 *
 * @throws StoreError
 */
export async function readMirrorSlots(target: MirrorTarget, signal: AbortSignal): Promise<MirrorSlots> {
  const slots = new Map<number, SignatureEvaluation>();
  const prefix = mirrorPrefix(target.digest);
  for await (const { key } of target.objects.listObjects(prefix)) {
    signal.throwIfAborted();
    const index = parseIndex(key.slice(prefix.length));
    const slot = index === undefined ? undefined : await readMirrorSlot(target, index);
    if (index !== undefined && slot !== undefined) slots.set(index, slot);
  }
  return slots;
}

/** What is at one index; undefined when nothing is. @throws StoreError */
export async function readMirrorSlot(target: MirrorTarget, index: number): Promise<SignatureEvaluation | undefined> {
  const { objects, digest } = target;
  try {
    const stored = await objects.readObject(mirrorKey(digest, index), MAX_SIGNATURE_BYTES);
    return stored === undefined ? undefined : evaluateMirrored(target, index, stored.bytes);
  } catch (error) {
    // Too long for a signature: readers pass it over, and it keeps its place.
    if (!(error instanceof StoreError) || error.code !== 'LimitExceeded') throw error;
    const attempt = { ...toSource(target, index), code: 'LimitExceeded', message: error.message } as const;
    return { attempts: [attempt], verified: [] };
  }
}

/** What every keyring of the profile makes of these bytes at this index. */
export function evaluateMirrored(target: MirrorTarget, index: number, untrustedBytes: Uint8Array): SignatureEvaluation {
  const seconds = Math.floor(target.now.getTime() / 1000);
  const signature = { ...toSource(target, index), untrustedBytes };
  const evaluation = evaluateSignature(signature, target.digest, target.trust, seconds);
  return { ...evaluation, verified: evaluation.verified.filter(isUseful) };
}

/** The slots that readers see: from 1 to the first gap. */
export function reachableSlots(slots: MirrorSlots): readonly SignatureEvaluation[] {
  const reachable: SignatureEvaluation[] = [];
  for (let index = 1; index <= MAX_RELEASE_SIGNATURES; index += 1) {
    const slot = slots.get(index);
    if (slot === undefined) break;
    reachable.push(slot);
  }
  return reachable;
}

/** Names of the keyrings that are satisfied by what readers see. */
export function satisfiedKeyrings(slots: MirrorSlots): ReadonlySet<string> {
  return new Set(reachableSlots(slots).flatMap(({ verified }) => verified.map(({ keyring }) => keyring)));
}

/** The distinct signatures that readers see and that verify. */
export function heldIdentities(slots: MirrorSlots): ReadonlySet<string> {
  return new Set(reachableSlots(slots).flatMap(({ verified }) => verified.map(({ identity }) => identity)));
}

function mirrorPrefix(digest: Digest): string {
  return `signatures/${toStoreSegment(digest)}/signature-`;
}

/** Only the names that readers ask for; another name beside them takes no place. */
function parseIndex(text: string): number | undefined {
  const index = Number(text);
  return /^[1-9]$/.test(text) && index <= MAX_RELEASE_SIGNATURES ? index : undefined;
}

function toSource({ objects, digest }: MirrorTarget, index: number): { store: string; location: string } {
  return { store: objects.description, location: `${objects.description}/${mirrorKey(digest, index)}` };
}
