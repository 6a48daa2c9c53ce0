import { afterEach, describe, expect, test } from 'vitest';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import type { StreamOptions } from '../../../lib/registry/client/stream-blob.ts';
import type { Handler } from '../../support/servers/start-server.ts';
import { codeOf, createSetup, toDigest } from './registry-setup.ts';

const setup = createSetup();
const { signal } = new AbortController();
afterEach(() => setup.close());

const BLOB = Buffer.alloc(3_000_000, 'blob');

const readAll = async (chunks: AsyncIterable<Uint8Array>): Promise<number> => {
  let length = 0;
  for await (const chunk of chunks) length += chunk.length;
  return length;
};

async function open(handler: Handler) {
  const server = await setup.serve(handler);
  const client = setup.connect({ allowed: [server.host], plain: [server.host] });
  const repository = parseRepository(`${server.host}/team/app`);
  return <T>(read: (chunks: AsyncIterable<Uint8Array>) => Promise<T>, options: Partial<StreamOptions> = {}) =>
    client.streamBlob(repository, toDigest(BLOB), { limitBytes: 4_000_000, signal, ...options }, read);
}

describe('a blob as it comes', () => {
  test('is read in pieces, and longer than a manifest may be', async () => {
    const stream = await open((_, response) => response.end(BLOB));
    let pieces = 0;
    const length = await stream(async (chunks) => {
      let total = 0;
      for await (const chunk of chunks) {
        total += chunk.length;
        pieces += 1;
      }
      return total;
    });
    expect([length, pieces > 1]).toEqual([BLOB.length, true]);
  });

  const rows: readonly { name: string; expected: string; handler: Handler; options?: Partial<StreamOptions> }[] = [
    { name: 'what was asked for', expected: 'answered', handler: (_, response) => response.end(BLOB) },
    { name: 'other bytes', expected: 'ContentMismatch', handler: (_, response) => response.end(Buffer.alloc(5)) },
    { name: 'nothing', expected: 'ContentMismatch', handler: (_, response) => response.end() },
    { name: 'no content', expected: 'ContentMismatch', handler: (_, response) => response.writeHead(204).end() },
    {
      name: 'more than the limit',
      expected: 'LimitExceeded',
      options: { limitBytes: 2_999_999 },
      handler: (_, response) => response.end(BLOB),
    },
    {
      name: 'more than the limit in chunks',
      expected: 'LimitExceeded',
      options: { limitBytes: 2_999_999 },
      handler: (_, response) => {
        response.write(BLOB.subarray(0, 2_000_000));
        response.end(BLOB.subarray(2_000_000));
      },
    },
    {
      name: 'a content encoding',
      expected: 'BodyInvalid',
      handler: (_, response) => response.setHeader('content-encoding', 'gzip').end(BLOB),
    },
    { name: 'no blob', expected: 'NotFound', handler: (_, response) => response.writeHead(404).end('<html>') },
    {
      name: 'a redirect to another host',
      expected: 'RedirectRefused',
      handler: (_, response) => response.writeHead(307, { location: 'https://storage.example.com/' }).end(),
    },
    {
      name: 'a few bytes and then none',
      expected: 'TimedOut',
      options: { stallMs: 100 },
      handler: (_, response) => void response.write(BLOB.subarray(0, 100)),
    },
    { name: 'no answer', expected: 'TimedOut', options: { stallMs: 100 }, handler: () => undefined },
  ];
  test.each(rows)('$name: $expected', async ({ expected, handler, options }) => {
    const stream = await open(handler);
    expect(await codeOf(stream(readAll, options))).toBe(expected);
  });

  test('a connection that is cut is made again, and the reader begins anew', async () => {
    let asked = 0;
    const stream = await open((_, response) => {
      asked += 1;
      if (asked > 1) return response.end(BLOB);
      return response.write(BLOB.subarray(0, 1_000_000), () => response.destroy());
    });
    expect([await stream(readAll), asked]).toEqual([BLOB.length, 2]);
  });

  test('a reader that stops early gets its result only for the whole blob', async () => {
    const first = async (chunks: AsyncIterable<Uint8Array>): Promise<number> => {
      for await (const chunk of chunks) return chunk.length;
      return 0;
    };
    const stream = await open((_, response) => response.end(BLOB));
    expect(await stream(first)).toBeGreaterThan(0);
    const falsified = await open((_, response) =>
      response.end(Buffer.concat([BLOB.subarray(0, -1), Buffer.from('x')])),
    );
    expect(await codeOf(falsified(first))).toBe('ContentMismatch');
  });

  test('a reader’s own fault is told of the right content alone, and is not asked about again', async () => {
    let read = 0;
    const fail = async (chunks: AsyncIterable<Uint8Array>): Promise<never> => {
      read += 1;
      for await (const _ of chunks) break;
      throw new RangeError('mine');
    };
    const stream = await open((_, response) => response.end(BLOB));
    await expect(stream(fail)).rejects.toThrow(RangeError);
    expect(read).toBe(1);
    const falsified = await open((_, response) => response.end('x'));
    expect(await codeOf(falsified(fail))).toBe('ContentMismatch');
  });

  test('a caller that gives up ends it, with its own reason', async () => {
    const controller = new AbortController();
    const stream = await open((_, response) => void response.write(BLOB.subarray(0, 100)));
    const reading = stream(
      async (chunks) => {
        for await (const _ of chunks) controller.abort(new Error('enough'));
      },
      { signal: controller.signal },
    );
    await expect(reading).rejects.toThrow('enough');
  });
});
