import { InputError } from '../../base/errors/input-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { runBounded } from '../../platform/queues/run-bounded.ts';
import type { ReadyTrust } from '../../trust/source/trust-source.ts';
import { isUnreadable } from '../../verdict/records/read-records.ts';
import { type AuditedDigest, auditDigest, type QuarantinedSignature } from './audit-digest.ts';
import { toUntouchedAudit, type UntouchedAudit } from './audit-slots.ts';
import { ALL_SIGNATURES, type Invalidation, toInvalidationPaths } from './invalidation.ts';
import { addForeignKeys, type ForeignKeys, listMirroredDigests } from './list-mirrored-digests.ts';

export interface MirrorAuditRequest {
  readonly objects: ObjectStore;
  /** Of every profile that mirrors here. A signature that none of them verifies is removed. */
  readonly trusts: readonly ReadyTrust[];
  readonly now: Date;
  readonly signal: AbortSignal;
  /** `next` of the previous call. */
  readonly after?: string | undefined;
  /** Digests to audit, from 1 to {@link MAX_AUDITED_DIGESTS}. */
  readonly limit: number;
  readonly dryRun?: boolean | undefined;
  readonly invalidation?: Invalidation | undefined;
}

export interface AuditedMirror {
  readonly outcome: 'audited';
  /** Digests. */
  readonly audited: number;
  /** Distinct signatures that verify. */
  readonly held: number;
  readonly quarantined: readonly QuarantinedSignature[];
  readonly duplicates: number;
  readonly gapsClosed: number;
  readonly foreign: ForeignKeys;
  /** Keys. */
  readonly unreadable: readonly string[];
  /** Digests of which an object cannot be read, as one that is encrypted with another's key. Nothing of theirs was changed. */
  readonly unaudited: readonly UnauditedDigest[];
  /** The start of the next call; undefined at the end of the mirror. */
  readonly next?: string | undefined;
}

export type MirrorAudit = AuditedMirror | UntouchedAudit;

/** A digest that could not be audited, and why. */
export interface UnauditedDigest {
  readonly digest: Digest;
  readonly reason: string;
}

/** Digests of one call. */
export const MAX_AUDITED_DIGESTS = 1000;
/** Digests that are read at once. */
const CONCURRENCY = 8;

/**
 * Exists from before the first change until caches were invalidated. A call that finds it invalidates everything, since
 * an earlier one was cut off between the two and left no other trace.
 */
export const PENDING_INVALIDATION_KEY = 'quarantine/invalidation-pending';
const MAX_PENDING_BYTES = 1024;

/**
 * Audits the next digests of the mirror, as {@link auditDigest} does. Memory does not grow with the mirror. Only one audit
 * may run at a time; the caller holds a lease. After a failure the same call does the rest.
 *
 * Caches are invalidated after all changes of a call. Until then, and at most for the 300 s of `max-age`, a cached copy of
 * a replaced signature may precede an index that is gone. A reader then misses a signature, and never gets one that the
 * mirror did not hold.
 *
 * @throws InputError `ArgumentInvalid` for the limit; StoreError; the abort reason of the signal
 */
export async function auditMirror(request: MirrorAuditRequest): Promise<MirrorAudit> {
  const { objects, trusts, now, signal, after, limit, dryRun = false } = request;
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_AUDITED_DIGESTS) {
    throw new InputError(
      'ArgumentInvalid',
      `the limit of an audit is from 1 to ${MAX_AUDITED_DIGESTS} digests, not ${limit}`,
    );
  }
  const untouched = toUntouchedAudit(trusts, now);
  if (untouched !== undefined) return untouched;
  const { digests, foreign, next } = await listMirroredDigests(objects, { after, limit, signal });
  const { found, unaudited } = await findAll(request, digests);
  const audits = dryRun ? found : await repairAll(request, found);
  return {
    outcome: 'audited',
    audited: audits.length,
    held: sum(audits.map(({ held }) => held)),
    quarantined: audits.flatMap(({ quarantined }) => quarantined),
    duplicates: sum(audits.map(({ duplicates }) => duplicates.length)),
    gapsClosed: sum(audits.map(({ gapsClosed }) => gapsClosed)),
    foreign: audits.reduce((all, audit) => addForeignKeys(all, audit.foreign), foreign),
    unreadable: audits.flatMap(({ unreadable }) => unreadable),
    unaudited,
    ...(next === undefined ? {} : { next }),
  };
}

interface FoundAudits {
  readonly found: readonly AuditedDigest[];
  readonly unaudited: readonly UnauditedDigest[];
}

/**
 * Finds the changes to make. Whoever may write the mirror must not keep what else is there from being audited by one object
 * that nobody can read: it is left, and said. Any other failure also aborts the other digests.
 */
async function findAll(
  { objects, trusts, now, signal }: MirrorAuditRequest,
  digests: readonly Digest[],
): Promise<FoundAudits> {
  const controller = new AbortController();
  const common = { objects, trusts, now, signal: AbortSignal.any([signal, controller.signal]), dryRun: true };
  const findEach = async (some: readonly Digest[]): Promise<FoundAudits> => {
    const results = await runBounded(some, CONCURRENCY, async (digest) => {
      try {
        return verifyAudited(await auditDigest({ ...common, digest }));
      } catch (error) {
        if (!isUnreadable(error)) throw error;
        return { digest, reason: error.message };
      }
    });
    return {
      found: results.flatMap((one) => ('outcome' in one ? one : [])),
      unaudited: results.flatMap((one) => ('outcome' in one ? [] : one)),
    };
  };
  try {
    const { found, unaudited } = await findEach(digests);
    // A store that could not answer for a moment says no more than that.
    const again = await findEach(unaudited.map(({ digest }) => digest));
    return { found: [...found, ...again.found], unaudited: again.unaudited };
  } finally {
    controller.abort();
  }
}

/** Repairs one digest after the other, so that nothing continues after a failure, and then invalidates caches. */
async function repairAll(
  { objects, trusts, now, signal, invalidation }: MirrorAuditRequest,
  found: readonly AuditedDigest[],
): Promise<readonly AuditedDigest[]> {
  const isDue = found.some(({ changed }) => changed.length > 0);
  const isPending = invalidation !== undefined && (await announceChanges(objects, isDue, now));
  const audits: AuditedDigest[] = [];
  for (const audit of found) {
    const isWhole = audit.changed.length === 0;
    audits.push(
      isWhole ? audit : verifyAudited(await auditDigest({ objects, digest: audit.digest, trusts, now, signal })),
    );
  }
  if (invalidation !== undefined && (isDue || isPending)) {
    await invalidation.invalidate(isPending ? ALL_SIGNATURES : toInvalidationPaths(audits), signal);
    await objects.deleteObject(PENDING_INVALIDATION_KEY);
  }
  return audits;
}

/** Creates the mark if changes are due. True if an earlier call left it without invalidating the caches. */
async function announceChanges(objects: ObjectStore, isDue: boolean, now: Date): Promise<boolean> {
  if (!isDue) return (await objects.readObject(PENDING_INVALIDATION_KEY, MAX_PENDING_BYTES)) !== undefined;
  const mark = Buffer.from(`${JSON.stringify({ schema: 1, since: now.toISOString() })}\n`);
  return !(await objects.createObject(PENDING_INVALIDATION_KEY, mark));
}

/** The audit of a digest cannot be skipped: the same trust was checked a moment ago. */
function verifyAudited(audit: AuditedDigest | UntouchedAudit): AuditedDigest {
  if (audit.outcome !== 'audited') throw new Error(`an audit of one digest was ${audit.outcome}`);
  return audit;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
