import type { LookupAddress, lookup } from 'node:dns';
import { once } from 'node:events';
import { connect, type LookupFunction } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createCheckedLookup, guardSocket } from '../../../lib/platform/http/address-rules.ts';
import { createHttpClient } from '../../../lib/platform/http/http-client.ts';
import { startServer, type TestServer } from '../../support/servers/start-server.ts';

const PUBLIC = { address: '93.184.216.34', family: 4 };
const PRIVATE = { address: '127.0.0.1', family: 4 };

let server: TestServer;

beforeEach(async () => {
  server = await startServer((_request, response) => response.end('secret'));
});

afterEach(() => server.close());

async function codeOf(lookupFunction: LookupFunction | undefined, host: string): Promise<string> {
  const client = createHttpClient({ allowPrivateAddresses: false, lookup: lookupFunction });
  try {
    const signal = new AbortController().signal;
    await client.get(`http://${host}:${server.port}/`, { signal, limitBytes: 10, timeoutMs: 5000 });
    return 'answered';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  } finally {
    client.close();
  }
}

/** Gives one answer after the other. */
function resolverOf(...answers: readonly (readonly LookupAddress[])[]): typeof lookup {
  let asked = 0;
  const resolve = (_name: string, _options: unknown, callback: (error: null, answer: LookupAddress[]) => void) => {
    callback(null, [...(answers[asked] ?? [])]);
    asked += 1;
  };
  return resolve as typeof lookup;
}

describe('addresses that may not be contacted', () => {
  test('a literal: AddressRefused, no contact', async () => {
    expect(await codeOf(undefined, '127.0.0.1')).toBe('AddressRefused');
    expect(server.sockets.size).toBe(0);
  });

  test('a name of the system that resolves to loopback: AddressRefused, no contact', async () => {
    expect(await codeOf(undefined, 'localhost')).toBe('AddressRefused');
    expect(server.sockets.size).toBe(0);
  });

  test('one private address among public ones: AddressRefused', async () => {
    const mixed = createCheckedLookup({ allowPrivateAddresses: false }, resolverOf([PUBLIC, PRIVATE]));
    expect(await codeOf(mixed, 'mixed.test')).toBe('AddressRefused');
  });

  test('a name without addresses: ConnectionFailed', async () => {
    const empty = createCheckedLookup({ allowPrivateAddresses: false }, resolverOf([]));
    expect(await codeOf(empty, 'empty.test')).toBe('ConnectionFailed');
  });

  test('a name that was public when checked and private when connected is refused at the socket', async () => {
    const checked = createCheckedLookup({ allowPrivateAddresses: false }, resolverOf([PUBLIC], [PUBLIC]));
    const rebinding: LookupFunction = (hostname, options, callback) => {
      checked(hostname, options, (error) => callback(error, [PRIVATE]));
    };
    expect(await codeOf(rebinding, 'rebinding.test')).toBe('AddressRefused');
    expect(server.requests).toEqual([]);
  });

  test('the checked lookup asks once, so that a second answer is never used', async () => {
    const answers: unknown[] = [];
    const checked = createCheckedLookup({ allowPrivateAddresses: false }, resolverOf([PUBLIC], [PRIVATE]));
    checked('a.test', { all: true }, (error, addresses) => answers.push(error, addresses));
    checked('a.test', { all: true }, (error) => answers.push(error));
    expect(answers).toEqual([null, [PUBLIC], expect.objectContaining({ code: 'AddressRefused' })]);
  });

  test('a single address is answered where one is asked for', () => {
    const answers: unknown[] = [];
    const checked = createCheckedLookup({ allowPrivateAddresses: true }, resolverOf([PRIVATE]));
    checked('a.test', {}, (...answer) => answers.push(...answer));
    expect(answers).toEqual([null, '127.0.0.1', 4]);
  });

  test('a socket that is already connected, as a kept-alive one is, is refused too', async () => {
    const socket = connect(server.port, '127.0.0.1');
    await once(socket, 'connect');
    const failed = once(socket, 'error');
    guardSocket(socket, { allowPrivateAddresses: false });
    expect(await failed).toEqual([expect.objectContaining({ code: 'AddressRefused' })]);
    expect(socket.destroyed).toBe(true);
  });
});
