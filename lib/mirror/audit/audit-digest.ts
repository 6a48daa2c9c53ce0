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
  /** Reports what would be done, and changes nothing. */
  readonly dryRun?: boolean | undefined;
}

export interface QuarantinedSignature {
  /** The key under which it was in the mirror. */
  readonly location: string;
  /** The key under which it is kept, with every profile's reasons. */
  readonly quarantinedAs: string;
  /** The codes of all profiles, each once. */
  readonly codes: readonly Attempt['code'][];
}

export interface AuditedDigest {
  readonly outcome: 'audited';
  readonly digest: Digest;
  /** Distinct signatures that verify for at least one profile. */
  readonly held: number;
  readonly quarantined: readonly QuarantinedSignature[];
  /** Indexes that held the same signature as a lower one. Removed without quarantine. */
  readonly duplicates: readonly number[];
  /** Empty indexes below a signature, filled. */
  readonly gapsClosed: number;
  /** Indexes whose content changed or was removed: caches of them are out of date. */
  readonly changed: readonly number[];
  /** Keys of objects that are too long for quarantine. They are left, and keep their slots. */
  readonly unreadable: readonly string[];
  readonly foreign: ForeignKeys;
}

export type DigestAudit = AuditedDigest | UntouchedAudit;

/** Times that the slots are read. Each further time is caused by a writer, and there are nine slots to take. */
const MAX_ROUNDS = MAX_RELEASE_SIGNATURES + 1;
/** Keys that are listed to find foreign ones. */
export const MAX_LISTED_KEYS = 1000;

/**
 * Verifies again the signatures that the mirror holds for one digest. One that verifies for no profile is quarantined and
 * removed, and the gap is closed: signatures that verify for any profile stay, from 1 without gaps.
 *
 * An audit may be cut off after any operation, and the next one finishes its work. Signatures may be mirrored meanwhile.
 * Only one audit may run at a time; the caller holds a lease. A deletion has no condition, so one that is late by a whole
 * audit could remove a signature mirrored since (which is then mirrored again). A writer that read the slots before the
 * audit may write behind the new end; readers do not see that signature until the next audit closes the gap. A reader
 * between the gap and the last index misses the signature that moves, and finds it on its next read.
 *
 * @throws StoreError of the mirror, which is no reason to quarantine anything; `ConditionFailed` when it keeps changing;
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

/** Slots as they were read, and the steps that were done. */
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
        // Until it is done, where it would be kept.
        quarantinedAs: step.as ?? quarantineKey(digest, hash('sha256', slot.bytes, 'hex')),
        codes: [...new Set(codes)],
      },
    ];
  });
}

/** A round that was repeated may have quarantined the same object before. */
function toDistinct(quarantined: readonly QuarantinedSignature[]): readonly QuarantinedSignature[] {
  return [...new Map(quarantined.map((one) => [`${one.location} ${one.quarantinedAs}`, one])).values()];
}

/** A duplicate is removed by its deletion, or by a write over it. */
function toDuplicates({ slots, steps }: Round): readonly number[] {
  return steps
    .flatMap((step) => (step.kind === 'quarantine' ? [] : [step.kind === 'write' ? step.to : step.index]))
    .filter((index) => slots.get(index)?.kind === 'duplicate');
}

function isChange(step: RepairStep, index: number): boolean {
  return step.kind === 'write' ? step.to === index : step.kind === 'delete' && step.index === index;
}

/** Other names than `signature-1` to `signature-9`, within the first page of a listing. */
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
