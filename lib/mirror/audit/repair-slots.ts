import { hash, randomBytes } from 'node:crypto';
import { isJsonObject } from '../../base/documents/json-value.ts';
import { parseStrictJson, StrictJsonError } from '../../base/documents/parse-strict-json.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { type Digest, toStoreSegment } from '../../base/names/digest.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { MAX_KEYRINGS } from '../../trust/prepared/prepared-trust.ts';
import type { Attempt } from '../../verdict/judge/verdict.ts';
import { isUnreadable } from '../../verdict/records/read-records.ts';
import { releaseKey } from '../slots/slot-layout.ts';
import {
  type AuditedSlot,
  type AuditedSlots,
  type AuditTarget,
  type Evaluations,
  SLOT_INDEXES,
} from './audit-slots.ts';

/**
 * Executes the steps of a plan, up to the first whose slot has changed since it was read.
 *
 * @returns the steps that were done
 * @throws StoreError; the abort reason of the signal
 */
export async function repairSlots(
  target: AuditTarget,
  slots: AuditedSlots,
  steps: readonly RepairStep[],
  signal: AbortSignal,
): Promise<readonly RepairStep[]> {
  const done: RepairStep[] = [];
  for (const step of steps) {
    signal.throwIfAborted();
    const doneStep = await doStep(target, slots, step);
    if (doneStep === undefined) break;
    done.push(doneStep);
  }
  return done;
}

/** Undefined if the slot has changed. */
async function doStep(target: AuditTarget, slots: AuditedSlots, step: RepairStep): Promise<RepairStep | undefined> {
  const { objects, digest } = target;
  switch (step.kind) {
    case 'quarantine': {
      const slot = slots.get(step.index);
      if (slot?.kind !== 'unverified') throw new Error('only what does not verify is quarantined');
      const location = releaseKey(digest, step.index);
      return { ...step, as: await quarantineSignature(target, location, slot.bytes, slot.evaluations) };
    }
    case 'write': {
      const { bytes } = toStored(slots.get(step.from));
      const key = releaseKey(digest, step.to);
      const replaced = slots.get(step.to);
      const isWritten =
        replaced === undefined
          ? await objects.createObject(key, bytes)
          : await objects.replaceObject(key, bytes, toStored(replaced).etag);
      return isWritten ? step : undefined;
    }
    case 'delete':
      await objects.deleteObject(releaseKey(digest, step.index));
      return step;
    default:
      throw new TypeError(`unknown step ${JSON.stringify(step satisfies never)}`);
  }
}

function toStored(slot: AuditedSlot | undefined): Exclude<AuditedSlot, { kind: 'unreadable' }> {
  if (slot === undefined || slot.kind === 'unreadable') throw new Error('only what was read is moved or replaced');
  return slot;
}

/**
 * One operation. `write` stores the bytes of one index at a lower one, and replaces the object there. Each index is written
 * at most once, and is never deleted afterwards. `as`: the key of the copy, once it is there.
 */
export type RepairStep =
  | { readonly kind: 'quarantine'; readonly index: number; readonly as?: string }
  | { readonly kind: 'write'; readonly from: number; readonly to: number }
  | { readonly kind: 'delete'; readonly index: number };

/**
 * The steps after which the signatures that verify stand from 1 without gaps, with nothing else but unreadable objects,
 * which stay in place.
 *
 * After each step a walk from 1 still finds every signature that it found before and that verifies. Holes are filled from
 * the lowest, each with the highest signature, which is deleted only then. Remaining objects are deleted last. A run that
 * is cut off leaves at most one signature twice, which the next run finds to be a duplicate.
 */
export function planRepair(slots: AuditedSlots): readonly RepairStep[] {
  const indexesOf = (...kinds: readonly string[]) =>
    SLOT_INDEXES.filter((index) => kinds.includes(slots.get(index)?.kind ?? 'empty'));
  const verified = indexesOf('verified');
  const places = SLOT_INDEXES.filter((index) => slots.get(index)?.kind !== 'unreadable').slice(0, verified.length);
  const holes = places.filter((index) => !verified.includes(index));
  const highestFirst = verified.filter((index) => !places.includes(index)).toReversed();
  const moves = highestFirst.flatMap((from, nth): readonly RepairStep[] => {
    const to = holes[nth];
    return to === undefined
      ? []
      : [
          { kind: 'write', from, to },
          { kind: 'delete', index: from },
        ];
  });
  const spare = indexesOf('unverified', 'duplicate').filter((index) => !places.includes(index));
  return [
    ...indexesOf('unverified').map((index) => ({ kind: 'quarantine', index }) as const),
    ...moves,
    ...spare.toReversed().map((index) => ({ kind: 'delete', index }) as const),
  ];
}

/** The result of one keyring of a profile. */
type QuarantineAttempt = Pick<Attempt, 'keyring' | 'signer' | 'code' | 'message' | 'note'>;

/** A removed object that verifies for no profile, with the reasons: enough to judge it again or to restore it. */
export interface QuarantineEntry {
  readonly schema: 1;
  readonly digest: Digest;
  /** The key under which it was in the mirror. */
  readonly location: string;
  /** Of the bytes, hex. */
  readonly sha256: string;
  /** Base64. */
  readonly bytes: string;
  /** By profile. */
  readonly attempts: Readonly<Record<string, readonly QuarantineAttempt[]>>;
  /** By profile, of every profile that judged it. */
  readonly trustRevisions: Readonly<Record<string, string>>;
  readonly quarantinedAt: string;
}

/** Characters kept of a message: part of it may come from the signature. */
const MAX_MESSAGE_LENGTH = 500;

/** The key of the quarantined bytes of a digest. */
export function quarantineKey(digest: Digest, sha256: string): string {
  return `quarantine/${toStoreSegment(digest)}/${sha256}.json`;
}

/**
 * Stores a copy, once for the same bytes. The first reasons stay. What is about to be deleted must be kept: where
 * somebody else has put another thing at its key, the copy gets a key that nobody can have foreseen.
 *
 * @returns the key of the copy
 * @throws StoreError
 */
async function quarantineSignature(
  { objects, digest, trusts, now }: AuditTarget,
  location: string,
  untrustedBytes: Uint8Array,
  evaluations: Evaluations,
): Promise<string> {
  const sha256 = hash('sha256', untrustedBytes, 'hex');
  const entry: QuarantineEntry = {
    schema: 1,
    digest,
    location,
    sha256,
    bytes: Buffer.from(untrustedBytes).toString('base64'),
    attempts: Object.fromEntries(
      [...evaluations].map(([profile, { attempts }]) => [profile, attempts.slice(0, MAX_KEYRINGS).map(toKept)]),
    ),
    trustRevisions: Object.fromEntries(trusts.map(({ prepared }) => [prepared.profile, prepared.revision])),
    quarantinedAt: now.toISOString(),
  };
  const bytes = Buffer.from(`${JSON.stringify(entry)}\n`);
  const key = quarantineKey(digest, sha256);
  if ((await objects.createObject(key, bytes)) || (await isKept(objects, key, entry))) return key;
  const other = quarantineKey(digest, `${sha256}-${randomBytes(16).toString('hex')}`);
  if (await objects.createObject(other, bytes)) return other;
  throw new StoreError('ConditionFailed', `${other} was taken`);
}

/** Bytes of an entry. */
const MAX_ENTRY_BYTES = 4 * 1024 * 1024;

/** Whether the bytes are in quarantine under this key. */
async function isKept(objects: ObjectStore, key: string, { digest, bytes }: QuarantineEntry): Promise<boolean> {
  try {
    const stored = await objects.readObject(key, MAX_ENTRY_BYTES);
    const kept = stored === undefined ? undefined : parseStrictJson(Buffer.from(stored.bytes).toString('utf8'));
    return isJsonObject(kept) && kept['digest'] === digest && kept['bytes'] === bytes;
  } catch (error) {
    if (error instanceof StrictJsonError || isUnreadable(error)) return false;
    throw error;
  }
}

function toKept({ keyring, signer, code, message, note }: Attempt): QuarantineAttempt {
  return { keyring, signer, code, message: message.slice(0, MAX_MESSAGE_LENGTH), note };
}
