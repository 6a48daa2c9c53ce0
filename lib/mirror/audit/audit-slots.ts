import { isInternalFault } from '../../base/errors/evaluate-candidate.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { ObjectStore, StoredObject } from '../../platform/objects/port/object-store.ts';
import { MAX_RELEASE_SIGNATURES, MAX_SIGNATURE_BYTES } from '../../stores/port/signature-store.ts';
import { isStale } from '../../trust/prepared/profiles.ts';
import type { ReadyTrust } from '../../trust/source/trust-source.ts';
import type { SignatureEvaluation } from '../../verdict/judge/keyring-requirement.ts';
import type { Attempt, Reason } from '../../verdict/judge/verdict.ts';
import { judgeStored } from '../slots/release-slots.ts';
import { releaseKey } from '../slots/slot-layout.ts';

/** One digest's place in the mirror, and all profiles that share it. */
export interface AuditTarget {
  readonly objects: ObjectStore;
  readonly digest: Digest;
  readonly trusts: readonly ReadyTrust[];
  readonly now: Date;
}

/** The results of each profile's keyrings for one signature, by profile. */
export type Evaluations = ReadonlyMap<string, SignatureEvaluation>;

/**
 * The object at one index. `verified`: it verifies for at least one profile. `duplicate`: it verifies, and lower indexes
 * hold the same signature for every such profile and keyring. `unverified`: it verifies for no profile. `unreadable`: it
 * is too long even for quarantine, or an internal fault happened in judging it, which is no reason to remove it.
 */
export type AuditedSlot =
  | (StoredObject & { readonly kind: 'verified' | 'duplicate' })
  | (StoredObject & { readonly kind: 'unverified'; readonly evaluations: Evaluations })
  | { readonly kind: 'unreadable' };

/** The taken places, by index. */
export type AuditedSlots = ReadonlyMap<number, AuditedSlot>;

/** All places of a digest. */
export const SLOT_INDEXES: readonly number[] = Array.from({ length: MAX_RELEASE_SIGNATURES }, (_, index) => index + 1);
/** Bytes read of an object: more than a signature may have, since a longer object is quarantined too. */
export const MAX_AUDITED_BYTES = 1024 * 1024;

/**
 * Reads each slot by its own name. A listing could be filled with other names, and a walk ends at a gap.
 *
 * @throws StoreError when a slot cannot be read: nothing may be done to a digest with an unknown slot
 */
export async function readAuditedSlots(target: AuditTarget, signal: AbortSignal): Promise<AuditedSlots> {
  signal.throwIfAborted();
  const stored = await Promise.all(SLOT_INDEXES.map((index) => readSlot(target, index)));
  const slots = new Map<number, AuditedSlot>();
  const held = new Set<string>();
  for (const index of SLOT_INDEXES) {
    const object = stored[index - 1];
    if (object === 'unreadable') slots.set(index, { kind: 'unreadable' });
    else if (object !== undefined) slots.set(index, toAuditedSlot(target, index, object, held));
  }
  return slots;
}

async function readSlot(
  { objects, digest }: AuditTarget,
  index: number,
): Promise<StoredObject | 'unreadable' | undefined> {
  try {
    return await objects.readObject(releaseKey(digest, index), MAX_AUDITED_BYTES);
  } catch (error) {
    if (error instanceof StoreError && error.code === 'LimitExceeded') return 'unreadable';
    throw error;
  }
}

/** @param held the signatures at lower indexes, to which this one is added */
function toAuditedSlot(target: AuditTarget, index: number, object: StoredObject, held: Set<string>): AuditedSlot {
  const evaluations = evaluateForAll(target, index, object.bytes);
  const names = [...evaluations].flatMap(([profile, { verified }]) =>
    verified.map(({ keyring, identity }) => `${profile}\0${keyring}\0${identity}`),
  );
  if (names.length === 0 && isFaultAlone(evaluations)) return { kind: 'unreadable' };
  if (names.length === 0) return { ...object, kind: 'unverified', evaluations: toRejections(evaluations) };
  const isDuplicate = names.every((name) => held.has(name));
  for (const name of names) held.add(name);
  return { ...object, kind: isDuplicate ? 'duplicate' : 'verified' };
}

/** A result of any profile that is no internal fault, such as a revoked key, is enough to remove the object. */
function isFaultAlone(evaluations: Evaluations): boolean {
  const attempts = [...evaluations.values()].flatMap((evaluation) => evaluation.attempts);
  return attempts.length > 0 && attempts.every(isInternalFault);
}

/** A signature in a framing that clusters cannot read is rejected here, and must not be reported as verified. */
function toRejections(evaluations: Evaluations): Evaluations {
  const toRejection = (attempt: Attempt): Attempt =>
    attempt.code === 'Verified'
      ? { ...attempt, code: 'SignatureUnsupported', message: `clusters cannot read its framing: ${attempt.message}` }
      : attempt;
  return new Map(
    [...evaluations].map(([profile, { attempts, verified }]) => [
      profile,
      { attempts: attempts.map(toRejection), verified },
    ]),
  );
}

/** A profile without verification or without a keyring does not count, neither for nor against a signature. */
function evaluateForAll(target: AuditTarget, index: number, untrustedBytes: Uint8Array): Evaluations {
  const judges = target.trusts.filter(isJudge);
  return new Map(
    judges.map((trust) => [
      trust.prepared.profile,
      untrustedBytes.length > MAX_SIGNATURE_BYTES
        ? toTooLong(target, index, untrustedBytes.length)
        : judgeStored({ ...target, trust }, index, untrustedBytes),
    ]),
  );
}

/** Readers skip an object of this length, whatever it contains. */
function toTooLong({ objects, digest }: AuditTarget, index: number, length: number): SignatureEvaluation {
  const message = `it has ${length} bytes; a signature has at most ${MAX_SIGNATURE_BYTES}`;
  const location = `${objects.description}/${releaseKey(digest, index)}`;
  return { attempts: [{ store: objects.description, location, code: 'LimitExceeded', message }], verified: [] };
}

/** Whether signatures can be verified by this trust at all. */
function isJudge({ prepared, keyrings }: ReadyTrust): boolean {
  return prepared.verification === 'enabled' && keyrings.length > 0;
}

/**
 * Nothing was read or changed. `indeterminate`: the trust of a profile is missing or stale. `skipped`: no profile verifies
 * signatures.
 */
export interface UntouchedAudit {
  readonly outcome: 'indeterminate' | 'skipped';
  readonly reasons: readonly Reason[];
}

/** The result if this trust does not allow an audit now; undefined if it does. */
export function toUntouchedAudit(trusts: readonly ReadyTrust[], now: Date): UntouchedAudit | undefined {
  if (trusts.length === 0) return { outcome: 'indeterminate', reasons: [NO_TRUST] };
  const stale = trusts.filter((trust) => isStale(trust, now)).map(({ prepared }) => prepared.profile);
  if (stale.length > 0) return { outcome: 'indeterminate', reasons: [toStaleReason(stale)] };
  return trusts.some(isJudge) ? undefined : { outcome: 'skipped', reasons: [NO_KEYRING] };
}

/** A key that a profile has gained since may verify a signature that seems unverified. */
function toStaleReason(profiles: readonly string[]): Reason {
  return {
    code: 'TrustStale',
    message: `the trust of ${profiles.join(', ')} was not refreshed within the last 24 hours: a key may have been added`,
    remedy: 'make the bucket that holds trust/ reachable again',
  };
}

const NO_TRUST: Reason = {
  code: 'KeyringUnsatisfied',
  message: 'no trust is published for any profile, and without trust nothing is quarantined',
  remedy: 'publish the trust of every profile that mirrors here',
};

const NO_KEYRING: Reason = {
  code: 'KeyringUnsatisfied',
  message: 'no profile has a keyring, and without one nothing is quarantined',
  remedy: 'add a trust ConfigMap to a profile',
};
