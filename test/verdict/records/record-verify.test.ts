import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parsePullspec } from '../../../lib/base/names/reference.ts';
import { createDirectoryObjectStore } from '../../../lib/platform/objects/directory/directory-object-store.ts';
import { createDirectoryReleaseStore } from '../../../lib/stores/directory-stores.ts';
import { publishTrust } from '../../../lib/trust/publish/publish-trust.ts';
import { decideImage } from '../../../lib/verdict/decide/decide-image.ts';
import { toRecordId, type VerdictRecord } from '../../../lib/verdict/records/verdict-record.ts';
import { toAsked, toRecord } from '../../../lib/verdict/records/write-record.ts';
import {
  FIXTURE_STORE,
  FIXTURE_TIME,
  FIXTURE_TRUST,
  fixtureReleases,
  readFixtureDocuments,
  readFixtureTrust,
} from '../../support/fixture-releases.ts';
import { runSignet } from '../../support/run-signet.ts';
import { untouchedManifests, untouchedStore } from '../../support/untouched-store.ts';

let scratch = '';
let objects = '';
let record: VerdictRecord;

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'records-'));
  objects = path.join(scratch, 'objects');
  const trust = await readFixtureTrust();
  await publishTrust(createDirectoryObjectStore(objects), trust.prepared, readFixtureDocuments());
  const text = fixtureReleases[0]?.pullspec ?? '';
  const decision = await decideImage({ pullspec: parsePullspec(text) }, trust, {
    store: createDirectoryReleaseStore(FIXTURE_STORE),
    lookaside: untouchedStore,
    manifests: untouchedManifests,
    now: () => FIXTURE_TIME,
    signal: new AbortController().signal,
  });
  record = toRecord(toAsked('cli', text), decision);
});

afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

/** A record with members of its verdict replaced, and an id that fits. */
function forge(change: Partial<VerdictRecord['verdict']>): VerdictRecord {
  const verdict = { ...record.verdict, ...change };
  return { ...record, verdict, id: toRecordId(record.asked, verdict) };
}

async function run(content: unknown, ...args: readonly string[]): Promise<{ status: number; output: string }> {
  const file = path.join(scratch, 'record.json');
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  const { status, stdout, stderr } = await runSignet(['record', 'verify', file, ...args]);
  return { status, output: stdout + stderr };
}

describe('signet record verify', () => {
  test('confirms by the documents, exit 0', async () => {
    const { status, output } = await run(record, '--trust', FIXTURE_TRUST);
    expect({ status, output }).toEqual({ status: 0, output: `confirmed  ${record.id}\n` });
  });

  test('confirms by the published revision, as JSON', async () => {
    const { status, output } = await run(record, '--objects', objects, '-o', 'json');
    const confirmed = { schema: 1, id: record.id, outcome: 'confirmed', differences: [], takenAsRecorded: [] };
    expect({ status, result: JSON.parse(output) as unknown }).toEqual({ status: 0, result: confirmed });
  });

  test('says where a forged record differs, exit 1', async () => {
    const { status, output } = await run(forge({ outcome: 'rejected' }), '--trust', FIXTURE_TRUST);
    expect(status).toBe(1);
    expect(output).toContain('outcome is recorded as "rejected", and is "accepted"');
  });

  test.each<[string, () => unknown, () => readonly string[], RegExp]>([
    ['no record', () => '{', () => ['--trust', FIXTURE_TRUST], /not strict JSON/],
    ['a newer schema', () => ({ ...record, schema: 3 }), () => ['--trust', FIXTURE_TRUST], /schema 3/],
    ['neither --trust nor --objects', () => record, () => [], /--trust or --objects/],
    ['both', () => record, () => ['--trust', FIXTURE_TRUST, '--objects', objects], /cannot be used with/],
    [
      'trust of another revision',
      () => forge({ trustRevision: '0'.repeat(64) }),
      () => ['--trust', FIXTURE_TRUST],
      /revision/,
    ],
    [
      'a revision that is not stored',
      () => forge({ trustRevision: '0'.repeat(64) }),
      () => ['--objects', objects],
      /not stored/,
    ],
    [
      'an object store that is not there',
      () => record,
      () => ['--objects', path.join(scratch, 'nowhere')],
      /not stored/,
    ],
    ['another profile', () => forge({ profile: 'okd' }), () => ['--trust', FIXTURE_TRUST], /profile/],
  ])('%s is bad input, exit 2', async (_, content, args, said) => {
    const { status, output } = await run(content(), ...args());
    expect({ status, said: said.test(output) }).toEqual({ status: 2, said: true });
  });
});
