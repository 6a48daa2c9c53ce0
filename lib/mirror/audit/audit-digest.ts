import { hash } from 'node:crypto';
import { StoreError } from '../../base/errors/store-error.ts';
import { type Digest, toStoreSegment } from '../../base/names/digest.ts';
import { MAX_RELEASE_SIGNATURES } from '../../stores/port/signature-store.ts';
import type { Attempt } from '../../verdict/judge/verdict.ts';
import { releaseKey } from '../slots/slot-layout.ts';
import {
  type AuditedSlots,
  type AuditTarget,
  readAuditedSlots,
  SLOT_INDEXES,
  toUntouchedAudit,
  type UntouchedAudit,
} from './audit-slots.ts';
import { type ForeignKeys, MAX_FOREIGN_KEYS } from './list-mirrored-digests.ts';
import { planRepair, quarantineKey, type RepairStep, repairSlots } from './repair-slots.ts';

export interface DigestAuditRequest extends AuditTarget {
  readonly signal: AbortSignal;
  /** Looks and says what would be done. */
  readonly dryRun?: boolean | undefined;
}

export interface QuarantinedSignature {
  /** The key under which it was in the mirror. */
  readonly location: string;
  /** The key under which it is kept, with every profile's reasons. */
  readonly quarantinedAs: string;
  /** Why, over all profiles, each code once. */
  readonly codes: readonly Attempt['code'][];
}

export interface AuditedDigest {
  readonly outcome: 'audited';
  readonly digest: Digest;
  /** Distinct signatures that verify for at least one profile. */
  readonly held: number;
  readonly quarantined: readonly QuarantinedSignature[];
  /** Indexes at which was what a lower one holds too; taken away without quarantine. */
  readonly duplicates: readonly number[];
  /** Empty indexes below a signature, filled. */
  readonly gapsClosed: number;
  /** Indexes that hold something else than before, or nothing: what a cache has of them is out of date. */
  readonly changed: readonly number[];
  /** Keys of what is too long to be quarantined: left, and keeping its place. */
  readonly unreadable: readonly string[];
  readonly foreign: ForeignKeys;
}

export type DigestAudit = AuditedDigest | UntouchedAudit;

/** Times that the places are read: a further one is due to a writer, and a writer has nine places to take. */
const MAX_ROUNDS = MAX_RELEASE_SIGNATURES + 1;
/** Keys that are listed to find foreign ones. */
export const MAX_LISTED_KEYS = 1000;

/**
 * Verifies again what the mirror holds for one digest. What verifies for no profile is quarantined and then taken out,
 * and the gap is closed: signatures that verify for any profile stay, from 1 without gaps.
 *
 * An audit may end after any operation, and the next one finishes its work. Signatures may be mirrored meanwhile. But
 * only one audit may run at a time, which the caller sees to by a lease: a deletion has no condition, and one that is
 * late by a whole audit could remove what was mirrored since (to be mirrored once more). A writer that looked before
 * the audit may also write behind what is now the end; nobody sees that until the next audit closes the gap. A reader
 * that is on its way from the hole to the last one misses what moves past it, and finds it when it asks again.
 *
 * @throws StoreError of the mirror, and then nothing is condemned for it; `ConditionFailed` when it keeps changing;
 *   the abort reason of the signal
 */
export async function auditDigest(request: DigestAuditRequest): Promise<DigestAudit> {
  const { trusts, now, signal, dryRun = false } = request;
  const untouched = toUntouchedAudit(trusts, now);
  if (untouched !== undefined) return untouched;
  const foreign = await listForeignKeys(request);
  const rounds: Round[] = [];
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const slots = await readAuditedSlots(request, signal);
    const steps = planRepair(slots);
    const isLast = steps.length === 0 || dryRun;
    rounds.push({ slots, steps: isLast ? steps : await repairSlots(request, slots, steps, signal) });
    if (isLast) return toResult(request.digest, rounds, slots, foreign);
  }
  throw new StoreError('ConditionFailed', `the mirrored signatures of ${request.digest} keep changing; retry`);
}

/** Places as they were read, and what was done to them. */
interface Round {
  readonly slots: AuditedSlots;
  readonly steps: readonly RepairStep[];
}

function toResult(digest: Digest, rounds: readonly Round[], last: AuditedSlots, foreign: ForeignKeys): AuditedDigest {
  const indexes = [...last.keys()];
  return {
    outcome: 'audited',
    digest,
    held: indexes.filter((index) => last.get(index)?.kind === 'verified').length,
    quarantined: toDistinct(rounds.flatMap((round) => toQuarantined(digest, round))),
    duplicates: rounds.flatMap(toDuplicates),
    gapsClosed: rounds.flatMap(({ slots, steps }) =>
      steps.filter((step) => step.kind === 'write' && !slots.has(step.to)),
    ).length,
    changed: SLOT_INDEXES.filter((index) => rounds.some(({ steps }) => steps.some((step) => isChange(step, index)))),
    unreadable: indexes
      .filter((index) => last.get(index)?.kind === 'unreadable')
      .map((index) => releaseKey(digest, index)),
    foreign,
  };
}

function toQuarantined(digest: Digest, { slots, steps }: Round): readonly QuarantinedSignature[] {
  return steps.flatMap((step) => {
    const slot = step.kind === 'quarantine' ? slots.get(step.index) : undefined;
    if (step.kind !== 'quarantine' || slot?.kind !== 'unverified') return [];
    const codes = [...slot.evaluations.values()].flatMap(({ attempts }) => attempts.map(({ code }) => code));
    return [
      {
        location: releaseKey(digest, step.index),
        quarantinedAs: quarantineKey(digest, hash('sha256', slot.bytes, 'hex')),
        codes: [...new Set(codes)],
      },
    ];
  });
}

/** A round that came to nothing may have quarantined before. */
function toDistinct(quarantined: readonly QuarantinedSignature[]): readonly QuarantinedSignature[] {
  return [...new Map(quarantined.map((one) => [`${one.location} ${one.quarantinedAs}`, one])).values()];
}

/** A duplicate goes when it is deleted, or when something else is written over it. */
function toDuplicates({ slots, steps }: Round): readonly number[] {
  return steps
    .flatMap((step) => (step.kind === 'quarantine' ? [] : [step.kind === 'write' ? step.to : step.index]))
    .filter((index) => slots.get(index)?.kind === 'duplicate');
}

function isChange(step: RepairStep, index: number): boolean {
  return step.kind === 'write' ? step.to === index : step.kind === 'delete' && step.index === index;
}

/** Names beside `signature-1` to `signature-9`, as far as a page of a listing shows them. */
async function listForeignKeys({ objects, digest }: AuditTarget): Promise<ForeignKeys> {
  const own = new Set(SLOT_INDEXES.map((index) => releaseKey(digest, index)));
  const foreign: string[] = [];
  let listed = 0;
  for await (const { key } of objects.listObjects(`signatures/${toStoreSegment(digest)}/`)) {
    if (!own.has(key)) foreign.push(key);
    listed += 1;
    if (listed === MAX_LISTED_KEYS) break;
  }
  return { count: foreign.length, keys: foreign.slice(0, MAX_FOREIGN_KEYS) };
}
