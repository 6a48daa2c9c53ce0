import { afterEach, describe, expect, test, vi } from 'vitest';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import { createHttpClient } from '../../../lib/platform/http/http-client.ts';
import { createKeptClients, type Retirable } from '../../../lib/platform/http/kept-clients.ts';
import { createUpstreamStores } from '../../../lib/stores/open/open-stores.ts';
import { toDigest } from '../../fixtures/make/payload.ts';
import { readFixtureTrust } from '../../support/fixture-releases.ts';
import { type Handler, startServer, type TestServer } from '../../support/servers/start-server.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function serve(handler: Handler): Promise<TestServer> {
  const server = await startServer(handler);
  closers.push(() => server.close());
  return server;
}

/** Clients that say what became of them. */
function createCountedClients() {
  const said: string[] = [];
  const open = (name: string) => (): Retirable => {
    said.push(`open ${name}`);
    return { retire: () => said.push(`retire ${name}`), close: () => said.push(`close ${name}`) };
  };
  return { clients: createKeptClients<Retirable>(), open, said };
}

describe('clients by configuration', () => {
  test('one for all who ask for the same, whatever its owner had before', () => {
    const { clients, open, said } = createCountedClients();
    const first = clients.get('ocp', ['one', undefined], open('one'));
    expect(clients.get('ocp', ['one', undefined], open('one again'))).toBe(first);
    const other = clients.get('okd', ['one', undefined], open('okd'));
    expect(other).not.toBe(first);
    // Calls of the trust before and of the trust after, in turn: nobody closes or opens anything.
    const next = clients.get('ocp', ['two', undefined], open('two'));
    for (let turn = 0; turn < 3; turn += 1) {
      expect(clients.get('ocp', ['one', undefined], open('more'))).toBe(first);
      expect(clients.get('ocp', ['two', undefined], open('more'))).toBe(next);
    }
    expect(said).toEqual(['open one', 'open okd', 'open two']);
  });

  test('what has not been asked for longest is retired, and everything is closed once, at the end', () => {
    const { clients, open, said } = createCountedClients();
    for (const name of ['one', 'two', 'one', 'three', 'four']) clients.get('ocp', [name], open(name));
    expect(said).toEqual(['open one', 'open two', 'open three', 'retire two', 'open four', 'retire one']);
    clients.close();
    clients.close();
    expect(said.slice(6).toSorted()).toEqual(['close four', 'close one', 'close three', 'close two']);
  });

  test('of the retired ones the last are kept to be closed, so that no number of configurations adds up', () => {
    const { clients, open, said } = createCountedClients();
    for (let index = 0; index < 1000; index += 1) clients.get('ocp', [index], open(`${index}`));
    clients.close();
    const closed = said.filter((line) => line.startsWith('close '));
    expect([closed.length, new Set(closed).size]).toEqual([66, 66]);
    expect(closed).toContain('close 999');
  });

  test('what cannot be opened is not kept, and leaves the others', () => {
    const { clients, open, said } = createCountedClients();
    const first = clients.get('ocp', ['one'], open('one'));
    const fail = (): Retirable => {
      throw new Error('no certificate');
    };
    for (let tries = 0; tries < 3; tries += 1)
      expect(() => clients.get('ocp', ['two'], fail)).toThrow('no certificate');
    expect(clients.get('ocp', ['one'], open('again'))).toBe(first);
    clients.get('ocp', ['two'], open('two'));
    expect(said).toEqual(['open one', 'open two']);
  });
});

describe('a client that is retired', () => {
  test('finishes what is under way, serves whoever still has it, and keeps no connection', async () => {
    const held: (() => void)[] = [];
    const server = await serve(({ url }, response) => {
      if (url === '/slow') held.push(() => response.end('slow'));
      else response.end('quick');
    });
    const client = createHttpClient({ allowPrivateAddresses: true });
    closers.push(() => client.close());
    const get = async (path: string): Promise<string> => {
      const { signal } = new AbortController();
      return Buffer.from((await client.get(`${server.origin}${path}`, { signal, limitBytes: 100 })).bytes).toString();
    };
    const until = async (isSo: () => boolean): Promise<void> => {
      while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    await get('/quick');
    const slow = get('/slow');
    await until(() => held.length === 1);
    client.retire();
    expect(await get('/quick')).toBe('quick');
    held[0]?.();
    expect(await slow).toBe('slow');
    await until(() => server.sockets.size === 0);
    expect(await get('/quick')).toBe('quick');
    await until(() => server.sockets.size === 0);
    client.close();
    await expect(get('/quick')).rejects.toThrow('the HTTP client is closed');
  });
});

test('a verification that goes on with stores that were retired ends when the service stops', async () => {
  const digest = parseDigest(toDigest('a release'));
  let asked = 0;
  const server = await serve(() => {
    asked += 1;
  });
  const upstream = createUpstreamStores({ allowPrivateAddresses: true });
  const { prepared } = await readFixtureTrust();
  const trust = { ...prepared, stores: [{ ...prepared.stores[0], url: server.origin }] } as typeof prepared;
  const places = upstream.open(trust);
  const read = Array.fromAsync(places.release.fetchSignatures({ digest }, new AbortController().signal));
  await vi.waitUntil(() => asked > 0);
  for (const letter of 'bcd') upstream.open({ ...trust, revision: letter.repeat(64) });
  upstream.close();
  expect(await read).toMatchObject([{ kind: 'failed', error: { message: 'the HTTP client is closed' } }]);
});

test('a verification that is under way when the trust changes finishes with the stores that it has', async () => {
  const digest = parseDigest(toDigest('a release'));
  const held: (() => void)[] = [];
  const server = await serve(({ url = '' }, response) => {
    if (url.endsWith('signature-1')) held.push(() => response.end('one'));
    else response.writeHead(404).end();
  });
  const upstream = createUpstreamStores({ allowPrivateAddresses: true });
  closers.push(() => upstream.close());
  const { prepared } = await readFixtureTrust();
  const trust = { ...prepared, stores: [{ ...prepared.stores[0], url: server.origin }] } as typeof prepared;
  const places = upstream.open(trust);
  const signal = new AbortController().signal;
  const read = Array.fromAsync(places.release.fetchSignatures({ digest }, signal));
  while (held.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  // Published three times meanwhile: more than are kept.
  for (const letter of 'bcd') upstream.open({ ...trust, revision: letter.repeat(64) });
  held[0]?.();
  expect((await read).map(({ kind }) => kind)).toEqual(['signature', 'absent']);
});
