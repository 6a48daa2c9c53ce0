import * as v from 'valibot';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import { untilAborted } from '../../lib/platform/time/deadline.ts';
import { MAX_PAGE_ROWS } from '../../lib/verdict/records/decision-query.ts';
import { isUnreadable } from '../../lib/verdict/records/read-records.ts';
import { isRecordId, MAX_RECORD_BYTES, recordKey } from '../../lib/verdict/records/verdict-record.ts';
import { type Audit, type AuditSource, auditRecords } from '../../lib/verdict/seals/audit-records.ts';
import { listStoredSeals, type StoredSeal } from '../../lib/verdict/seals/read-chain.ts';
import { addDays, isDay, toDay } from '../../lib/verdict/seals/seal.ts';
import { readPublicKey } from '../open/keys.ts';
import { openExisting } from '../open/stores.ts';
import type { OutputOptions } from '../shell/options.ts';
import { countOf, printResult } from '../shell/output.ts';
import { ExitStatus } from '../shell/run-program.ts';
import { fetchBytes, fetchPage, isApi } from './api.ts';
import { type Page, walkPages } from './pages.ts';

export interface RecordAuditOptions extends OutputOptions {
  readonly from: string;
  readonly since?: string;
  readonly until?: string;
  readonly key: readonly string[];
  readonly expectRoot?: string;
  readonly failOnLate?: boolean;
}

/** @returns the exit status */
export async function auditPeriod(options: RecordAuditOptions, signal: AbortSignal): Promise<number> {
  const { from, expectRoot, failOnLate = false } = options;
  const now = new Date();
  const since = options.since === undefined ? undefined : parseDay('--since', options.since);
  const until = options.until === undefined ? toDay(now) : addDays(parseDay('--until', options.until), -1);
  if (since !== undefined && since > until) throw new InputError('ArgumentInvalid', '--since is not before --until');
  if (expectRoot !== undefined && !/^[0-9a-f]{64}$/.test(expectRoot)) {
    throw new InputError('ArgumentInvalid', `--expect-root: ${JSON.stringify(expectRoot)} is not 64 hex digits`);
  }
  if (options.key.length === 0) throw new InputError('ArgumentInvalid', 'name the keys of the seals with --key');
  const keys = await Promise.all(options.key.map(readPublicKey));
  const source = isApi(from) ? openApi(from) : await openStore(from);
  const audit = await untilAborted(auditRecords(source, { since, until, keys, expectRoot, now }), signal);
  printResult(options.output, { from: source.description, ...audit }, formatAudit);
  const isWhole = audit.outcome === 'whole' && !(failOnLate && audit.late.length > 0);
  return isWhole ? ExitStatus.accepted : ExitStatus.rejected;
}

function parseDay(name: string, text: string): string {
  if (isDay(text)) return text;
  throw new InputError('ArgumentInvalid', `${name}: ${JSON.stringify(text)} is not a day, as in 2026-11-01`);
}

async function openStore(place: string): Promise<AuditSource> {
  const objects = await openExisting(place);
  const [prefix = '', end = ''] = recordKey(' ').split(' ');
  return {
    description: objects.description,
    listSeals: () => listStoredSeals(objects),
    async *listIds() {
      for await (const { key } of objects.listObjects(prefix)) {
        const id = key.slice(prefix.length, -end.length);
        if (isRecordId(id) && recordKey(id) === key) yield id;
      }
    },
    async readRecord(id) {
      try {
        return await objects.readObject(recordKey(id), MAX_RECORD_BYTES);
      } catch (error) {
        if (isUnreadable(error)) return { fault: error.message };
        throw error;
      }
    },
  };
}

const sealsPage = v.object({
  seals: v.array(v.object({ key: v.string(), text: v.optional(v.string()), fault: v.optional(v.string()) })),
  next: v.optional(v.string()),
});
const idsPage = v.object({ verdicts: v.array(v.object({ id: v.string() })), next: v.optional(v.string()) });

/** What the service gives: its list names the records, and the seals say whether one is missing from it. */
function openApi(api: string): AuditSource {
  return {
    description: api,
    async *listSeals() {
      for await (const { seals } of pages(
        { api, path: '/v1/records/seals' },
        {},
        sealsPage,
        (page) => page.seals.length,
      )) {
        for (const { key, text, fault } of seals) {
          yield { key, bytes: text === undefined ? undefined : Buffer.from(text), fault } satisfies StoredSeal;
        }
      }
    },
    async *listIds() {
      const known = new Set<string>();
      const limit = { limit: String(MAX_PAGE_ROWS) };
      const listed = pages({ api, path: '/v1/verdicts' }, limit, idsPage, (page) => page.verdicts.length);
      for await (const { verdicts } of listed) {
        for (const { id } of verdicts) {
          if (!known.has(id) && isRecordId(id)) yield id;
          known.add(id);
        }
      }
    },
    async readRecord(id) {
      const bytes = await fetchBytes(api, `/v1/records/${id}/stored`, {});
      return bytes === undefined ? undefined : { bytes };
    },
  };
}

function pages<T extends Page>(
  { api, path }: { readonly api: string; readonly path: string },
  parameters: Readonly<Record<string, string>>,
  schema: v.GenericSchema<unknown, T>,
  countRows: (page: T) => number,
): AsyncGenerator<T> {
  const ask = async (after: string | undefined): Promise<T> => {
    const asked = { ...parameters, ...(after === undefined ? {} : { after }) };
    const result = v.safeParse(schema, await fetchPage(api, path, asked));
    if (!result.success) throw new StoreError('BodyInvalid', `${api}: the answer to ${path} is no page`);
    return result.output;
  };
  return walkPages(`${api}: the list of ${path}`, ask, countRows);
}

function formatAudit(audit: Audit & { readonly from: string }): string {
  const { outcome, since = 'the first seal', until, days, records, sealedUntil = 'never', root, faults, late } = audit;
  return [
    `${outcome}  ${audit.from}, from ${since} to ${until}`,
    ...faults.map(({ kind, day, id, key, message }) => {
      return `  ${kind}  ${[day, id ?? key].filter((one) => one !== undefined).join('  ')}: ${message}`;
    }),
    ...late.map(({ id, day, sealedWith }) => `  late  ${day}  ${id}: sealed with ${sealedWith}`),
    ...audit.belated.map(({ day, sealedAt }) => `  belated  ${day}: sealed at ${sealedAt}`),
    `  ${countOf(days, 'day')} sealed, ${countOf(records, 'record')} as they were sealed, ${countOf(late.length, 'late one')}`,
    ...(audit.beforeFirstSeal === 0 ? [] : [`  ${audit.beforeFirstSeal} of them from before the first seal`]),
    ...(audit.notYetSealed === 0 ? [] : [`  ${audit.notYetSealed} of days that are not sealed yet`]),
    `  sealed until ${sealedUntil}${root === undefined ? '' : `, root ${root}`}`,
  ].join('\n');
}
