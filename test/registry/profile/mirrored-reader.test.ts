import { afterEach, describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import { createMirroredReader } from '../../../lib/registry/profile/mirrored-reader.ts';
import type { MirrorRule } from '../../../lib/trust/prepared/prepared-trust.ts';
import type { Handler } from '../../support/servers/start-server.ts';
import {
  BASIC,
  codeOf,
  createSetup,
  errorOf,
  makeManifest,
  OCI_MANIFEST,
  PASSWORD,
  toDigest,
  USER,
} from '../client/registry-setup.ts';

const setup = createSetup();
const { signal } = new AbortController();
const MANIFEST = makeManifest();
const DIGEST = toDigest(MANIFEST);

afterEach(() => setup.close());

const holding =
  (bytes: Uint8Array = MANIFEST): Handler =>
  (_request, response) =>
    response.writeHead(200, { 'content-type': OCI_MANIFEST }).end(bytes);
const status =
  (code: number): Handler =>
  (_request, response) =>
    response.writeHead(code).end();
const wanting: Handler = (request, response) => {
  if (request.headers.authorization === BASIC) holding()(request, response);
  else response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end();
};

/** Two mirrors and the source, each a registry of its own; the credential is the source's. */
async function enact(handlers: readonly [Handler, Handler, Handler], change: Partial<MirrorRule> = {}, denied = false) {
  const [one, two, source] = [
    await setup.serve(handlers[0]),
    await setup.serve(handlers[1]),
    await setup.serve(handlers[2]),
  ];
  const hosts = [one, two, source].map(({ host }) => host);
  const client = setup.connect({
    allowed: denied ? hosts.slice(1) : hosts,
    plain: hosts,
    auths: { [source.host]: { username: USER, password: PASSWORD } },
  });
  const rule: MirrorRule = {
    source: `${source.host}/team`,
    mirrors: [`${one.host}/m`, two.host],
    neverContactSource: false,
    origin: 'ImageDigestMirrorSet/x',
    ...change,
  };
  const reader = createMirroredReader(async () => client, [rule]);
  const repository = parseRepository(`${source.host}/team/app`);
  return {
    reader,
    repository,
    asked: () => [one, two, source].map(({ requests }) => requests.length),
    one,
    two,
    source,
  };
}

describe('a manifest by digest', () => {
  const other = makeManifest(OCI_MANIFEST, 'another');
  const rows: readonly {
    name: string;
    handlers: readonly [Handler, Handler, Handler];
    expected: string;
    asked: readonly number[];
    never?: boolean;
    denied?: boolean;
  }[] = [
    {
      name: 'the first mirror has it',
      handlers: [holding(), holding(), holding()],
      expected: 'answered',
      asked: [1, 0, 0],
    },
    {
      name: 'the second has it',
      handlers: [status(404), holding(), holding()],
      expected: 'answered',
      asked: [1, 1, 0],
    },
    {
      name: 'the source alone has it',
      handlers: [status(404), status(500), holding()],
      expected: 'answered',
      asked: [1, 1, 1],
    },
    {
      name: 'a mirror serves other bytes',
      handlers: [holding(other), holding(), holding()],
      expected: 'answered',
      asked: [1, 1, 0],
    },
    {
      name: 'all serve other bytes',
      handlers: [holding(other), holding(other), holding(other)],
      expected: 'ContentMismatch',
      asked: [1, 1, 1],
    },
    {
      name: 'nobody has it',
      handlers: [status(404), status(404), status(404)],
      expected: 'NotFound',
      asked: [1, 1, 1],
    },
    {
      name: 'a mirror that failed could have it',
      handlers: [status(404), status(500), status(404)],
      expected: 'StatusUnexpected',
      asked: [1, 1, 1],
    },
    {
      name: 'the source is never contacted',
      handlers: [status(404), status(404), holding()],
      expected: 'NotFound',
      asked: [1, 1, 0],
      never: true,
    },
    {
      name: 'a mirror that is not allowed is passed over',
      handlers: [holding(), holding(), holding()],
      expected: 'answered',
      asked: [0, 1, 0],
      denied: true,
    },
    {
      name: 'a mirror that wants a credential gets none',
      handlers: [wanting, wanting, wanting],
      expected: 'answered',
      asked: [1, 1, 2],
    },
  ];
  test.each(rows)('$name: $expected', async ({ handlers, expected, asked, never = false, denied = false }) => {
    const scene = await enact(handlers, { neverContactSource: never }, denied);
    expect(await codeOf(scene.reader.readManifest(scene.repository, DIGEST, signal))).toBe(expected);
    expect(scene.asked()).toEqual(asked);
    const sent = [...scene.one.requests, ...scene.two.requests].map(({ headers }) => headers.authorization);
    expect(sent.filter(Boolean)).toEqual([]);
  });

  test('is asked for in the mirror’s own repository', async () => {
    const { reader, repository, one, two } = await enact([status(404), holding(), holding()]);
    await reader.readManifest(repository, DIGEST, signal);
    expect([...one.requests, ...two.requests].map(({ path }) => path)).toEqual([
      `/v2/m/app/manifests/${DIGEST}`,
      `/v2/app/manifests/${DIGEST}`,
    ]);
  });

  test('every failure is told, and the longest wait', async () => {
    const { reader, repository, one, two, source } = await enact([
      (_request, response) => response.writeHead(503, { 'retry-after': '30' }).end(),
      (_request, response) => response.writeHead(503, { 'retry-after': '90' }).end(),
      status(404),
    ]);
    const error = await errorOf(reader.readManifest(repository, DIGEST, signal));
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({ code: 'Unavailable', retryAfterSeconds: 90 });
    for (const { host } of [one, two, source]) expect(String(error)).toContain(host);
  });

  test('no mirror and no source: NotAllowed, without contact', async () => {
    const { reader, repository, asked } = await enact([holding(), holding(), holding()], {
      mirrors: [],
      neverContactSource: true,
    });
    expect(await codeOf(reader.readManifest(repository, DIGEST, signal))).toBe('NotAllowed');
    expect(asked()).toEqual([0, 0, 0]);
  });

  test('an abort is not a failure of a mirror: the next is not asked', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const abort: Handler = () => controller.abort(reason);
    const { reader, repository, asked } = await enact([abort, holding(), holding()]);
    await expect(reader.readManifest(repository, DIGEST, controller.signal)).rejects.toBe(reason);
    expect(asked()).toEqual([1, 0, 0]);
  });
});

describe('a tag', () => {
  test('is not redirected by sets for digests', async () => {
    const { reader, repository, asked } = await enact([holding(), holding(), holding()]);
    expect(await reader.resolveTag(repository, 'v1', signal)).toBe(DIGEST);
    expect((await reader.readManifest(repository, 'v1', signal)).digest).toBe(DIGEST);
    expect(asked().slice(0, 2)).toEqual([0, 0]);
  });

  test('is by sets for tags', async () => {
    const { reader, repository, asked } = await enact([holding(), holding(), holding()], { tagsOnly: true });
    expect((await reader.readManifest(repository, 'v1', signal)).digest).toBe(DIGEST);
    expect(asked()).toEqual([1, 0, 0]);
  });
});
