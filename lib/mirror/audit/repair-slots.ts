import { hash } from 'node:crypto';
import { type Digest, toStoreSegment } from '../../base/names/digest.ts';
import { MAX_KEYRINGS } from '../../trust/prepared/prepared-trust.ts';
import type { Attempt } from '../../verdict/judge/verdict.ts';
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
    if (!(await doStep(target, slots, step))) break;
    done.push(step);
  }
  return done;
}

/** False if the slot has changed. */
async function doStep(target: AuditTarget, slots: AuditedSlots, step: RepairStep): Promise<boolean> {
  const { objects, digest } = target;
  switch (step.kind) {
    case 'quarantine': {
      const slot = slots.get(step.index);
      if (slot?.kind !== 'unverified') throw new Error('only what does not verify is quarantined');
      await quarantineSignature(target, releaseKey(digest, step.index), slot.bytes, slot.evaluations);
      return true;
    }
    case 'write': {
      const { bytes } = toStored(slots.get(step.from));
      const key = releaseKey(digest, step.to);
      const replaced = slots.get(step.to);
      return replaced === undefined
        ? objects.createObject(key, bytes)
        : objects.replaceObject(key, bytes, toStored(replaced).etag);
    }
    case 'delete':
      await objects.deleteObject(releaseKey(digest, step.index));
      return true;
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
 * at most once, and is never deleted afterwards.
 */
export type RepairStep =
  | { readonly kind: 'quarantine'; readonly index: number }
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

/** Stores a copy, once for the same bytes. The first reasons stay. @throws StoreError */
async function quarantineSignature(
  { objects, digest, trusts, now }: AuditTarget,
  location: string,
  untrustedBytes: Uint8Array,
  evaluations: Evaluations,
): Promise<void> {
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
  await objects.createObject(quarantineKey(digest, sha256), Buffer.from(`${JSON.stringify(entry)}\n`));
}

function toKept({ keyring, signer, code, message, note }: Attempt): QuarantineAttempt {
  return { keyring, signer, code, message: message.slice(0, MAX_MESSAGE_LENGTH), note };
}
