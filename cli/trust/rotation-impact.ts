import { ConfigurationError } from '../../lib/base/errors/configuration-error.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import type { PreparedTrust } from '../../lib/trust/prepared/prepared-trust.ts';
import type { Outcome, Verdict } from '../../lib/verdict/judge/verdict.ts';
import { redecideRecord } from '../../lib/verdict/records/recheck-record.ts';
import type { VerdictRecord } from '../../lib/verdict/records/verdict-record.ts';
import type { FoundRecord } from '../record/places.ts';

/** Days of records that are decided again. */
const IMPACT_DAYS = 90;

interface Decided {
  readonly outcome: Outcome;
  readonly codes: readonly string[];
}

/** What another trust makes of what was decided. */
export interface RotationImpact {
  readonly days: number;
  /** Records of the profile in that time. */
  readonly records: number;
  /** Those that the new trust decides otherwise than the old one: the same evidence, at the recorded time, without force. */
  readonly otherwise: readonly {
    readonly id: string;
    readonly pullspec: string;
    readonly decidedAt: string;
    readonly before: Decided;
    readonly after: Decided;
  }[];
  /** What could not be decided again: nothing is known of it. */
  readonly unchecked: readonly { readonly key: string; readonly fault: string }[];
}

/** Decides the records of the profile again, by the trust before and after. */
export async function measureImpact(
  found: AsyncIterable<FoundRecord>,
  before: PreparedTrust,
  after: PreparedTrust,
  now: Date,
  signal: AbortSignal,
): Promise<RotationImpact> {
  const since = now.getTime() - IMPACT_DAYS * 24 * 60 * 60 * 1000;
  const otherwise: RotationImpact['otherwise'][number][] = [];
  const unchecked: { key: string; fault: string }[] = [];
  let records = 0;
  for await (const { key, record, fault } of found) {
    signal.throwIfAborted();
    if (record === undefined) {
      unchecked.push({ key, fault });
      continue;
    }
    const { profile, decidedAt, pullspec } = record.verdict;
    // A time that cannot be read leaves nothing out.
    if (profile !== before.profile || Date.parse(decidedAt) < since) continue;
    records += 1;
    const verdicts = await decideByBoth(record, before, after);
    if (typeof verdicts === 'string') unchecked.push({ key, fault: verdicts });
    else if (JSON.stringify(verdicts[0]) !== JSON.stringify(verdicts[1])) {
      otherwise.push({ id: record.id, pullspec, decidedAt, before: verdicts[0], after: verdicts[1] });
    }
  }
  return { days: IMPACT_DAYS, records, otherwise, unchecked };
}

/** What is wrong with one record hides no other. */
async function decideByBoth(
  record: VerdictRecord,
  before: PreparedTrust,
  after: PreparedTrust,
): Promise<readonly [Decided, Decided] | string> {
  try {
    return [toDecided(await redecideRecord(record, before)), toDecided(await redecideRecord(record, after))];
  } catch (error) {
    const isOfRecord =
      error instanceof InputError || error instanceof ConfigurationError || error instanceof StoreError;
    if (isOfRecord) return error.message;
    throw error;
  }
}

function toDecided({ outcome, reasons }: Verdict): Decided {
  return { outcome, codes: [...new Set(reasons.map(({ code }) => code))].toSorted() };
}

/** A line for each record that is decided otherwise, after one with the counts. */
export function formatImpact({ days, records, otherwise, unchecked }: RotationImpact): readonly string[] {
  return [
    `records of the last ${days} days: ${records}, ${otherwise.length} would be decided otherwise, ${unchecked.length} not checked`,
    ...otherwise.map(
      ({ pullspec, decidedAt, before, after, id }) =>
        `  otherwise    ${formatDecided(before)} → ${formatDecided(after)}  ${pullspec}  ${decidedAt}  ${id}`,
    ),
    ...unchecked.map(({ key, fault }) => `  not checked  ${key}: ${fault}`),
  ];
}

function formatDecided({ outcome, codes }: Decided): string {
  return codes.length === 0 ? outcome : `${outcome} (${codes.join(', ')})`;
}
