import { afterEach, describe, expect, test } from 'vitest';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import { createProfileRegistries, type RegistryTrust } from '../../../lib/registry/profile/profile-registries.ts';
import { startProxy } from '../../support/servers/start-proxy.ts';
import { type Handler, TEST_CA } from '../../support/servers/start-server.ts';
import {
  BASIC,
  codeOf,
  createSetup,
  errorOf,
  makeManifest,
  OCI_MANIFEST,
  PASSWORD,
  toDigest,
  toShownText,
  USER,
} from './registry-setup.ts';

const setup = createSetup();
const { signal } = new AbortController();
const MANIFEST = makeManifest();
const DIGEST = toDigest(MANIFEST);
const BLOB = Buffer.from('a blob');
const AUTH = { username: USER, password: PASSWORD };
const TOKEN = 'a-secret.token';

afterEach(() => setup.close());

const serving: Handler = (_request, response) =>
  response.writeHead(200, { 'content-type': OCI_MANIFEST }).end(MANIFEST);

/** Lets in the credential alone; then sends whoever asks for a blob elsewhere. */
const redirectingBlobs =
  (location: () => string, answer: Handler = serving): Handler =>
  (request, response) => {
    if (request.headers.authorization !== BASIC) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end();
    } else if (request.url?.includes('/blobs/') === true) {
      response.writeHead(307, { location: location() }).end();
    } else {
      answer(request, response);
    }
  };

describe('a public registry that redirects blobs', () => {
  const rows = [
    { name: 'a private address', location: 'https://10.0.0.1/x', expected: 'AddressRefused' },
    { name: 'a loopback address', location: 'https://127.0.0.1/x', expected: 'AddressRefused' },
    { name: 'a shared address', location: 'https://100.64.0.1/x', expected: 'AddressRefused' },
    { name: 'a link-local address', location: 'https://169.254.1.1/x', expected: 'AddressRefused' },
    { name: 'a metadata address', location: 'https://169.254.169.254/x', expected: 'AddressRefused' },
    { name: 'a private address of IPv6', location: 'https://[fd00::1]/x', expected: 'AddressRefused' },
    { name: 'a mapped address', location: 'https://[::ffff:10.0.0.1]/x', expected: 'AddressRefused' },
    { name: 'a private address as a number', location: 'https://0xa000001/x', expected: 'AddressRefused' },
    { name: 'a name of a loopback address', location: 'https://localhost/x', expected: 'AddressRefused' },
    { name: 'a host that is not allowed', location: 'https://evil.test/x', expected: 'RedirectRefused' },
    { name: 'http', location: 'http://store.test/x', expected: 'RedirectRefused' },
  ];
  test.each(rows)('to $name: $expected, though its manifest is read', async ({ location, expected }) => {
    const registry = await setup.serve(
      redirectingBlobs(() => location),
      'https',
    );
    // The proxy stands for the way to a public registry; what has a private address is never asked of it.
    const proxy = await startProxy(registry.port);
    setup.onEnd(() => proxy.close());
    const client = setup.connect({
      allowed: [
        'store.test',
        '10.0.0.1',
        '127.0.0.1',
        '100.64.0.1',
        '169.254.1.1',
        '169.254.169.254',
        '[fd00::1]',
        '[::ffff:a00:1]',
        'localhost',
      ],
      auths: { 'store.test': AUTH },
      allowPrivateAddresses: false,
      proxy: { httpsProxy: proxy.url, noProxy: 'localhost' },
    });
    const repository = parseRepository('store.test/team/app');
    expect(await codeOf(client.readManifest(repository, DIGEST, signal))).toBe('answered');
    const error = await errorOf(client.readBlob(repository, toDigest(BLOB), { limitBytes: 100, signal }));
    expect(error).toMatchObject({ code: expected });
    expect(toShownText(error)).not.toContain(PASSWORD);
    expect(new Set(proxy.seen)).toEqual(new Set(['CONNECT store.test:443']));
  });

  test('to an allowed host: read there, without the credential', async () => {
    const storage = await setup.serve((_request, response) => response.end(BLOB), 'https');
    const registry = await setup.serve(redirectingBlobs(() => `${storage.origin}/here`));
    const allowed = [registry.host, storage.host];
    const client = setup.connect({ allowed, plain: [registry.host], auths: { [registry.host]: AUTH } });
    const repository = parseRepository(`${registry.host}/team/app`);
    const blob = await client.readBlob(repository, toDigest(BLOB), { limitBytes: 100, signal });
    expect(Buffer.from(blob)).toEqual(BLOB);
    expect(storage.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
    const wrong = client.readBlob(repository, toDigest('another'), { limitBytes: 100, signal });
    expect(await codeOf(wrong)).toBe('ContentMismatch');
  });
});

test('a token goes to its registry alone, not to where that redirects', async () => {
  const storage = await setup.serve(serving, 'https');
  const tokens = await setup.serve((_request, response) => response.end(JSON.stringify({ token: TOKEN })));
  const registry = await setup.serve(({ headers }, response) => {
    if (headers.authorization === `Bearer ${TOKEN}`) response.writeHead(307, { location: storage.origin }).end();
    else response.writeHead(401, { 'www-authenticate': `Bearer realm="${tokens.origin}/token"` }).end();
  });
  const hosts = [registry.host, tokens.host];
  const client = setup.connect({ allowed: [...hosts, storage.host], plain: hosts, auths: { [registry.host]: AUTH } });
  const repository = parseRepository(`${registry.host}/team/app`);
  expect(await codeOf(client.readManifest(repository, DIGEST, signal))).toBe('answered');
  expect(registry.requests.map(({ headers }) => headers.authorization)).toEqual([undefined, `Bearer ${TOKEN}`]);
  expect(tokens.requests.map(({ headers }) => headers.authorization)).toEqual([BASIC]);
  expect(storage.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
});

test('a credential is for its own registry: another one’s challenge gets none', async () => {
  const challenge: Handler = (_request, response) =>
    response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end();
  const [own, other] = [await setup.serve(challenge), await setup.serve(challenge)];
  const hosts = [own.host, other.host];
  const client = setup.connect({ allowed: hosts, plain: hosts, auths: { [own.host]: AUTH } });
  expect(await codeOf(client.readManifest(parseRepository(`${other.host}/a`), DIGEST, signal))).toBe('AccessDenied');
  expect(other.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
});

describe('a registry with a certificate of a private authority', () => {
  const trustOf = (host: string, ca?: string): RegistryTrust => ({
    profile: 'ocp',
    revision: 'a'.repeat(64),
    pushSources: [],
    registries: { allowed: [host] },
    mirrorRules: [],
    storeAccess: { allowPrivateAddresses: true, allowLocal: false, ca },
  });

  test.each([
    { name: 'that the profile trusts', ca: TEST_CA, expected: 'answered', asked: 1 },
    { name: 'that it does not', ca: undefined, expected: 'ConnectionFailed', asked: 0 },
  ])('$name: $expected', async ({ ca, expected, asked }) => {
    const registry = await setup.serve(serving, 'https');
    const registries = createProfileRegistries({});
    setup.onEnd(() => registries.close());
    const repository = parseRepository(`${registry.host}/team/app`);
    const client = await registries.open(trustOf(registry.host, ca), repository);
    expect(await codeOf(client.readManifest(repository, DIGEST, signal))).toBe(expected);
    expect(registry.requests.length).toBe(asked);
  });
});
