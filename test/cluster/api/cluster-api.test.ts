import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import type { ApiAccess, TokenSource } from '../../../lib/cluster/api/api-access.ts';
import { MAX_API_ANSWER_BYTES, openClusterApi } from '../../../lib/cluster/api/cluster-api.ts';
import { startServer, TEST_CA, type TestServer } from '../../support/servers/start-server.ts';

const { signal } = new AbortController();
const QUESTION = { method: 'GET', path: '/api/v1/namespaces/a/configmaps/b' } as const;

interface Reply {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

describe('the API of a cluster', () => {
  let server: TestServer;
  let folder: string;
  let replies: Reply[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'signet-api-'));
    server = await startServer((_, response) => {
      const reply = replies.length > 1 ? replies.shift() : replies[0];
      response.writeHead(reply?.status ?? 500, reply?.headers);
      response.end(reply?.body);
    }, 'https');
  });
  afterAll(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });

  const toAccess = (token?: TokenSource, ca: string | undefined = TEST_CA): ApiAccess => ({
    origin: 'a test',
    server: new URL(`https://127.0.0.1:${server.port}`),
    authorities: { kind: 'text', pem: ca },
    token,
    certificate: undefined,
  });

  async function ask(access: ApiAccess, ...given: readonly Reply[]) {
    replies = [...given];
    const api = await openClusterApi(access, {});
    try {
      return await api.ask(QUESTION, signal);
    } finally {
      api.close();
    }
  }

  test.each([200, 201, 404, 409, 422])('an answer %i says something of the object', async (status) => {
    expect(await ask(toAccess(), { status, body: '{"a":1}' })).toEqual({ status, body: { a: 1 } });
  });

  test.each<[name: string, reply: Reply, code: string]>([
    ['401', { status: 401, body: '{"message":"Unauthorized"}' }, 'AccessDenied'],
    ['403', { status: 403, body: '{"message":"cannot get"}' }, 'AccessDenied'],
    ['a server that is not ready', { status: 503 }, 'Unavailable'],
    ['a redirect', { status: 307, headers: { location: 'https://elsewhere.example/' } }, 'StatusUnexpected'],
    ['a page', { status: 200, body: '<html>' }, 'BodyInvalid'],
    ['a list', { status: 200, body: '[]' }, 'BodyInvalid'],
    ['a member twice', { status: 200, body: '{"a":1,"a":2}' }, 'BodyInvalid'],
    ['more than is read', { status: 200, body: `{"a":"${'x'.repeat(MAX_API_ANSWER_BYTES)}"}` }, 'BodyInvalid'],
  ])('%s is the failure of the server', async (_, reply, code) => {
    const token = { kind: 'text', token: 'S3CRET' } as const;
    const error: unknown = await ask(toAccess(token), reply).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({ code, message: expect.not.stringContaining('S3CRET') as unknown });
  });

  test('a server that is busy for a moment is asked again', async () => {
    const busy = { status: 429, headers: { 'retry-after': '0' } };
    expect(await ask(toAccess(), busy, { status: 200, body: '{}' })).toEqual({ status: 200, body: {} });
  });

  test('a token file is read before each request', async () => {
    const file = path.join(folder, 'token');
    const api = await openClusterApi(toAccess({ kind: 'file', file }), {});
    replies = [{ status: 200, body: '{}' }];
    for (const token of ['first', 'second']) {
      await writeFile(file, `${token}\n`);
      await api.ask(QUESTION, signal);
    }
    api.close();
    const sent = server.requests.slice(-2).map(({ headers }) => headers.authorization);
    expect(sent).toEqual(['Bearer first', 'Bearer second']);
  });

  test.each([
    ['a line break in it', 'a\nx-evil: 1'],
    ['nothing in it', ' '],
    ['what is no ASCII in it', 'ä'],
  ])('a token with %s is sent to nobody', async (_, token) => {
    const before = server.requests.length;
    await expect(ask(toAccess({ kind: 'text', token }), { status: 200, body: '{}' })).rejects.toThrow('is not one');
    expect(server.requests.length).toBe(before);
  });

  test.each([
    ['no certificate', 'nothing', 'has no PEM certificate'],
    ['a broken one', '-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n', 'cannot be used'],
  ])('authorities with %s are a fault of the settings', async (_, ca, says) => {
    await expect(openClusterApi(toAccess(undefined, ca), {})).rejects.toThrow(says);
  });

  test('a server that the named authorities did not sign gets no token', async () => {
    const access = { ...toAccess({ kind: 'text', token: 'S3CRET' }), authorities: undefined };
    const before = server.requests.length;
    await expect(ask(access, { status: 200, body: '{}' })).rejects.toThrow(StoreError);
    expect(server.requests.length).toBe(before);
  });
});
