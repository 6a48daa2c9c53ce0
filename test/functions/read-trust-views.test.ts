import { beforeAll, describe, expect, test } from 'vitest';
import type { ObjectStore } from '../../lib/platform/objects/port/object-store.ts';
import { prepareTrust } from '../../lib/trust/prepare/prepare-trust.ts';
import { publishTrust } from '../../lib/trust/publish/publish-trust.ts';
import { createSampleApi } from '../docs/sample-api.ts';
import { readFixtureDocuments } from '../support/fixture-releases.ts';
import { createMemoryObjectStore } from '../support/memory-object-store.ts';

const WARNS = { 'profile.yaml': 'apiVersion: signet/v1\nkind: Profile\nmetadata: {name: ocp}\nspec: {mode: warn}\n' };
let objects: ObjectStore;
let [first, second] = ['', ''];
beforeAll(async () => {
  objects = createMemoryObjectStore();
  const publish = async (more: Readonly<Record<string, string>>, day: number): Promise<string> => {
    const documents = readFixtureDocuments(more);
    const trust = await prepareTrust('ocp', documents);
    return (await publishTrust(objects, trust, documents, new Date(Date.UTC(2026, 10, day)))).revision;
  };
  first = await publish({}, 1);
  second = await publish(WARNS, 2);
});

async function ask(below: string, query: Readonly<Record<string, string>> = {}, over = objects) {
  const { result } = await createSampleApi(over).ask({ method: 'GET', path: `/v1/trust/${below}`, query });
  return { status: result.statusCode, body: JSON.parse(result.body ?? '{}') as Record<string, unknown> };
}

describe('GET /v1/trust/{profile}/revisions', () => {
  test('lists publications newest first, and says which one counts', async () => {
    expect((await ask('ocp/revisions')).body).toEqual({
      schema: 1,
      profile: 'ocp',
      current: second,
      revisions: [
        { revision: second, publishedAt: '2026-11-02T00:00:00.000Z' },
        { revision: first, publishedAt: '2026-11-01T00:00:00.000Z' },
      ],
    });
    const { body } = await ask('ocp/revisions', { limit: '1' });
    const { body: rest } = await ask('ocp/revisions', { limit: '1', after: String(body['next']) });
    expect([body['revisions'], rest['revisions'], rest['next']]).toMatchObject([
      [{ revision: second }],
      [{ revision: first }],
      undefined,
    ]);
  });

  test('names what an earlier version published, without a time', async () => {
    const old = createMemoryObjectStore();
    for await (const { key } of objects.listObjects('trust/')) {
      const stored = key.includes('/published/') ? undefined : await objects.readObject(key, 1e7);
      if (stored !== undefined) await old.createObject(key, stored.bytes);
    }
    expect((await ask('ocp/revisions', {}, old)).body['revisions']).toEqual([{ revision: second }]);
  });

  test('shows one revision with its documents', async () => {
    const { body } = await ask(`ocp/revisions/${first}`);
    expect(body).toMatchObject({
      revision: first,
      summary: { mode: 'enforce', keyrings: [{ keys: expect.any(Array) as unknown }] },
    });
    expect(body['documents']).toEqual(
      expect.arrayContaining([{ name: expect.any(String) as unknown, sha256: expect.any(String) as unknown }]),
    );
    expect(body['summary']).not.toHaveProperty('refreshedAt');
  });

  test('tells what changed between two, in both directions', async () => {
    const { body } = await ask('ocp/changes', { from: first, to: second });
    expect(body['changes']).toEqual([
      { what: 'setting', change: 'changed', name: 'mode', before: '"enforce"', after: '"warn"' },
      {
        what: 'document',
        change: 'added',
        name: 'profile.yaml',
        after: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
      },
    ]);
    const { body: back } = await ask('ocp/changes', { from: second, to: first });
    expect(back['changes']).toMatchObject([{ before: '"warn"', after: '"enforce"' }, { change: 'removed' }]);
  });

  test.each<
    [name: string, below: () => string, query: () => Readonly<Record<string, string>>, status: number, says: RegExp]
  >([
    ['another profile', () => 'okd/revisions', () => ({}), 404, /there is no profile "okd"/],
    ['a profile that is a path', () => '..%2f/revisions', () => ({}), 404, /there is no profile/],
    [
      'an unknown parameter',
      () => 'ocp/revisions',
      () => ({ q: 'x' }),
      400,
      /^unknown parameter "q"; expected limit, after$/,
    ],
    ['a cursor of nobody', () => 'ocp/revisions', () => ({ after: '..' }), 400, /^after: /],
    ['a page too long', () => 'ocp/revisions', () => ({ limit: '101' }), 400, /^limit: /],
    ['a revision that is none', () => 'ocp/revisions/current', () => ({}), 400, /^revision: /],
    ['a revision that is not stored', () => `ocp/revisions/${'0'.repeat(64)}`, () => ({}), 404, /not stored/],
    ['only one to compare', () => 'ocp/changes', () => ({ from: first }), 400, /^to: /],
    ['none to compare', () => 'ocp/changes', () => ({}), 400, /^from: /],
    ['one that is not stored', () => 'ocp/changes', () => ({ from: first, to: '0'.repeat(64) }), 404, /not stored/],
    [
      'a parameter too many',
      () => 'ocp/changes',
      () => ({ from: first, to: second, x: '1' }),
      400,
      /^unknown parameter "x"/,
    ],
  ])('%s', async (_, below, query, status, says) => {
    const { status: got, body } = await ask(below(), query());
    expect([got, body['detail']]).toEqual([status, expect.stringMatching(says)]);
  });
});
