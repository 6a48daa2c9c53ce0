import * as v from 'valibot';
import { beforeAll, describe, expect, test } from 'vitest';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import type { ObjectStore } from '../../lib/platform/objects/port/object-store.ts';
import { prepareTrust } from '../../lib/trust/prepare/prepare-trust.ts';
import { publishTrust } from '../../lib/trust/publish/publish-trust.ts';
import { attestationKey, attestRecord } from '../../lib/verdict/attest/attest-record.ts';
import { parseRecord } from '../../lib/verdict/records/parse-record.ts';
import { sealDays } from '../../lib/verdict/seals/seal-days.ts';
import { FIXTURE_TIME, readFixtureDocuments } from '../support/fixture-releases.ts';
import type { SampleRequest } from '../support/http-event.ts';
import { createMemoryObjectStore } from '../support/memory-object-store.ts';
import { confirmed, makeKey } from '../verdict/attest/attest-setup.ts';
import { checkHeader, compileSchema, describeResponse, operations } from './read-openapi.ts';
import { createSampleApi } from './sample-api.ts';
import { digest, good, OBJECTS, rows, SIGNATURES } from './sample-requests.ts';

/** What a row, and what is asked after it, came out as: `POST /v1/verify 200`. */
const answered = new Set<string>();
let samples: Readonly<Record<keyof typeof OBJECTS, ObjectStore>>;

beforeAll(async () => {
  samples = { filled: await OBJECTS.filled(), empty: await OBJECTS.empty(), broken: await OBJECTS.broken() };
});

/** Asks, and holds the answer against what is written of it. */
async function ask(request: SampleRequest, over: keyof typeof OBJECTS = 'filled') {
  const { method, route, result } = await createSampleApi(samples[over]).ask(request);
  const operation = operations.find((one) => one.method === method && one.route === route);
  if (operation === undefined) throw new Error(`${method} ${route} is not described`);
  const response = describeResponse(operation, String(result.statusCode));
  answered.add(`${method} ${route} ${result.statusCode}`);
  const headers = result.headers ?? {};
  const faults = Object.keys(response.headers).flatMap((name) => checkHeader(response, name, headers[name]));
  expect(faults).toEqual([]);
  const [type = ''] = String(headers['content-type'] ?? '').split(';');
  const types = Object.keys(response.content);
  expect(types.length === 0 ? [''] : types).toContain(type);
  if (type.endsWith('json')) {
    const validate = compileSchema(`${response.pointer}/content/${type.replace('/', '~1')}/schema`);
    validate(JSON.parse(result.body ?? ''));
    expect(validate.errors).toBeNull();
  }
  return { status: result.statusCode, headers, type, body: result.body ?? '' };
}

const Listed = v.object({ verdicts: v.array(v.object({ id: v.string() })) });
const Said = v.looseObject({ code: v.optional(v.string()), outcome: v.optional(v.string()) });

describe('the functions answer as described', () => {
  test.each(rows)('$method $path: $name: $status', async (row) => {
    const { status, type, body } = await ask(row, row.over);
    expect(status).toBe(row.status);
    if (row.says === undefined) return;
    const { code, outcome } = v.parse(Said, JSON.parse(body));
    expect(type === 'application/problem+json' ? code : outcome).toBe(row.says);
  });

  test('a record has its attestation once it is signed, and a day its seal', async () => {
    const { headers } = await ask({ method: 'POST', path: '/v1/verify', body: { pullspec: good } });
    const [id = ''] = String(headers['location']).split('/').toReversed();
    const stored = await ask({ method: 'GET', path: `/v1/records/${id}/stored` });
    const record = parseRecord(id, Buffer.from(stored.body));
    const { signer } = makeKey();
    const form = 'svr';
    await attestRecord({
      objects: samples.filled,
      key: attestationKey(id, form),
      stored: { record, bytes: Buffer.from(stored.body) },
      form,
      signer,
      findFault: confirmed,
    });
    const attestation = await ask({ method: 'GET', path: `/v1/records/${id}/attestation` });
    expect(attestation.type).toBe('application/vnd.dsse.envelope.v1+json');
    await sealDays({ objects: samples.filled, signer, now: () => FIXTURE_TIME, isTimeUp: () => false });
    const seals = await ask({ method: 'GET', path: '/v1/records/seals' });
    expect(seals.body).toContain('seals/2026-11-20/0001.json');
  });

  test('a record is where its verdict says, and on its page', async () => {
    const { headers } = await ask({ method: 'POST', path: '/v1/verify', body: { pullspec: good } });
    const record = await ask({ method: 'GET', path: String(headers['location']) });
    expect(record.status).toBe(200);
    const page = await ask({ method: 'GET', path: `/v1/records/${digest}` });
    expect(page.body).toContain(record.body);
    await ask({ method: 'POST', path: '/v1/verify', body: { pullspec: good.replace('@', ':a-tag@') } });
    const first = await ask({ method: 'GET', path: `/v1/records/${digest}`, query: { limit: '1' } });
    expect(first.body).toMatch(/"next":"[^"]+"}$/);
  });

  test('a verdict is in the list at once, under what it was asked for', async () => {
    const { headers } = await ask({ method: 'POST', path: '/v1/verify', body: { pullspec: good } });
    const list = await ask({ method: 'GET', path: '/v1/verdicts', query: { outcome: 'accepted' } });
    expect(list.status).toBe(200);
    const ids = v.parse(Listed, JSON.parse(list.body)).verdicts.map(({ id }) => id);
    expect(ids).toContain(String(headers['location']).split('/').at(-1));
    const none = await ask({ method: 'GET', path: '/v1/verdicts', query: { since: '2200-01-01' } });
    expect(v.parse(Listed, JSON.parse(none.body)).verdicts).toEqual([]);
  });

  test('a record that is broken is a failure of ours', async () => {
    const { headers } = await ask({ method: 'POST', path: '/v1/verify', body: { pullspec: good } });
    const [, , , , name = ''] = String(headers['location']).split('/');
    const newer = Buffer.from('{"schema":3}');
    samples = { ...samples, filled: { ...samples.filled, readObject: async () => ({ bytes: newer, etag: '"1"' }) } };
    const record = await ask({ method: 'GET', path: `/v1/records/${digest}/${name}` });
    expect(record.status).toBe(500);
    // On a page it is named, and hides no other.
    const page = await ask({ method: 'GET', path: `/v1/records/${digest}` });
    expect([page.status, page.body]).toEqual([200, expect.stringContaining(name)]);
    expect(JSON.parse(page.body)).toMatchObject({ records: [] });
    const torn = Buffer.from('{');
    samples = { ...samples, filled: { ...samples.filled, readObject: async () => ({ bytes: torn, etag: '"1"' }) } };
    expect((await ask({ method: 'GET', path: `/v1/records/${digest}/${name}` })).status).toBe(503);
    const fail = (error: Error) => ({
      ...samples,
      filled: { ...samples.filled, readObject: () => Promise.reject(error) },
    });
    samples = fail(new StoreError('ConnectionFailed', 'refused'));
    expect((await ask({ method: 'GET', path: `/v1/records/${digest}` })).status).toBe(503);
    samples = fail(new TypeError('a fault of ours'));
    expect((await ask({ method: 'GET', path: `/v1/records/${digest}` })).status).toBe(500);
    expect((await ask({ method: 'GET', path: '/v1/verdicts' })).status).toBe(500);
    samples = { ...samples, filled: await OBJECTS.filled() };
  });

  test('the state of a bundle is where its request says: queued, done with a link, failed, broken', async () => {
    const asked = await ask({ method: 'POST', path: '/v1/bundles', body: {} });
    const place = String(asked.headers['location']);
    const queued = await ask({ method: 'GET', path: place });
    expect(JSON.parse(queued.body)).toMatchObject({ state: 'queued', profile: 'ocp' });
    const list = async () => JSON.parse((await ask({ method: 'GET', path: '/v1/bundles' })).body) as object;
    expect(await list()).toMatchObject({ bundles: [{ state: 'queued', profile: 'ocp' }] });
    const key = `bundles/${place.slice('/v1/bundles/'.length)}/state.json`;
    const stored = await samples.filled.readObject(key, 1024);
    const put = async (change: object): Promise<void> => {
      const state: unknown = JSON.parse(Buffer.from(stored?.bytes ?? []).toString());
      const bytes = Buffer.from(JSON.stringify({ ...v.parse(v.record(v.string(), v.unknown()), state), ...change }));
      const { etag } = (await samples.filled.readObject(key, 1024)) ?? {};
      await samples.filled.replaceObject(key, bytes, etag);
    };
    const [finishedAt, sha256] = ['2026-11-22T00:00:00.000Z', '0'.repeat(64)];
    const counts = { digests: 1, signatures: 1, configMaps: 1, files: 5 };
    await put({ state: 'done', finishedAt, sha256, size: 1, manifestSha256: sha256, counts });
    const done = await ask({ method: 'GET', path: place });
    expect(JSON.parse(done.body)).toMatchObject({ state: 'done', link: `${place}/download` });
    expect(await list()).toMatchObject({ bundles: [{ state: 'done', size: 1, counts }] });
    await put({ state: 'failed', finishedAt, failure: { code: 'NothingVerifies', message: 'mirror first' } });
    const failed = await ask({ method: 'GET', path: place });
    expect(JSON.parse(failed.body)).toMatchObject({ state: 'failed', failure: { code: 'NothingVerifies' } });
    await put({ schema: 2 });
    expect((await ask({ method: 'GET', path: place })).status).toBe(500);
    expect(await list()).toMatchObject({ bundles: [{ fault: expect.any(String) as unknown }] });
    const readObject = () => Promise.reject(new TypeError('a fault of ours'));
    samples = { ...samples, filled: { ...samples.filled, readObject } };
    expect((await ask({ method: 'GET', path: '/v1/bundles' })).status).toBe(500);
    samples = { ...samples, filled: await OBJECTS.filled() };
  });

  test.each(SIGNATURES)('%s is not sent again to who has it', async (place) => {
    for (const method of ['GET', 'HEAD'] as const) {
      const { headers } = await ask({ method, path: place });
      const again = await ask({ method, path: place, headers: { 'if-none-match': String(headers['etag']) } });
      expect(again.status).toBe(304);
      expect(again.body).toBe('');
    }
  });

  test('a profile may forbid force', async () => {
    const documents = readFixtureDocuments({
      'profile.yaml': 'apiVersion: signet/v1\nkind: Profile\nmetadata: {name: ocp}\nspec: {force: deny}\n',
    });
    const objects = createMemoryObjectStore();
    await publishTrust(objects, await prepareTrust('ocp', documents), documents);
    samples = { ...samples, filled: objects };
    const { status } = await ask({ method: 'POST', path: '/v1/verify/forced', body: { pullspec: good, force: true } });
    expect(status).toBe(403);
    samples = { ...samples, filled: await OBJECTS.filled() };
  });

  test('every answer that is described was given here', () => {
    const described = operations.flatMap(({ method, route, operation }) =>
      Object.keys(operation.responses).map((status) => `${method} ${route} ${status}`),
    );
    expect([...answered].toSorted(compare)).toEqual(described.toSorted(compare));
  });
});

function compare(one: string, other: string): number {
  return one < other ? -1 : 1;
}
