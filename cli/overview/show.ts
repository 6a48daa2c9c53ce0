import * as v from 'valibot';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import { untilAborted } from '../../lib/platform/time/deadline.ts';
import { fetchPage, isApi } from '../record/api.ts';
import type { OutputOptions } from '../shell/options.ts';
import { formatTable, printResult } from '../shell/output.ts';
import { ExitStatus } from '../shell/run-program.ts';

export interface OverviewOptions extends OutputOptions {
  readonly days?: string;
}

const text = v.string();
const count = v.number();
const fault = v.optional(text);
const letter = v.looseObject({ id: text, sentAt: text, reason: text });
const schema = v.looseObject({
  schema: v.literal(1),
  at: text,
  profiles: v.array(
    v.looseObject({
      profile: text,
      state: text,
      revision: v.optional(text),
      ageSeconds: v.optional(count),
      keyExpiresInDays: v.optional(count),
    }),
  ),
  decisions: v.looseObject({
    days: v.optional(
      v.array(v.looseObject({ day: text, accepted: count, rejected: count, indeterminate: count, forced: count })),
      [],
    ),
    scannedUntil: fault,
    fault,
  }),
  queues: v.array(
    v.looseObject({
      name: text,
      waiting: v.optional(count),
      deadLetters: v.optional(v.looseObject({ count, latest: v.array(letter) })),
      fault,
    }),
  ),
  mirror: v.array(
    v.looseObject({
      profile: text,
      plannedAt: v.optional(text),
      minors: v.optional(
        v.array(v.looseObject({ minor: text, architecture: text, wanted: count, held: count, absent: count })),
        [],
      ),
      fault,
    }),
  ),
  readiness: v.array(
    v.looseObject({
      profile: text,
      reportedAt: v.optional(text),
      minors: v.optional(
        v.array(
          v.looseObject({ minor: text, both: count, 'openpgp only': count, 'sigstore only': count, neither: count }),
        ),
        [],
      ),
      fault,
    }),
  ),
});
type Overview = v.InferOutput<typeof schema>;

/** @returns the exit status */
export async function showOverview(
  api: string,
  { days, output }: OverviewOptions,
  signal: AbortSignal,
): Promise<number> {
  if (!isApi(api))
    throw new InputError('ArgumentInvalid', `${api}: name the API by its URL, as in https://signet.example.com`);
  const answer = await untilAborted(fetchPage(api, '/v1/overview', days === undefined ? {} : { days }), signal);
  const result = v.safeParse(schema, answer);
  if (!result.success) throw new StoreError('BodyInvalid', `${api}: the answer is no overview`);
  printResult(output, result.output, formatOverview);
  return ExitStatus.done;
}

function formatOverview({ profiles, decisions, queues, mirror, readiness }: Overview): string {
  return [
    ...section('PROFILE,TRUST,REVISION,AGE,KEY EXPIRES', profiles.map(toProfileRow)),
    ...section(
      'DAY,ACCEPTED,REJECTED,INDETERMINATE,FORCED',
      decisions.days.map((one) => [one.day, one.accepted, one.rejected, one.indeterminate, one.forced]),
    ),
    ...(decisions.scannedUntil === undefined ? [] : [`counted down to ${decisions.scannedUntil}`, '']),
    ...section(
      'QUEUE,WAITING,DEAD LETTERS',
      queues.map((one) => [one.name, one.waiting ?? '?', one.deadLetters?.count ?? '?']),
    ),
    ...section(
      'QUEUE,DEAD SINCE,REASON',
      queues.flatMap(({ name, deadLetters }) =>
        (deadLetters?.latest ?? []).map((one) => [name, one.sentAt, one.reason]),
      ),
    ),
    ...section(
      'MIRROR,VERSION,ARCHITECTURE,WANTED,HELD,SIGNED NOWHERE',
      mirror.flatMap(({ profile, minors }) =>
        minors.map((one) => [profile, one.minor, one.architecture, one.wanted, one.held, one.absent]),
      ),
    ),
    ...section(
      'READINESS,VERSION,BOTH,OPENPGP ONLY,SIGSTORE ONLY,NEITHER',
      readiness.flatMap(({ profile, minors }) =>
        minors.map((one) => [profile, one.minor, one.both, one['openpgp only'], one['sigstore only'], one.neither]),
      ),
    ),
    ...[decisions, ...queues, ...mirror, ...readiness].flatMap((one) =>
      one.fault === undefined ? [] : [`not read: ${one.fault}`],
    ),
  ]
    .join('\n')
    .trimEnd();
}

function toProfileRow({ profile, state, revision, ageSeconds, keyExpiresInDays }: Overview['profiles'][number]) {
  const age = ageSeconds === undefined ? '' : `${ageSeconds} s`;
  const expiry = keyExpiresInDays === undefined ? 'never' : `in ${keyExpiresInDays} days`;
  return [profile, state, revision?.slice(0, 12) ?? '', age, revision === undefined ? '' : expiry];
}

function section(header: string, rows: readonly (readonly (string | number)[])[]): readonly string[] {
  if (rows.length === 0) return [];
  return [...formatTable([header.split(','), ...rows.map((row) => row.map(String))]), ''];
}
