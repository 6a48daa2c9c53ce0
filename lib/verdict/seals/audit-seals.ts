import type { KeyObject } from 'node:crypto';
import { SignatureError } from '../../base/errors/signature-error.ts';
import { type FoundSeal, findLinkFault } from './read-chain.ts';
import { SEAL_DELAY_MS } from './seal-days.ts';
import { addDays, parseSealKey, type Seal, type SealedRecord, toDay, verifySeal } from './seal.ts';

/** What is asked of the chain. */
export interface SealQuestion {
  /** The first day; undefined: from the first seal on. */
  readonly since: string | undefined;
  /** The last day. */
  readonly until: string;
  readonly keys: readonly KeyObject[];
  /** The root of a seal that the reader has kept. */
  readonly expectRoot: string | undefined;
  readonly now: Date;
}

/** Something that is not as it has to be; `day`, `key` and `id` where it is about one. */
export interface AuditFault {
  readonly kind:
    | 'altered'
    | 'chain'
    | 'deleted'
    | 'early'
    | 'forged'
    | 'future'
    | 'root'
    | 'seal'
    | 'stray'
    | 'unreadable'
    | 'unsealed';
  readonly message: string;
  readonly key?: string | undefined;
  readonly id?: string | undefined;
  readonly day?: string | undefined;
}

/** A record as the chain has it, and the day of the seal that does. */
export interface InSeal extends SealedRecord {
  readonly sealedWith: string;
}

/** What the chain says, and what is wrong with it. */
export interface ReadChain {
  readonly faults: readonly AuditFault[];
  /** Of seals that count, by id. */
  readonly records: ReadonlyMap<string, InSeal>;
  /** The day of the first seal that counts; undefined where there is none. */
  readonly first: string | undefined;
  /** The last day that is sealed whole. */
  readonly last: string | undefined;
  /** Days of the period that are. */
  readonly days: number;
  readonly seals: number;
  /** Of the last seal that counts. */
  readonly root: string | undefined;
  /** Seals that were made long after their day: what was there before them is not known. */
  readonly belated: readonly { readonly day: string; readonly sealedAt: string }[];
}

/** Milliseconds after it is due at which a day without a seal is a fault: the schedule has to have come. */
const GRACE_MS = 60 * 60 * 1000;
/** The same after which a seal is belated. */
const BELATED_MS = 24 * 60 * 60 * 1000;
const CLOCK_MS = 5 * 60 * 1000;
const DAY_MS = 24 * 60 * 60 * 1000;

/** The last day whose seal has to be there. */
export function toRequiredDay(now: Date): string {
  return addDays(toDay(now.getTime() - SEAL_DELAY_MS - GRACE_MS), -1);
}

/**
 * Reads the chain: who signed each seal, whether one follows the other, and whether every day of the period has its own.
 * What is wrong before the period is no fault of it.
 */
export async function auditChain(found: AsyncIterable<FoundSeal>, question: SealQuestion): Promise<ReadChain> {
  const { since = '', keys, now, expectRoot } = question;
  const faults: AuditFault[] = [];
  const records = new Map<string, InSeal>();
  const whole = new Set<string>();
  const belated: { day: string; sealedAt: string }[] = [];
  let before: Seal | 'unknown' | undefined;
  let first: string | undefined;
  let root: string | undefined;
  let seals = 0;
  let hasRoot = false;
  for await (const { key, seal, fault } of found) {
    const day = parseSealKey(key)?.day;
    const isOutside = day !== undefined && day < since;
    const report = (kind: AuditFault['kind'], message: string): void => {
      if (!isOutside) faults.push({ kind, message, key, ...(day === undefined ? {} : { day }) });
    };
    if (day === undefined) {
      report('stray', 'it lies among the seals, and is none');
      continue;
    }
    const forged = seal === undefined ? fault : findForgery(seal, keys);
    if (seal === undefined || forged !== undefined) {
      report(seal === undefined ? 'seal' : 'forged', forged ?? '');
      before = 'unknown';
      continue;
    }
    const link = before === 'unknown' ? undefined : findLinkFault(before, seal);
    if (link !== undefined) report('chain', link);
    const early = findEarly(seal, now);
    if (early !== undefined) report('early', early);
    before = seal;
    seals += 1;
    first ??= day;
    root = seal.root;
    hasRoot ||= seal.root === expectRoot;
    if (seal.isLast && early === undefined) whole.add(day);
    if (Date.parse(seal.sealedAt) > toDueTime(day) + BELATED_MS) belated.push({ day, sealedAt: seal.sealedAt });
    for (const one of seal.sealed) addRecord(records, one, seal, report);
  }
  const days = [...whole].filter((day) => day >= since && day <= question.until).length;
  faults.push(...listMissing(whole, first, question));
  if (first !== undefined && days === 0) {
    faults.push({ kind: 'seal', message: 'no day of the period is sealed: nothing can be shown of it' });
  }
  if (expectRoot !== undefined && !hasRoot) {
    const message = `no seal has the root ${expectRoot}: what was sealed up to it was removed or replaced since`;
    faults.push({ kind: 'root', message });
  }
  return { faults, records, first, last: [...whole].at(-1), days, seals, root, belated };
}

/** Milliseconds since 1970 at which a day is due. */
function toDueTime(day: string): number {
  return Date.parse(day) + DAY_MS + SEAL_DELAY_MS;
}

function findForgery(seal: Seal, keys: readonly KeyObject[]): string | undefined {
  try {
    verifySeal(seal, keys);
    return undefined;
  } catch (error) {
    if (error instanceof SignatureError) return error.message;
    throw error;
  }
}

function findEarly({ day, sealedAt }: Seal, now: Date): string | undefined {
  if (Date.parse(sealedAt) > now.getTime() + CLOCK_MS)
    return `it says that it was made at ${sealedAt}, which is to come`;
  if (Date.parse(sealedAt) < toDueTime(day)) return `it was made at ${sealedAt}, when the day was not due`;
  return undefined;
}

function addRecord(
  records: Map<string, InSeal>,
  one: SealedRecord,
  { day, key }: Seal,
  report: (kind: AuditFault['kind'], message: string) => void,
): void {
  const known = records.get(one.id);
  if (known === undefined) records.set(one.id, { ...one, sealedWith: day });
  else if (known.sha256 !== one.sha256) {
    report('altered', `${key} has other bytes for the record ${one.id} than the seal of ${known.sealedWith}`);
  }
}

/** Days of the period without a whole seal. What came before the first seal, it holds as late. */
function listMissing(
  whole: ReadonlySet<string>,
  first: string | undefined,
  { since, until, now }: SealQuestion,
): readonly AuditFault[] {
  const required = toRequiredDay(now);
  const end = until < required ? until : required;
  if (first === undefined) return [{ kind: 'seal', message: 'there is no seal that counts' }];
  const faults: AuditFault[] = [];
  for (let day = since === undefined || since < first ? first : since; day <= end; day = addDays(day)) {
    if (!whole.has(day)) faults.push({ kind: 'seal', day, message: 'the day has no whole seal' });
  }
  return faults;
}
