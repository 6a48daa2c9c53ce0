import { hash } from 'node:crypto';
import { runBounded } from '../../platform/queues/run-bounded.ts';
import { evaluateStored } from '../records/read-records.ts';
import { recordKey } from '../records/verdict-record.ts';
import { type AuditFault, auditChain, type InSeal, type SealQuestion, toRequiredDay } from './audit-seals.ts';
import { readSeals, type StoredSeal } from './read-chain.ts';
import { toDay } from './seal.ts';

/** Where seals and records are read for an audit. */
export interface AuditSource {
  readonly description: string;
  readonly listSeals: () => AsyncIterable<StoredSeal>;
  /** Every id that there is, each once. */
  readonly listIds: () => AsyncIterable<string>;
  /** The bytes of a record as they are stored; undefined where there is none. @throws StoreError */
  readonly readRecord: (id: string) => Promise<ReadRecord>;
}

type ReadRecord = { readonly bytes: Uint8Array } | { readonly fault: string } | undefined;

/** What an audit found. */
export interface Audit {
  /** `whole`: every record that was sealed for the period is there as it was, and there is no other. */
  readonly outcome: 'whole' | 'not whole';
  readonly since: string | undefined;
  /** The last day. */
  readonly until: string;
  /** Days of the period that are sealed. */
  readonly days: number;
  /** Seals that count, of the whole chain; and the last day that has one. */
  readonly seals: number;
  readonly sealedUntil: string | undefined;
  /** Of the last seal. Kept elsewhere, it shows later that nothing up to it was removed: `--expect-root`. */
  readonly root: string | undefined;
  /** Of the period, that are as they were sealed. */
  readonly records: number;
  readonly faults: readonly AuditFault[];
  /** Records that a later day's seal has: they were written, or put there, after their own day was sealed. */
  readonly late: readonly { readonly id: string; readonly day: string; readonly sealedWith: string }[];
  /** Records from before the first seal: that none of them is missing, no seal shows. */
  readonly beforeFirstSeal: number;
  /** Records of days that are not sealed yet. */
  readonly notYetSealed: number;
  readonly belated: readonly { readonly day: string; readonly sealedAt: string }[];
}

const UNSEALED = 'no seal has it: it was put there after its day was sealed';
const CONCURRENCY = 16;
const SLICE = 256;

/**
 * Compares the records of a period with what was sealed of them: each has to be there as it was, and none that is there
 * may be without a seal once its day has one. @throws StoreError
 */
export async function auditRecords(source: AuditSource, question: SealQuestion): Promise<Audit> {
  const chain = await auditChain(readSeals(source.listSeals()), question);
  const { since, until, now } = question;
  const faults = [...chain.faults];
  const isAsked = (day: string): boolean => day <= until && (since === undefined || day >= since);
  const sealed = [...chain.records.values()].filter(({ day }) => isAsked(day));
  let records = 0;
  for (let at = 0; at < sealed.length; at += SLICE) {
    const found = await runBounded(sealed.slice(at, at + SLICE), CONCURRENCY, (one) => compareRecord(source, one));
    records += found.filter((fault) => fault === undefined).length;
    faults.push(...found.filter((fault) => fault !== undefined));
  }
  let notYetSealed = 0;
  for await (const id of source.listIds()) {
    if (chain.records.has(id)) continue;
    const fault = await judgeUnsealed(source, id, { isAsked, now, sealedUntil: chain.last });
    if (fault === 'not yet') notYetSealed += 1;
    else if (fault !== undefined) faults.push(fault);
  }
  const { first, days, seals, root, belated, last: sealedUntil } = chain;
  const isBefore = ({ day }: InSeal): boolean => first !== undefined && day < first;
  const late = sealed.filter((one) => one.day < one.sealedWith && !isBefore(one));
  return {
    outcome: faults.length === 0 ? 'whole' : 'not whole',
    since,
    until,
    days,
    seals,
    sealedUntil,
    root,
    records,
    faults,
    late: late.map(({ id, day, sealedWith }) => ({ id, day, sealedWith })),
    beforeFirstSeal: sealed.filter(isBefore).length,
    notYetSealed,
    belated: belated.filter(({ day }) => isAsked(day)),
  };
}

async function compareRecord(source: AuditSource, { id, day, sha256 }: InSeal): Promise<AuditFault | undefined> {
  const read = await source.readRecord(id);
  const key = recordKey(id);
  if (read === undefined) return { kind: 'deleted', id, day, key, message: 'it was sealed, and is gone' };
  if ('fault' in read) return { kind: 'unreadable', id, day, key, message: read.fault };
  if (hash('sha256', read.bytes) === sha256) return undefined;
  return { kind: 'altered', id, day, key, message: 'its bytes are not those that were sealed' };
}

interface Judged {
  readonly isAsked: (day: string) => boolean;
  readonly now: Date;
  readonly sealedUntil: string | undefined;
}

/** What no seal has: a record of a day that is not sealed yet, or one that somebody put there since. */
async function judgeUnsealed(
  source: AuditSource,
  id: string,
  { isAsked, now, sealedUntil }: Judged,
): Promise<AuditFault | 'not yet' | undefined> {
  const read = await source.readRecord(id);
  const key = recordKey(id);
  // It went while this audit was under way, and nothing says that it was ever one.
  if (read === undefined) return undefined;
  const evaluated = 'fault' in read ? undefined : evaluateStored(id, read.bytes);
  const { record } = evaluated ?? {};
  if (record === undefined) {
    const message = 'fault' in read ? read.fault : (evaluated?.error?.message ?? 'it is no record');
    return { kind: 'unreadable', id, key, message };
  }
  const day = toDay(Date.parse(record.firstDecidedAt));
  if (!isAsked(day)) return undefined;
  if (day > toDay(now)) {
    return { kind: 'future', id, day, key, message: `it is of ${record.firstDecidedAt}, which is to come` };
  }
  if (day > toRequiredDay(now) && (sealedUntil === undefined || day > sealedUntil)) return 'not yet';
  return { kind: 'unsealed', id, day, key, message: UNSEALED };
}
