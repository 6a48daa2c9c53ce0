import { afterEach, describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../../lib/base/errors/configuration-error.ts';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import { RETRY_DELAYS_MS } from '../../../lib/platform/time/retries.ts';
import { createRegistryClient, MAX_MANIFEST_BYTES } from '../../../lib/registry/client/registry-client.ts';
import { startProxy } from '../../support/servers/start-proxy.ts';
import type { Handler } from '../../support/servers/start-server.ts';
import {
  BASIC,
  codeOf,
  createSetup,
  DOCKER_MANIFEST,
  errorOf,
  makeManifest,
  OCI_INDEX,
  OCI_MANIFEST,
  PASSWORD,
  toDigest,
  USER,
} from './registry-setup.ts';

const setup = createSetup();
const { signal } = new AbortController();
const MANIFEST = makeManifest();
const DIGEST = toDigest(MANIFEST);
const SHA512 = toDigest(MANIFEST, 'sha512');
const AUTH = { username: USER, password: PASSWORD };

afterEach(() => setup.close());

type Headers = Readonly<Record<string, string>>;

/** Answers every request alike; a HEAD without the body. */
const answer =
  (body: Uint8Array | string, headers: Headers = {}, status = 200): Handler =>
  (_request, response) =>
    response.writeHead(status, { 'content-type': OCI_MANIFEST, ...headers }).end(body);

async function connectTo(handler: Handler, timeoutMs = 5000) {
  const server = await setup.serve(handler);
  const client = setup.connect({ allowed: [server.host], plain: [server.host], timeoutMs });
  return { server, client, repository: parseRepository(`${server.host}/team/app`) };
}

const manifestOf = (content: object) => Buffer.from(JSON.stringify({ schemaVersion: 2, ...content }));

describe('a manifest that is asked for by digest', () => {
  const other = makeManifest(OCI_MANIFEST, 'another');
  const bare = manifestOf({ config: {}, layers: [] });
  const rows: readonly { name: string; expected: string; handler: Handler; asked?: string }[] = [
    { name: 'what was asked for', expected: 'answered', handler: answer(MANIFEST) },
    {
      name: 'its digest in the header too',
      expected: 'answered',
      handler: answer(MANIFEST, { 'docker-content-digest': DIGEST }),
    },
    {
      name: 'header names in upper case',
      expected: 'answered',
      handler: answer(MANIFEST, { 'DOCKER-CONTENT-DIGEST': DIGEST, 'CONTENT-TYPE': OCI_MANIFEST }),
    },
    {
      name: 'a media type in upper case, with a parameter',
      expected: 'answered',
      handler: answer(MANIFEST, { 'content-type': `${OCI_MANIFEST.toUpperCase()}; charset=utf-8` }),
    },
    { name: 'SHA-512, asked for so', expected: 'answered', asked: SHA512, handler: answer(MANIFEST) },
    {
      name: 'SHA-512, with the SHA-256 in the header',
      expected: 'answered',
      asked: SHA512,
      handler: answer(MANIFEST, { 'docker-content-digest': DIGEST }),
    },
    { name: 'no media type inside', expected: 'answered', asked: toDigest(bare), handler: answer(bare) },
    { name: 'other bytes', expected: 'ContentMismatch', handler: answer(other) },
    {
      name: 'other bytes and the header asked for',
      expected: 'ContentMismatch',
      handler: answer(other, { 'docker-content-digest': DIGEST }),
    },
    {
      name: 'other bytes and their own header',
      expected: 'ContentMismatch',
      handler: answer(other, { 'docker-content-digest': toDigest(other) }),
    },
    {
      name: 'a header with another digest',
      expected: 'ContentMismatch',
      handler: answer(MANIFEST, { 'docker-content-digest': toDigest(other) }),
    },
    {
      name: 'a header with another SHA-512',
      expected: 'ContentMismatch',
      handler: answer(MANIFEST, { 'docker-content-digest': toDigest(other, 'sha512') }),
    },
    {
      name: 'a header in upper-case hex',
      expected: 'ContentMismatch',
      handler: answer(MANIFEST, { 'docker-content-digest': `sha256:${DIGEST.slice(7).toUpperCase()}` }),
    },
    {
      name: 'a header of an unknown algorithm',
      expected: 'ContentMismatch',
      handler: answer(MANIFEST, { 'docker-content-digest': 'md5:d41d8cd98f00b204e9800998ecf8427e' }),
    },
    {
      name: 'an empty header',
      expected: 'ContentMismatch',
      handler: answer(MANIFEST, { 'docker-content-digest': '' }),
    },
    {
      name: 'two headers',
      expected: 'ContentMismatch',
      handler: (_, response) =>
        response
          .writeHead(200, { 'content-type': OCI_MANIFEST, 'docker-content-digest': [DIGEST, DIGEST] })
          .end(MANIFEST),
    },
    {
      name: 'SHA-256 bytes for a SHA-512 of others',
      expected: 'ContentMismatch',
      asked: toDigest(other, 'sha512'),
      handler: answer(MANIFEST, { 'docker-content-digest': DIGEST }),
    },
    { name: 'nothing', expected: 'ContentMismatch', handler: answer('') },
    { name: 'HTML with 200', expected: 'BodyInvalid', handler: answer('<html>', { 'content-type': 'text/html' }) },
    { name: 'HTML that calls itself a manifest', expected: 'ContentMismatch', handler: answer('<html>') },
    { name: 'text under its own digest', expected: 'BodyInvalid', asked: toDigest('text'), handler: answer('text') },
    {
      name: 'a schema 1 manifest',
      expected: 'BodyInvalid',
      handler: answer(MANIFEST, { 'content-type': 'application/vnd.docker.distribution.manifest.v1+prettyjws' }),
    },
    { name: 'plain JSON', expected: 'BodyInvalid', handler: answer(MANIFEST, { 'content-type': 'application/json' }) },
    {
      name: 'two media types',
      expected: 'BodyInvalid',
      handler: answer(MANIFEST, { 'content-type': `${OCI_MANIFEST}, ${OCI_INDEX}` }),
    },
    { name: 'no media type', expected: 'BodyInvalid', handler: (_, response) => response.end(MANIFEST) },
    {
      name: 'a manifest sent as an index',
      expected: 'BodyInvalid',
      handler: answer(MANIFEST, { 'content-type': OCI_INDEX }),
    },
    {
      name: 'an OCI manifest sent as Docker’s',
      expected: 'BodyInvalid',
      handler: answer(MANIFEST, { 'content-type': DOCKER_MANIFEST }),
    },
    {
      name: 'a manifest without a type inside sent as an index',
      expected: 'BodyInvalid',
      asked: toDigest(bare),
      handler: answer(bare, { 'content-type': OCI_INDEX }),
    },
    ...[
      { name: 'layers and manifests both', bytes: manifestOf({ layers: [], manifests: [] }) },
      { name: 'neither layers nor manifests', bytes: manifestOf({}) },
      { name: 'a list', bytes: Buffer.from('[]') },
      { name: 'a member twice', bytes: Buffer.from('{"layers":[],"layers":[]}') },
      { name: 'a byte order mark', bytes: Buffer.concat([Buffer.from('\uFEFF'), MANIFEST]) },
      { name: 'bytes that are no UTF-8', bytes: Buffer.from('{"layers":[],"x":"\xff"}', 'latin1') },
    ].map(({ name, bytes }) => ({ name, expected: 'BodyInvalid', asked: toDigest(bytes), handler: answer(bytes) })),
    { name: '5 MB', expected: 'LimitExceeded', handler: answer(Buffer.alloc(5_000_000, ' ')) },
    {
      name: '5 MB in chunks',
      expected: 'LimitExceeded',
      handler: (_, response) => {
        response.writeHead(200, { 'content-type': OCI_MANIFEST });
        response.write(Buffer.alloc(2_500_000));
        response.end(Buffer.alloc(2_500_000));
      },
    },
    {
      name: 'one byte more than the limit',
      expected: 'LimitExceeded',
      handler: answer(Buffer.alloc(MAX_MANIFEST_BYTES + 1)),
    },
    { name: 'no answer', expected: 'TimedOut', handler: () => undefined },
    {
      name: 'half an answer',
      expected: 'TimedOut',
      handler: (_, response) => void response.writeHead(200, { 'content-type': OCI_MANIFEST }).write('{'),
    },
    ...[
      { status: 204, expected: 'StatusUnexpected' },
      { status: 400, expected: 'StatusUnexpected' },
      { status: 403, expected: 'AccessDenied' },
      { status: 404, expected: 'NotFound' },
      { status: 410, expected: 'StatusUnexpected' },
      { status: 500, expected: 'StatusUnexpected' },
      { status: 302, expected: 'StatusUnexpected' },
    ].map(({ status, expected }) => ({ name: `status ${status}`, expected, handler: answer('', {}, status) })),
  ];
  test.each(rows)('$name: $expected', async ({ handler, expected, asked = DIGEST }) => {
    const { client, repository } = await connectTo(handler, expected === 'TimedOut' ? 200 : 5000);
    expect(await codeOf(client.readManifest(repository, asked, signal))).toBe(expected);
  });

  test('exactly the limit is read', async () => {
    const padding = makeManifest(OCI_MANIFEST, '').length;
    const bytes = makeManifest(OCI_MANIFEST, 'x'.repeat(MAX_MANIFEST_BYTES - padding));
    const { client, repository } = await connectTo(answer(bytes));
    expect((await client.readManifest(repository, toDigest(bytes), signal)).bytes.length).toBe(MAX_MANIFEST_BYTES);
  });
});

describe('a blob', () => {
  test.each([
    { name: 'what was asked for', body: 'blob', expected: 'answered' },
    { name: 'other bytes', body: 'blog', expected: 'ContentMismatch' },
    { name: 'more than is read', body: 'blob!', expected: 'LimitExceeded' },
  ])('$name: $expected', async ({ body, expected }) => {
    const { client, repository } = await connectTo(answer(body, { 'content-type': 'application/octet-stream' }));
    const reading = client.readBlob(repository, toDigest('blob'), { limitBytes: 4, signal });
    expect(await codeOf(reading)).toBe(expected);
  });
});

describe('a tag', () => {
  const withDigest = { 'docker-content-digest': DIGEST };
  const onGet =
    (head: Handler, get: Handler): Handler =>
    (request, response) =>
      (request.method === 'HEAD' ? head : get)(request, response);
  const rows: readonly { name: string; handler: Handler; expected: string; asked: number }[] = [
    { name: 'that HEAD tells', handler: answer('', withDigest), expected: DIGEST, asked: 1 },
    {
      name: 'that HEAD tells as SHA-512',
      handler: answer('', { 'docker-content-digest': SHA512 }),
      expected: SHA512,
      asked: 1,
    },
    {
      name: 'that HEAD tells of a body longer than is read',
      handler: answer('', { ...withDigest, 'content-length': '99999999' }),
      expected: DIGEST,
      asked: 1,
    },
    { name: 'without a digest in HEAD', handler: answer(MANIFEST), expected: DIGEST, asked: 2 },
    {
      name: 'with a broken digest in HEAD',
      handler: onGet(answer('', { 'docker-content-digest': 'latest' }), answer(MANIFEST)),
      expected: DIGEST,
      asked: 2,
    },
    {
      name: 'with HEAD not allowed',
      handler: onGet(answer('', {}, 405), answer(MANIFEST, withDigest)),
      expected: DIGEST,
      asked: 2,
    },
    {
      name: 'with HTML in HEAD',
      handler: onGet(answer('', { ...withDigest, 'content-type': 'text/html' }), answer(MANIFEST)),
      expected: DIGEST,
      asked: 2,
    },
    {
      name: 'whose header lies in GET',
      handler: onGet(answer(''), answer(makeManifest(OCI_INDEX), { ...withDigest, 'content-type': OCI_INDEX })),
      expected: 'ContentMismatch',
      asked: 2,
    },
    { name: 'that is absent', handler: answer('', {}, 404), expected: 'NotFound', asked: 1 },
    { name: 'that is denied', handler: answer('', {}, 403), expected: 'AccessDenied', asked: 1 },
    {
      name: 'of a registry that is HTML',
      handler: answer('<html>', { 'content-type': 'text/html' }),
      expected: 'BodyInvalid',
      asked: 2,
    },
  ];
  test.each(rows)('$name: $expected', async ({ handler, expected, asked }) => {
    const { client, repository, server } = await connectTo(handler);
    const resolved = await client.resolveTag(repository, 'v1', signal).catch((error: unknown) => error);
    expect(resolved instanceof StoreError ? resolved.code : resolved).toBe(expected);
    expect(server.requests.length).toBe(asked);
    expect(server.requests[0]?.path).toBe('/v2/team/app/manifests/v1');
    expect(server.requests[0]?.headers.accept).toContain(`${OCI_INDEX}, ${OCI_MANIFEST}`);
  });

  test.each(['', '../x', 'a/b', 'a:b', 'a?b', 'a#b', '-a', 'a@sha256:0', `v1@${DIGEST}`, 'sha256:0', 'a'.repeat(129)])(
    'is not %j: refused without contact',
    async (tag) => {
      const { client, repository, server } = await connectTo(answer(MANIFEST));
      expect(await codeOf(client.readManifest(repository, tag, signal))).toMatch(/^(Pullspec|Digest)Invalid$/);
      expect(await codeOf(client.resolveTag(repository, tag, signal))).toMatch(/^(Pullspec|Digest)Invalid$/);
      expect(server.requests).toEqual([]);
    },
  );
});

describe('hosts', () => {
  const http = { send: () => expect.unreachable('nothing may be contacted') };
  const rows: readonly { name: string; allowed: string[]; plain?: string[]; of: string }[] = [
    { name: 'no host is allowed', allowed: [], of: 'r.test/a' },
    { name: 'another is', allowed: ['s.test'], of: 'r.test/a' },
    { name: 'another port is', allowed: ['r.test'], of: 'r.test:5000/a' },
    { name: 'its parent domain is', allowed: ['r.test'], of: 'x.r.test/a' },
    { name: 'it is among those for http alone', allowed: [], plain: ['r.test'], of: 'r.test/a' },
    { name: 'Docker Hub without its API', allowed: ['docker.io', 'auth.docker.io'], of: 'alpine' },
  ];
  test.each(rows)('$name: NotAllowed, without contact', async ({ allowed, plain, of }) => {
    const client = createRegistryClient({ http, allowedHosts: allowed, plainHttpHosts: plain });
    const repository = parseRepository(of);
    expect(await codeOf(client.resolveTag(repository, 'v1', signal))).toBe('NotAllowed');
    expect(await codeOf(client.readManifest(repository, DIGEST, signal))).toBe('NotAllowed');
    expect(await codeOf(client.readBlob(repository, DIGEST, { limitBytes: 1, signal }))).toBe('NotAllowed');
  });

  test.each([
    {
      name: 'https unless it is said otherwise',
      allowed: ['R.test:443'],
      of: 'r.test/a',
      expected: 'https://r.test/v2/a/',
    },
    {
      name: 'Docker Hub’s API',
      allowed: ['docker.io', 'registry-1.docker.io'],
      of: 'alpine',
      expected: 'https://registry-1.docker.io/v2/library/alpine/',
    },
    {
      name: 'http where it is',
      allowed: ['r.test:80'],
      plain: ['r.test:80'],
      of: 'r.test:80/a',
      expected: 'http://r.test/v2/a/',
    },
  ])('$name: $expected', async ({ allowed, plain, of, expected }) => {
    const seen: string[] = [];
    const refusing = {
      send: (url: string) => {
        seen.push(url);
        return Promise.reject(new StoreError('TimedOut', 'a stub'));
      },
    };
    const client = createRegistryClient({ http: refusing, allowedHosts: allowed, plainHttpHosts: plain });
    expect(await codeOf(client.readManifest(parseRepository(of), DIGEST, signal))).toBe('TimedOut');
    expect(seen).toEqual([`${expected}manifests/${DIGEST}`]);
  });

  test.each(['', 'https://r.test', 'r.test/a', '*.test', 'u@r.test'])('%j is no host: DocumentInvalid', (host) => {
    expect(() => createRegistryClient({ http, allowedHosts: [host] })).toThrow(ConfigurationError);
  });
});

describe('redirects', () => {
  /** A registry that wants Basic and then redirects. */
  const redirectTo =
    (location: () => string): Handler =>
    (request, response) => {
      if (request.headers.authorization === BASIC) response.writeHead(307, { location: location() }).end();
      else response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end();
    };
  const read = async (allowed: readonly string[], registry: { readonly host: string }) => {
    const auths = { [registry.host]: AUTH };
    const client = setup.connect({ allowed: [registry.host, ...allowed], plain: [registry.host, ...allowed], auths });
    const repository = parseRepository(`${registry.host}/team/app`);
    return await Promise.all([
      codeOf(client.readManifest(repository, DIGEST, signal)),
      codeOf(client.readBlob(repository, DIGEST, { limitBytes: 1000, signal })),
    ]);
  };

  test('to an allowed host over https are followed, and no credential arrives there', async () => {
    const storage = await setup.serve(answer(MANIFEST), 'https');
    const registry = await setup.serve(redirectTo(() => `${storage.origin}/here`));
    expect(await read([storage.host], registry)).toEqual(['answered', 'answered']);
    expect(storage.requests.map(({ path, headers }) => [path, headers.authorization])).toEqual([
      ['/here', undefined],
      ['/here', undefined],
    ]);
    expect(registry.requests.filter(({ headers }) => headers.authorization === BASIC).length).toBe(2);
  });

  test('to an allowed host that wants a credential too: AccessDenied, and it gets none', async () => {
    const challenge = { 'www-authenticate': 'Basic realm="r"' };
    const storage = await setup.serve(answer('', challenge, 401), 'https');
    const registry = await setup.serve(redirectTo(() => `${storage.origin}/here`));
    expect(await read([storage.host], registry)).toEqual(['AccessDenied', 'AccessDenied']);
    expect(storage.requests.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
  });

  test('to an allowed host that names a token service: AccessDenied, and that is not asked', async () => {
    const tokens = await setup.serve(answer('{"token":"t"}'), 'https');
    const challenge = { 'www-authenticate': `Bearer realm="${tokens.origin}/token"` };
    const storage = await setup.serve(answer('', challenge, 401), 'https');
    const registry = await setup.serve((_request, response) => {
      response.writeHead(302, { location: storage.origin }).end();
    });
    expect(await read([storage.host, tokens.host], registry)).toEqual(['AccessDenied', 'AccessDenied']);
    expect(tokens.requests).toEqual([]);
  });

  test('to an allowed host that holds nothing: StatusUnexpected, since the registry did not say absent', async () => {
    const storage = await setup.serve(answer('', {}, 404), 'https');
    const registry = await setup.serve(redirectTo(() => `${storage.origin}/here`));
    expect(await read([storage.host], registry)).toEqual(['StatusUnexpected', 'StatusUnexpected']);
  });

  test('to another host: RedirectRefused, without contact', async () => {
    const storage = await setup.serve(answer(MANIFEST), 'https');
    const registry = await setup.serve(redirectTo(() => storage.origin));
    expect(await read([], registry)).toEqual(['RedirectRefused', 'RedirectRefused']);
    expect(storage.sockets.size).toBe(0);
  });

  test('to another host over http: RedirectRefused, though it is allowed', async () => {
    const storage = await setup.serve(answer(MANIFEST));
    const registry = await setup.serve(redirectTo(() => storage.origin));
    expect(await read([storage.host], registry)).toEqual(['RedirectRefused', 'RedirectRefused']);
    expect(storage.sockets.size).toBe(0);
  });

  test.each([
    {
      name: 'a metadata service',
      location: 'https://169.254.169.254/x',
      allowed: '169.254.169.254',
      expected: 'AddressRefused',
    },
    {
      name: 'a metadata service, not configured',
      location: 'https://169.254.169.254/x',
      allowed: 's.test',
      expected: 'RedirectRefused',
    },
    { name: 'a URL with a user', location: 'https://u:p@s.test/x', allowed: 's.test', expected: 'RedirectRefused' },
    { name: 'a file', location: 'file:///etc/passwd', allowed: 's.test', expected: 'RedirectRefused' },
  ])('to $name: $expected', async ({ location, allowed, expected }) => {
    const registry = await setup.serve(redirectTo(() => location));
    expect(await read([allowed], registry)).toEqual([expected, expected]);
  });

  test.each([
    { name: 'a private address', location: 'https://10.0.0.1/x', expected: 'AddressRefused' },
    { name: 'a loopback address', location: 'https://127.0.0.1/x', expected: 'AddressRefused' },
    { name: 'a mapped address', location: 'https://[::ffff:10.0.0.1]/x', expected: 'AddressRefused' },
    { name: 'a name of a loopback address', location: 'https://localhost/x', expected: 'AddressRefused' },
  ])('of a public registry to $name: $expected', async ({ location, expected }) => {
    // The proxy stands for the way to a public registry; what has a private address is never asked of it.
    const registry = await setup.serve((_request, response) => response.writeHead(302, { location }).end(), 'https');
    const proxy = await startProxy(registry.port);
    setup.onEnd(() => proxy.close());
    const client = setup.connect({
      allowed: ['store.test', '10.0.0.1', '127.0.0.1', '[::ffff:a00:1]', 'localhost'],
      allowPrivateAddresses: false,
      proxy: { httpsProxy: proxy.url, noProxy: 'localhost' },
    });
    expect(await codeOf(client.readManifest(parseRepository('store.test/a'), DIGEST, signal))).toBe(expected);
    expect(proxy.seen).toEqual(['CONNECT store.test:443']);
    expect(registry.requests.length).toBe(1);
  });
});

describe('a registry that is not ready', () => {
  const rows = [
    { name: '429 with patience', status: 429, headers: { 'retry-after': '120' }, asked: 1, retryAfterSeconds: 120 },
    { name: '503 with patience', status: 503, headers: { 'retry-after': '3' }, asked: 1, retryAfterSeconds: 3 },
    { name: '503 until a date', status: 503, headers: { 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' }, asked: 3 },
    { name: '503', status: 503, headers: {}, asked: 3 },
    { name: '502', status: 502, headers: {}, asked: 3 },
  ];
  test.each(rows)('$name: Unavailable', async ({ status, headers, asked, retryAfterSeconds }) => {
    const { client, repository, server } = await connectTo(answer('', headers, status));
    const error = await errorOf(client.readManifest(repository, DIGEST, signal));
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({ code: 'Unavailable', retryAfterSeconds });
    expect(server.requests.length).toBe(asked);
  });

  test('is asked again, after as long as it says', async () => {
    const { client, repository, server } = await connectTo((request, response) => {
      const isReady = server.requests.length > 1;
      answer(isReady ? MANIFEST : '', isReady ? {} : { 'retry-after': '1' }, isReady ? 200 : 429)(request, response);
    });
    const started = performance.now();
    expect(await codeOf(client.readManifest(repository, DIGEST, signal))).toBe('answered');
    expect(performance.now() - started).toBeGreaterThan(950);
  });

  test('is asked again after its connection was cut', async () => {
    const { client, repository, server } = await connectTo((request, response) => {
      if (server.requests.length === 1) request.socket.destroy();
      else answer(MANIFEST)(request, response);
    });
    expect(await codeOf(client.readManifest(repository, DIGEST, signal))).toBe('answered');
    expect(server.requests.length).toBe(2);
  });

  test('is left at once when the caller ends it', async () => {
    const { client, repository, server } = await connectTo(answer('', { 'retry-after': '2' }, 503));
    const controller = new AbortController();
    const reason = new Error('enough');
    setTimeout(() => controller.abort(reason), RETRY_DELAYS_MS[0]);
    expect(await errorOf(client.readManifest(repository, DIGEST, controller.signal))).toBe(reason);
    expect(server.requests.length).toBe(1);
  });
});
