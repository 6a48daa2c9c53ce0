import * as v from 'valibot';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ObjectStore } from '../../lib/platform/objects/port/object-store.ts';
import { prepareTrust } from '../../lib/trust/prepare/prepare-trust.ts';
import { publishTrust } from '../../lib/trust/publish/publish-trust.ts';
import { readFixtureDocuments } from '../support/fixture-releases.ts';
import type { SampleRequest } from '../support/http-event.ts';
import { createMemoryObjectStore } from '../support/memory-object-store.ts';
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

const Said = v.looseObject({ code: v.optional(v.string()), outcome: v.optional(v.string()) });

describe('the functions answer as described', () => {
  test.each(rows)('$method $path: $name: $status', async (row) => {
    const { status, type, body } = await ask(row, row.over);
    expect(status).toBe(row.status);
    if (row.says === undefined) return;
    const { code, outcome } = v.parse(Said, JSON.parse(body));
    expect(type === 'application/problem+json' ? code : outcome).toBe(row.says);
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

  test('a record that is broken is a failure of ours', async () => {
    const { headers } = await ask({ method: 'POST', path: '/v1/verify', body: { pullspec: good } });
    const [, , , , name = ''] = String(headers['location']).split('/');
    const newer = Buffer.from('{"schema":3}');
    samples = { ...samples, filled: { ...samples.filled, readObject: async () => ({ bytes: newer, etag: '"1"' }) } };
    const record = await ask({ method: 'GET', path: `/v1/records/${digest}/${name}` });
    expect(record.status).toBe(500);
    const page = await ask({ method: 'GET', path: `/v1/records/${digest}` });
    expect(page.status).toBe(500);
    const torn = Buffer.from('{');
    samples = { ...samples, filled: { ...samples.filled, readObject: async () => ({ bytes: torn, etag: '"1"' }) } };
    expect((await ask({ method: 'GET', path: `/v1/records/${digest}` })).status).toBe(503);
    samples = { ...samples, filled: await OBJECTS.filled() };
  });

  test('the state of a bundle is where its request says: queued, done with a link, failed, broken', async () => {
    const asked = await ask({ method: 'POST', path: '/v1/bundles', body: {} });
    const place = String(asked.headers['location']);
    const queued = await ask({ method: 'GET', path: place });
    expect(JSON.parse(queued.body)).toMatchObject({ state: 'queued', profile: 'ocp' });
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
    await put({ state: 'failed', finishedAt, failure: { code: 'NothingVerifies', message: 'mirror first' } });
    const failed = await ask({ method: 'GET', path: place });
    expect(JSON.parse(failed.body)).toMatchObject({ state: 'failed', failure: { code: 'NothingVerifies' } });
    await put({ schema: 2 });
    expect((await ask({ method: 'GET', path: place })).status).toBe(500);
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
