import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { createHandler } from '../../../functions/read-records/handler.ts';
import { sweep } from '../../../lib/push/reverify/sweep.ts';
import { loadRevision } from '../../../lib/trust/source/load-trust.ts';
import { createTrustSource } from '../../../lib/trust/source/trust-source.ts';
import type { Verdict } from '../../../lib/verdict/judge/verdict.ts';
import { readStoredRecord } from '../../../lib/verdict/records/read-records.ts';
import { recheckRecord } from '../../../lib/verdict/records/recheck-record.ts';
import { toRecordId, type VerdictRecord } from '../../../lib/verdict/records/verdict-record.ts';
import { createLocalContext } from '../../../local/local-context.ts';
import { toHttpEvent } from '../../support/http-event.ts';
import { createMemoryObjectStore, type MemoryObjectStore } from '../../support/memory-object-store.ts';
import { createMemoryQueue } from '../../support/memory-queue.ts';
import { createKeptTelemetry } from '../../support/quiet-telemetry.ts';

/** What version 0.1.0 wrote: see the README there. */
const FIXTURES = path.join(import.meta.dirname, '../../fixtures/records-4c0e169');
const PROFILES = ['both', 'keyring', 'policy', 'sigstore', 'two-keyrings', 'warn'];
const NOW = new Date('2026-11-23T00:00:00Z');

interface Made {
  readonly id: string;
  readonly outcome: Verdict['outcome'];
  readonly forced: boolean;
  readonly codes: readonly string[];
}

const made = Object.entries(
  JSON.parse(readFileSync(path.join(FIXTURES, 'records.json'), 'utf8')) as Readonly<Record<string, Made>>,
);

function openObjects(): MemoryObjectStore {
  const root = path.join(FIXTURES, 'objects');
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return createMemoryObjectStore(
    files.map(({ parentPath, name }) => {
      const file = path.join(parentPath, name);
      return [path.relative(root, file).replaceAll(path.sep, '/'), readFileSync(file)];
    }),
  );
}

const objects = openObjects();

async function read(id: string): Promise<VerdictRecord> {
  const stored = await readStoredRecord(objects, id);
  if (stored === undefined) throw new Error(`there is no record ${id}`);
  return stored.record;
}

async function recheck(record: VerdictRecord) {
  const { profile, trustRevision } = record.verdict;
  return await recheckRecord(record, await loadRevision(objects, profile, trustRevision));
}

describe('a record of version 0.1.0', () => {
  test.each(made)('%s: is read, and confirmed by its own rule', async (_, { id, outcome, forced, codes }) => {
    const record = await read(id);
    expect(record).toMatchObject({ schema: 1, id, manifests: [], verdict: { schema: 1, outcome, forced } });
    expect(record.verdict.reasons.map(({ code }) => code)).toEqual(codes);
    const { takenAsRecorded, ...result } = await recheck(record);
    expect(result).toEqual({ outcome: 'confirmed', differences: [] });
    expect(takenAsRecorded).toContain('decided before per-image rules: the images of an index were not looked at');
    expect(takenAsRecorded).toContain('decided by signet/0.1.0, not by signet/0.2.0');
  });

  test.each(made)('%s: differs when it is tampered with', async (_, { id }) => {
    const record = await read(id);
    const { outcome } = record.verdict;
    const other = outcome === 'accepted' ? 'rejected' : 'accepted';
    const changes: readonly VerdictRecord[] = [
      withVerdict(record, { outcome: other }),
      withVerdict(record, { reasons: [...record.verdict.reasons, { code: 'KeyRevoked', message: 'revoked' }] }),
      withVerdict(record, { pullspec: record.verdict.pullspec.replaceAll('7', '8') }),
      withVerdict(record, { verifierVersion: 'signet/0.2.0' }),
      { ...record, id: '0'.repeat(64) },
      { ...record, firstDecidedAt: NOW.toISOString() },
      ...record.signatures.map((signature) => ({
        ...record,
        signatures: record.signatures.filter((one) => one !== signature),
      })),
      ...record.signatures.map((signature) => withBytes(record, signature.sha256)),
    ];
    for (const changed of changes) expect((await recheck(changed)).outcome).toBe('differs');
  });
});

/** With an id that fits, as whoever forges a record would give it. */
function withVerdict(record: VerdictRecord, change: Partial<Verdict>): VerdictRecord {
  const verdict = { ...record.verdict, ...change };
  return { ...record, verdict, id: toRecordId(record.asked, verdict) };
}

/** With one more byte in one of its signatures. */
function withBytes(record: VerdictRecord, sha256: string): VerdictRecord {
  const signatures = record.signatures.map((signature) =>
    signature.sha256 === sha256 && signature.bytes !== undefined
      ? {
          ...signature,
          bytes: Buffer.concat([Buffer.from(signature.bytes, 'base64'), Buffer.of(0)]).toString('base64'),
        }
      : signature,
  );
  return { ...record, signatures };
}

test('the API lists them, the newest first, and shows each', async () => {
  const now = (): Date => NOW;
  const handler = createHandler({
    trust: createTrustSource(objects, PROFILES, now),
    objects,
    queues: [],
    telemetry: createKeptTelemetry(),
    now,
  });
  const get = async (resource: string) => {
    const event = toHttpEvent({ method: 'GET', path: resource });
    const response = await handler(event, createLocalContext('read-records'));
    return {
      status: response.statusCode,
      body: JSON.parse(response.body ?? '') as { readonly records?: readonly VerdictRecord[] },
    };
  };
  const records = `/v1/records/sha256:${'7'.repeat(64)}`;
  const { status, body } = await get(records);
  expect(status).toBe(200);
  const ids = made.map(([, { id }]) => id).toSorted();
  expect(body.records?.map(({ id }) => id).toSorted()).toEqual(ids);
  for (const id of ids) expect(await get(`${records}/${id}`)).toMatchObject({ status: 200, body: { schema: 1, id } });
});

test('what it accepted is asked again once after the upgrade', async () => {
  const kept = openObjects();
  const now = (): Date => NOW;
  const source = createTrustSource(kept, PROFILES, now, 0);
  const trusts = await Promise.all(PROFILES.map((profile) => source.read(profile)));
  // As version 0.1.0 left it behind when it had swept everything.
  const state = {
    schema: 1,
    phase: 'done',
    revisions: Object.fromEntries(trusts.map(({ prepared }) => [prepared.profile, prepared.revision])),
    profiles: [],
    startedAt: NOW.toISOString(),
    fullAt: NOW.toISOString(),
    settling: [],
  };
  await kept.createObject('reverify/state.json', Buffer.from(JSON.stringify(state)));
  const pushQueue = createMemoryQueue();
  const { signal } = new AbortController();
  const request = {
    objects: kept,
    profiles: PROFILES,
    trusts,
    pushQueue,
    invalidation: undefined,
    now,
    isTimeUp: () => false,
    signal,
  };
  const accepted = made.filter(([, { outcome, forced }]) => outcome === 'accepted' && !forced);
  expect(await sweep(request)).toMatchObject({ kind: 'swept', queued: accepted.length, finished: true });
  for (const [, { id }] of accepted) expect(pushQueue.sent.join()).toContain(id);
  expect(await sweep(request)).toMatchObject({ kind: 'idle', queued: 0 });
});
