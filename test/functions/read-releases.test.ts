import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import { parseDigest } from '../../lib/base/names/digest.ts';
import { MAX_LOOKED_AT, MAX_PASSED_BY } from '../../lib/cluster/releases/list-releases.ts';
import type { ReleaseCatalog } from '../../lib/mirror/sync/release-catalog.ts';
import { rememberCatalog } from '../../lib/mirror/sync/release-catalog.ts';
import type { ObjectStore } from '../../lib/platform/objects/port/object-store.ts';
import { createSampleApi } from '../docs/sample-api.ts';
import { good, digest as mirrored, OBJECTS } from '../docs/sample-requests.ts';
import { FIXTURE_STORE } from '../support/fixture-releases.ts';

const digestOf = (index: number) => parseDigest(`sha256:${index.toString(16).padStart(64, '0')}`);

const Page = v.object({
  profile: v.string(),
  catalog: v.optional(v.object({ releases: v.number(), failedGraphs: v.number() })),
  releases: v.array(
    v.looseObject({
      digest: v.string(),
      pullspec: v.string(),
      versions: v.array(v.string()),
      architectures: v.array(v.string()),
      listedBy: v.string(),
      fault: v.optional(v.string()),
      openpgp: v.optional(v.looseObject({ state: v.string() })),
      mirrored: v.optional(v.looseObject({ state: v.string(), signatures: v.number() })),
      lastVerdict: v.optional(v.looseObject({ outcome: v.string() })),
    }),
  ),
  next: v.optional(v.string()),
  catalogFault: v.optional(v.string()),
});

async function ask(objects: ObjectStore, query: Readonly<Record<string, string>> = {}, below = '') {
  const { result } = await createSampleApi(objects).ask({ method: 'GET', path: `/v1/releases${below}`, query });
  return { status: result.statusCode, body: JSON.parse(result.body ?? '{}') as unknown };
}

async function list(objects: ObjectStore, query: Readonly<Record<string, string>> = {}) {
  const { status, body } = await ask(objects, query);
  expect([status, status === 200 ? '' : body]).toEqual([200, '']);
  return v.parse(Page, body);
}

/** All pages, each asked for with the `next` of the one before. */
async function listAll(objects: ObjectStore, query: Readonly<Record<string, string>>) {
  const releases: v.InferOutput<typeof Page>['releases'] = [];
  let pages = 0;
  for (let next: string | undefined = ''; next !== undefined; pages += 1) {
    const page: v.InferOutput<typeof Page> = await list(objects, next === '' ? query : { ...query, after: next });
    releases.push(...page.releases);
    next = page.next;
  }
  return { releases, pages };
}

async function remember(objects: ObjectStore, releases: ReleaseCatalog['releases']): Promise<void> {
  const plannedAt = '2026-11-21T00:00:00.000Z';
  await rememberCatalog(objects, 'ocp', { schema: 1, plannedAt, failedGraphs: 0, releases });
}

const CATALOG = [
  { digest: digestOf(1), versions: ['4.17.0'], architectures: ['multi'] },
  { digest: digestOf(2), versions: ['4.16.37'], architectures: ['x86_64'] },
  { digest: digestOf(3), versions: ['4.9.1'], architectures: ['x86_64'] },
];

describe('GET /v1/releases', () => {
  test('without graphs lists what the mirror holds and the profile verifies', async () => {
    const objects = await OBJECTS.filled();
    await objects.createObject(`signatures/sha256=${'ab'.repeat(32)}/signature-1`, Buffer.from('junk'));
    const { releases, catalog, next } = await list(objects);
    expect([catalog, next]).toEqual([undefined, undefined]);
    expect(releases).toEqual([
      {
        digest: mirrored,
        pullspec: good,
        versions: ['4.99.1'],
        architectures: ['amd64'],
        listedBy: 'mirror',
        openpgp: { state: 'verified', signatures: 1, missing: [] },
        sigstore: { state: 'not-required' },
        mirrored: { state: 'held', signatures: 1 },
      },
    ]);
  });

  test('shows the newest decision, also one that rejected', async () => {
    const objects = await OBJECTS.filled();
    await createSampleApi(objects).ask({ method: 'POST', path: '/v1/verify', body: { pullspec: good } });
    const [release] = (await list(objects)).releases;
    expect(release?.lastVerdict).toMatchObject({ outcome: 'accepted', forced: false, profile: 'ocp', source: 'api' });
  });

  test('lists the catalog first, newest version first, and then what no graph names', async () => {
    const objects = await OBJECTS.filled();
    await remember(objects, CATALOG);
    const { releases, catalog } = await list(objects);
    expect(catalog).toMatchObject({ releases: 3, failedGraphs: 0 });
    expect(releases.map(({ versions, listedBy, openpgp }) => [versions[0], listedBy, openpgp?.state])).toEqual([
      ['4.17.0', 'graph', 'unknown'],
      ['4.16.37', 'graph', 'unknown'],
      ['4.9.1', 'graph', 'unknown'],
      ['4.99.1', 'mirror', 'verified'],
    ]);
  });

  test.each([
    ['a version that begins so', { q: '4.1' }, ['4.17.0', '4.16.37']],
    ['a digest that begins so', { q: digestOf(3).slice(0, 71) }, ['4.9.1']],
    ['a digest of the mirror alone', { q: mirrored.slice(0, 20) }, ['4.99.1']],
    ['a whole digest of the mirror', { q: mirrored }, ['4.99.1']],
    ['a minor version', { minor: '4.9' }, ['4.9.1']],
    ['an architecture', { architecture: 'x86_64' }, ['4.16.37', '4.9.1', '4.99.1']],
    ['both', { architecture: 'x86_64', minor: '4.16' }, ['4.16.37']],
    ['nothing that is there', { q: '5' }, []],
  ])('finds by %s', async (_, query, versions) => {
    const objects = await OBJECTS.filled();
    await remember(objects, CATALOG);
    expect((await listAll(objects, query)).releases.map((release) => release.versions[0])).toEqual(versions);
  });

  test.each([1, 2, 3, 4, 50])('pages of %i bring each release once', async (limit) => {
    const objects = await OBJECTS.filled();
    await remember(objects, CATALOG);
    const { releases } = await listAll(objects, { limit: String(limit) });
    expect(releases.map(({ versions }) => versions[0])).toEqual(['4.17.0', '4.16.37', '4.9.1', '4.99.1']);
  });

  test('a page goes on behind a release that is gone from the catalog', async () => {
    const objects = await OBJECTS.filled();
    await remember(objects, CATALOG);
    const { next = '' } = await list(objects, { limit: '1' });
    await rememberCatalog(objects, 'ocp', {
      schema: 1,
      plannedAt: '2026-11-22T00:00:00.000Z',
      failedGraphs: 0,
      releases: CATALOG.slice(1),
    });
    expect((await list(objects, { limit: '1', after: next })).releases[0]?.versions).toEqual(['4.16.37']);
  });

  test('looks at a bounded number of digests for a page, and comes to the end', async () => {
    const objects = await OBJECTS.filled();
    for (let index = 1; index <= MAX_LOOKED_AT + 5; index += 1) {
      await objects.createObject(`signatures/${digestOf(index).replace(':', '=')}/signature-1`, Buffer.from('junk'));
    }
    const first = await list(objects);
    expect([first.releases, typeof first.next]).toEqual([[], 'string']);
    const { releases, pages } = await listAll(objects, {});
    expect([releases.map(({ digest }) => digest), pages]).toEqual([[mirrored], 2]);
  });

  test('passes by a bounded number of digests that a graph names', async () => {
    const objects = await OBJECTS.filled();
    const digests = Array.from({ length: MAX_PASSED_BY + 1 }, (_, index) => digestOf(index + 1));
    for (const digest of digests) {
      await objects.createObject(`signatures/${digest.replace(':', '=')}/signature-1`, Buffer.from('junk'));
    }
    await remember(
      objects,
      digests.map((digest) => ({ digest, versions: ['4.1.0'], architectures: [] })),
    );
    const { releases, pages } = await listAll(objects, { minor: '4.99' });
    expect([releases.map(({ digest }) => digest), pages]).toEqual([[mirrored], 2]);
  });

  test('one release that cannot be read hides no other', async () => {
    const objects = await OBJECTS.filled();
    await remember(objects, CATALOG);
    const broken: ObjectStore = {
      ...objects,
      listObjects: (prefix, start) =>
        objects.listObjects(
          prefix === `signatures/${digestOf(2).replace(':', '=')}/signature-` ? 'a\\b' : prefix,
          start,
        ),
    };
    const { releases } = await list(broken);
    expect(releases.map(({ fault }) => fault)).toEqual([
      undefined,
      'KeyRefused: what is stored of it cannot be read',
      undefined,
      undefined,
    ]);
  });

  test.each<[name: string, content: string | Uint8Array, fault: string | undefined]>([
    ['what is too long', new Uint8Array(17 * 1024 * 1024), 'LimitExceeded: what the last plan read cannot be read'],
    ['a newer version', '{"schema":2}', 'SchemaUnsupported: what the last plan read cannot be read'],
    ['garbage', 'x', undefined],
  ])('%s in the place of the catalog hides no release', async (_, content, fault) => {
    const objects = await OBJECTS.filled();
    const before = await list(objects);
    await objects.createObject('graph/releases/ocp.json', Buffer.from(content));
    const { status, body } = await ask(objects);
    expect([status, v.parse(Page, body).releases, v.parse(Page, body).catalogFault]).toEqual([
      200,
      before.releases,
      fault,
    ]);
    const [{ digest } = { digest: '' }] = before.releases;
    const one = await ask(objects, {}, `/${digest}`);
    expect([one.status, one.body]).toMatchObject([
      200,
      { digest, ...(fault === undefined ? {} : { catalogFault: fault }) },
    ]);
  });

  test.each<[name: string, query: Readonly<Record<string, string>>, says: RegExp]>([
    ['an unknown parameter', { version: '4.16' }, /^unknown parameter "version"; expected profile, q,/],
    ['a cursor of nobody', { after: 'x' }, /^after: "x" is not the next of a page before$/],
    ['a cursor of the list of decisions', { after: 'MGU4ZDM0NTQ5NDc4MDYwMDAwMDA' }, /^after: /],
    ['no page', { limit: '0' }, /^limit: "0" is not a number from 1 to 50$/],
    ['a page too long', { limit: '51' }, /^limit: /],
    ['a limit that is none', { limit: '1e1' }, /^limit: /],
    ['a search with markup', { q: '<b>' }, /^q: "<b>" is not the start of/],
    ['an empty search', { q: '' }, /^q: /],
    ['a minor version with a slash', { minor: '../4' }, /^minor: /],
    ['an architecture that is too long', { architecture: 'x'.repeat(300) }, /^architecture: /],
    ['a profile that is no name', { profile: '../x' }, /^profile: /],
  ])('%s is 400 and named', async (_, query, says) => {
    const { status, body } = await ask(await OBJECTS.filled(), query);
    expect([status, body]).toMatchObject([
      400,
      { code: 'ArgumentInvalid', detail: expect.stringMatching(says) as unknown },
    ]);
  });

  test('a profile that is not there is 404, and a store out of reach 503', async () => {
    expect((await ask(await OBJECTS.filled(), { profile: 'okd' })).status).toBe(404);
    expect((await ask(await OBJECTS.broken())).status).toBe(503);
  });
});

describe('GET /v1/releases/{digest}', () => {
  test('shows signatures, signers, decisions and what to apply', async () => {
    const objects = await OBJECTS.filled();
    await createSampleApi(objects).ask({ method: 'POST', path: '/v1/verify', body: { pullspec: good } });
    const { status, body } = await ask(objects, {}, `/${mirrored}`);
    expect([status, body]).toMatchObject([
      200,
      {
        digest: mirrored,
        pullspec: good,
        versions: ['4.99.1'],
        openpgp: {
          state: 'verified',
          shown: [
            {
              path: `/signatures/${mirrored.replace(':', '=')}/signature-1`,
              attempts: [{ code: 'Verified' }],
              signers: [
                {
                  fingerprint: expect.stringMatching(/^[0-9A-F]{40}$/) as unknown,
                  signedReference: expect.any(String) as unknown,
                },
              ],
            },
          ],
        },
        quarantined: [],
        verdicts: [{ outcome: 'accepted' }],
        manifests: expect.stringContaining('name: signet-release-signatures-4-99-1') as unknown,
      },
    ]);
  });

  test('shows what was taken out, with the reason, and not its bytes', async () => {
    const objects = await OBJECTS.filled();
    const entry = {
      schema: 1,
      digest: digestOf(9),
      location: 'signatures/x/signature-1',
      sha256: 'a',
      bytes: 'c2VjcmV0',
      attempts: { ocp: [{ keyring: 'k', code: 'KeyRevoked', message: '<script>' }] },
      trustRevisions: {},
      quarantinedAt: '2026-11-20T00:00:00.000Z',
    };
    const folder = digestOf(9).replace(':', '=');
    await objects.createObject(`quarantine/${folder}/a.json`, Buffer.from(JSON.stringify(entry)));
    await objects.createObject(`quarantine/${folder}/b.json`, Buffer.from('{'));
    const { status, body } = await ask(objects, {}, `/${digestOf(9).replace(':', '%3A')}`);
    expect([status, body]).toMatchObject([
      200,
      {
        openpgp: { state: 'unknown', shown: [] },
        quarantined: [
          { reasons: [{ profile: 'ocp', keyring: 'k', code: 'KeyRevoked', message: '<script>' }] },
          { key: `quarantine/${folder}/b.json`, fault: expect.stringContaining('not strict JSON') as unknown },
        ],
      },
    ]);
    expect(JSON.stringify(body)).not.toContain('c2VjcmV0');
    expect(body).not.toHaveProperty('manifests');
  });

  test.each([
    ['nothing knows', `/${digestOf(77)}`, {}, 404],
    ['that is none', '/sha256:12', {}, 400],
    ['with a parameter too many', `/${mirrored}`, { limit: '1' }, 400],
  ] as const)('a digest that %s', async (_, below, query, status) => {
    expect((await ask(await OBJECTS.filled(), query, below)).status).toBe(status);
  });
});

describe('GET /v1/mirror', () => {
  const read = async (objects: ObjectStore, query: Readonly<Record<string, string>> = {}) => {
    const { result } = await createSampleApi(objects).ask({ method: 'GET', path: '/v1/mirror', query });
    return { status: result.statusCode, body: JSON.parse(result.body ?? '{}') as Record<string, unknown> };
  };

  test('pages through what is held, quarantined and waiting', async () => {
    const objects = await OBJECTS.filled();
    for (const name of readdirSync(FIXTURE_STORE)) {
      const bytes = readFileSync(path.join(FIXTURE_STORE, name, 'signature-1'));
      await objects.createObject(`signatures/${name}/signature-1`, bytes);
    }
    const waiting = {
      schema: 1,
      digest: digestOf(5),
      profile: 'ocp',
      trustRevision: 'a'.repeat(64),
      storesSha256: 'a'.repeat(64),
      outcome: 'absent',
      times: 2,
      askedAt: '2026-11-20T00:00:00.000Z',
      nextAt: '2026-11-21T00:00:00.000Z',
    };
    await objects.createObject(`absent/${digestOf(5).replace(':', '-')}.json`, Buffer.from(JSON.stringify(waiting)));
    await objects.createObject('absent/readme.txt', Buffer.from('x'));
    const held: unknown[] = [];
    for (let after: string | undefined = ''; after !== undefined;) {
      const { body }: Awaited<ReturnType<typeof read>> = await read(objects, {
        limit: '3',
        ...(after === '' ? {} : { after }),
      });
      held.push(...(body['entries'] as unknown[]));
      after = body['next'] as string | undefined;
    }
    expect(held).toEqual(readdirSync(FIXTURE_STORE).map((name) => ({ digest: name.replace('=', ':') })));
    expect((await read(objects, { state: 'waiting' })).body['entries']).toEqual([
      { key: 'absent/readme.txt', fault: 'it is not the record of a digest' },
      {
        digest: digestOf(5),
        profile: 'ocp',
        outcome: 'absent',
        times: 2,
        askedAt: waiting.askedAt,
        nextAt: waiting.nextAt,
      },
    ]);
    expect((await read(objects, { state: 'quarantined' })).body['entries']).toEqual([]);
  });

  test('an object that the store refuses to give hides no other', async () => {
    const objects = await OBJECTS.filled();
    await objects.createObject('quarantine/a/refused.json', Buffer.from('{}'));
    await objects.createObject('quarantine/b/junk.json', Buffer.from('x'));
    const refusing: ObjectStore = {
      ...objects,
      readObject: async (key, limit) => {
        if (key.endsWith('refused.json')) throw new StoreError('NotAllowed', `reading ${key}: 403`);
        return await objects.readObject(key, limit);
      },
    };
    const { status, body } = await read(refusing, { state: 'quarantined' });
    expect([status, body['entries']]).toEqual([
      200,
      [
        { key: 'quarantine/a/refused.json', fault: 'reading quarantine/a/refused.json: 403' },
        { key: 'quarantine/b/junk.json', fault: expect.stringContaining('not strict JSON') as unknown },
      ],
    ]);
  });

  test.each<[string, Readonly<Record<string, string>>, RegExp]>([
    ['an unknown state', { state: 'lost' }, /^state: "lost" is not held, quarantined, waiting$/],
    ['an unknown parameter', { q: 'x' }, /^unknown parameter "q"/],
    ['a cursor of nobody', { after: 'e30' }, /^after: /],
    ['a page too long', { limit: '101' }, /^limit: /],
  ])('%s is 400 and named', async (_, query, says) => {
    const { status, body } = await read(await OBJECTS.filled(), query);
    expect([status, body]).toMatchObject([400, { detail: expect.stringMatching(says) as unknown }]);
  });
});
