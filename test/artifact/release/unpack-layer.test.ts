import { randomBytes } from 'node:crypto';
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { unpackLayer } from '../../../lib/artifact/release/image/unpack-layer.ts';
import { StoreError } from '../../../lib/base/errors/store-error.ts';

const CONTENT = randomBytes(1_500_000);
const GONE = new StoreError('ConnectionFailed', 'the registry went away');
const LIMIT = 16 * 1024 * 1024;

/** As a registry sends them; it goes away after `until` bytes. */
async function* inChunks(bytes: Uint8Array, length: number, until: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) {
    if (at >= until) throw GONE;
    await Promise.resolve();
    yield bytes.subarray(at, at + length);
  }
}

function broken(packed: Uint8Array): Uint8Array {
  return Buffer.from(packed).fill(0xff, 700_000, 900_000);
}

const outcomes: readonly (readonly [
  name: string,
  change: (packed: Uint8Array) => Uint8Array,
  until: number,
  limit: number,
  code: string,
])[] = [
  ['whole', (packed) => packed, Number.POSITIVE_INFINITY, LIMIT, 'whole'],
  ['cut short', (packed) => packed.subarray(0, 700_000), Number.POSITIVE_INFINITY, LIMIT, 'LayerInvalid'],
  ['broken in its middle', broken, Number.POSITIVE_INFINITY, LIMIT, 'LayerInvalid'],
  [
    'with bytes behind it',
    (packed) => Buffer.concat([packed, Buffer.alloc(500_000, 1)]),
    Number.POSITIVE_INFINITY,
    LIMIT,
    'LayerInvalid',
  ],
  [
    'with zeros behind it',
    (packed) => Buffer.concat([packed, Buffer.alloc(500_000)]),
    Number.POSITIVE_INFINITY,
    LIMIT,
    'LayerInvalid',
  ],
  ['of a registry that goes away', (packed) => packed, 600_000, LIMIT, 'ConnectionFailed'],
  ['longer than the limit', (packed) => packed, Number.POSITIVE_INFINITY, 400_000, 'LimitExceeded'],
];

describe.each([
  ['gzip', gzipSync],
  ['zstd', zstdCompressSync],
] as const)('a layer of %s', (packing, pack) => {
  const packed = pack(CONTENT);
  const escaped: unknown[] = [];
  const keep = (error: unknown): number => escaped.push(error);
  beforeEach(() => {
    escaped.length = 0;
    process.on('uncaughtException', keep);
  });
  afterEach(() => {
    process.off('uncaughtException', keep);
  });

  test.each(outcomes)('%s: one result, and nothing thrown beside it', async (_, change, until, limit, expected) => {
    for (const length of [512, 65_536, 700_000]) {
      expect(await unpack(length, Number.POSITIVE_INFINITY), `chunks of ${length}`).toBe(expected);
      // Whoever reads may stop before the fault.
      for (const stop of [1, 5]) await unpack(length, stop);
      await wait(5);
    }
    expect(escaped).toEqual([]);

    async function unpack(length: number, stop: number): Promise<string> {
      let count = 0;
      try {
        for await (const chunk of unpackLayer(inChunks(change(packed), length, until), packing, limit)) {
          count += 1;
          if (chunk.length > 0 && count === stop) return 'stopped';
        }
        return 'whole';
      } catch (error) {
        return error instanceof Error && 'code' in error ? String(error.code) : String(error);
      }
    }
  });
});
