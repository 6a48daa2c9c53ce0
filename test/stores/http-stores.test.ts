import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createHttpClient, type HttpClient } from '../../lib/platform/http/http-client.ts';
import { createHttpReleaseStore } from '../../lib/stores/numbered-stores.ts';
import {
  MAX_LOOKASIDE_SIGNATURES,
  MAX_SIGNATURE_BYTES,
  type SignatureStore,
} from '../../lib/stores/port/signature-store.ts';
import { createProfileLookaside } from '../../lib/stores/registries-d-store.ts';
import { type Handler, startServer, type TestServer } from '../support/servers/start-server.ts';
import { DIGEST, REPOSITORY, readEntries, signatureOf, summarise } from './signature-store-contract.ts';

const SHORT_MS = 250;
const SEGMENT = `sha256=${'a1'.repeat(32)}`;

let client: HttpClient;
let server: TestServer | undefined;

beforeEach(() => {
  client = createHttpClient({ allowPrivateAddresses: true });
});

afterEach(async () => {
  client.close();
  await server?.close();
});

/** Answers signature 1 with the handler, 2 with a signature and the rest with 404. */
async function serve(first: Handler, query = ''): Promise<URL> {
  server = await startServer((request, response) => {
    const path = request.url?.split('?')[0] ?? '';
    if (path.endsWith('/signature-1')) first(request, response);
    else if (path.endsWith('/signature-2')) response.end(signatureOf('two'));
    else response.writeHead(404).end();
  });
  return new URL(`${server.origin}/base/${query}`);
}

const status =
  (code: number): Handler =>
  (_request, response) =>
    response.writeHead(code).end();
const page =
  (body: string, headers: Record<string, string> = {}): Handler =>
  (_request, response) =>
    response.writeHead(200, headers).end(body);

describe('release layout over HTTP', () => {
  const rows: readonly { name: string; first: Handler; expected: readonly string[] }[] = [
    { name: '401', first: status(401), expected: ['StatusUnexpected', 'two', 'absent'] },
    { name: '403', first: status(403), expected: ['StatusUnexpected', 'two', 'absent'] },
    { name: '404', first: status(404), expected: ['absent'] },
    { name: '410', first: status(410), expected: ['StatusUnexpected', 'two', 'absent'] },
    { name: '500', first: status(500), expected: ['StatusUnexpected', 'two', 'absent'] },
    { name: 'an empty body', first: page(''), expected: ['two', 'absent'] },
    { name: '204', first: status(204), expected: ['StatusUnexpected', 'two', 'absent'] },
    {
      name: '203 with a signature',
      first: (_, response) => response.writeHead(203).end(signatureOf('one')),
      expected: ['StatusUnexpected', 'two', 'absent'],
    },
    {
      name: '206 with part of a signature',
      first: (_, response) => response.writeHead(206).end(signatureOf('one')),
      expected: ['StatusUnexpected', 'two', 'absent'],
    },
    {
      name: 'JSON',
      first: page('{"error":"login"}', { 'content-type': 'application/json; charset=utf-8' }),
      expected: ['BodyInvalid', 'two', 'absent'],
    },
    {
      name: 'a problem in JSON',
      first: page('{"title":"login"}', { 'content-type': 'application/problem+json' }),
      expected: ['BodyInvalid', 'two', 'absent'],
    },
    { name: 'a page', first: page('<html>', {}), expected: ['BodyInvalid', 'two', 'absent'] },
    { name: 'a page after white space', first: page(' \r\n\t<!doctype'), expected: ['BodyInvalid', 'two', 'absent'] },
    { name: 'a page after a byte order mark', first: page('\ufeff<p>'), expected: ['BodyInvalid', 'two', 'absent'] },
    {
      name: 'the content type of a page',
      first: page('hello', { 'content-type': 'Text/HTML; charset=utf-8' }),
      expected: ['BodyInvalid', 'two', 'absent'],
    },
    {
      name: 'one byte over the limit',
      first: (_, response) => response.end(Buffer.alloc(MAX_SIGNATURE_BYTES + 1)),
      expected: ['LimitExceeded', 'two', 'absent'],
    },
    {
      name: '404 with a page over the limit',
      first: (_, response) => response.writeHead(404).end(Buffer.alloc(MAX_SIGNATURE_BYTES * 2)),
      expected: ['absent'],
    },
    { name: 'no answer', first: () => undefined, expected: ['TimedOut'] },
    { name: 'a cut connection', first: ({ socket }) => socket.destroy(), expected: ['ConnectionFailed'] },
    {
      name: 'a redirect to a metadata service',
      first: (_, response) => response.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
      expected: ['AddressRefused'],
    },
    {
      name: 'a redirect to a file',
      first: (_, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
      expected: ['RedirectRefused'],
    },
  ];
  test.each(rows)('$name: $expected', async ({ first, expected }) => {
    const base = await serve(first);
    const requestTimeoutMs = expected.includes('TimedOut') ? SHORT_MS : undefined;
    const store = createHttpReleaseStore(client, base, { requestTimeoutMs });
    expect(summarise(await readEntries(store))).toEqual(expected);
  });

  test('asks indexes 1 to 9 when each fails', async () => {
    server = await startServer(status(403));
    const entries = await readEntries(createHttpReleaseStore(client, new URL(`${server.origin}/base`)));
    expect(summarise(entries)).toEqual(Array.from({ length: 9 }, () => 'StatusUnexpected'));
    expect(server.requests.at(-1)?.path).toBe(`/base/${SEGMENT}/signature-9`);
  });

  const signed = Array.from({ length: 9 }, (_, index) => `${index + 1}`);
  test.each([
    { name: 'nine signatures: a normal end', empty: [], expected: signed },
    { name: 'nine empty bodies: BodyInvalid, not absent', empty: signed, expected: ['BodyInvalid'] },
    { name: 'the first is empty', empty: ['1'], expected: [...signed.slice(1), 'BodyInvalid'] },
    { name: 'all but the first are empty', empty: signed.slice(1), expected: ['1', 'BodyInvalid'] },
  ])('without a 404, $name', async ({ empty, expected }) => {
    server = await startServer(({ url = '' }, response) => {
      const index = url.slice(-1);
      response.end(empty.includes(index) ? '' : signatureOf(index));
    });
    const entries = await readEntries(createHttpReleaseStore(client, new URL(server.origin)));
    expect(summarise(entries)).toEqual(expected);
    expect(server.requests.length).toBe(9);
  });

  test('a store that takes too long as a whole: TimedOut', async () => {
    server = await startServer((_request, response) => {
      setTimeout(() => response.writeHead(500).end(), 100);
    });
    const store = createHttpReleaseStore(client, new URL(server.origin), { storeTimeoutMs: 250 });
    const outcomes = summarise(await readEntries(store));
    expect(outcomes.at(-1)).toBe('TimedOut');
    expect(outcomes.length).toBeLessThan(9);
  });

  test('sends the query of its base and shows it nowhere', async () => {
    const base = await serve(status(500), '?token=secret');
    const store = createHttpReleaseStore(client, base);
    const entries = await readEntries(store);
    expect(server?.requests[0]?.path).toBe(`/base/${SEGMENT}/signature-1?token=secret`);
    const told = entries.map((entry) => (entry.kind === 'failed' ? entry.error.message : entry.location));
    expect([store.description, ...told].join()).not.toContain('secret');
  });

  test('a user in the base: NotAllowed, and no password in the evidence', async () => {
    const store = createHttpReleaseStore(client, new URL('https://user:secret@store.test/base'));
    const entries = await readEntries(store);
    expect(summarise(entries)).toEqual(['NotAllowed']);
    expect(JSON.stringify([store.description, entries.map(({ location }) => location)])).not.toContain('secret');
  });

  test('nothing stays open when the consumer aborts a request under way', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const base = await serve(() => controller.abort(reason));
    await expect(readEntries(createHttpReleaseStore(client, base), DIGEST, controller.signal)).rejects.toBe(reason);
    await expect.poll(() => server?.sockets.size, { timeout: 10_000 }).toBe(0);
  });
});

/** The lookaside of a profile whose registries.d names this base for all registries. */
function createLookaside(base: URL): SignatureStore {
  const document = { document: 'default.yaml', content: { 'default-docker': { lookaside: base.href } } };
  return createProfileLookaside({ registriesD: [document], storeAccess: STORE_ACCESS }, client);
}

const STORE_ACCESS = { allowLocal: false, allowPrivateAddresses: true, ca: undefined };

describe('lookaside layout over HTTP', () => {
  test('asks for the repository without its host', async () => {
    const base = await serve(page('\u00a3one'));
    await readEntries(createLookaside(new URL('/base', base)));
    expect(server?.requests.map(({ path }) => path)).toEqual(
      [1, 2, 3].map((index) => `/base/openshift-release-dev/ocp-release@${SEGMENT}/signature-${index}`),
    );
  });

  test('without a repository: NotAllowed, no contact', async () => {
    const base = await serve(status(500));
    const store = createLookaside(base);
    const entries = [];
    for await (const entry of store.fetchSignatures({ digest: DIGEST }, new AbortController().signal)) {
      entries.push(entry);
    }
    expect(summarise(entries)).toEqual(['NotAllowed']);
    expect(server?.requests).toEqual([]);
  });

  test('goes on without an end: LimitExceeded after the last one that is read', async () => {
    server = await startServer(page('\u00a3more'));
    const store = createLookaside(new URL(server.origin));
    const signal = new AbortController().signal;
    const kinds: string[] = [];
    for await (const entry of store.fetchSignatures({ digest: DIGEST, repository: REPOSITORY }, signal)) {
      kinds.push(entry.kind === 'failed' ? entry.error.code : entry.kind);
    }
    expect(kinds.length).toBe(MAX_LOOKASIDE_SIGNATURES + 1);
    expect(kinds.at(-1)).toBe('LimitExceeded');
    expect(server.requests.length).toBe(MAX_LOOKASIDE_SIGNATURES);
  });
});
