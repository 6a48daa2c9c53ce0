import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as fc from 'fast-check';
import { readMessage } from 'openpgp';
import { describe, expect, test } from 'vitest';
import { SignatureError } from '../../../../lib/base/errors/signature-error.ts';
import { MAX_MESSAGE_BYTES, parseSignedMessage } from '../../../../lib/crypto/openpgp/messages/signed-message.ts';
import { MAX_DECOMPRESSED_BYTES } from '../../../../lib/crypto/openpgp/packets/decompress.ts';

const MESSAGES = path.join(import.meta.dirname, '../../../fixtures/openpgp/messages');
const messages = readdirSync(MESSAGES).map((name) => readFileSync(path.join(MESSAGES, name)));

function parse(bytes: Uint8Array): ReturnType<typeof parseSignedMessage> | SignatureError {
  try {
    return parseSignedMessage(bytes);
  } catch (error) {
    // Anything else would be a crash.
    if (!(error instanceof SignatureError)) throw error;
    return error;
  }
}

/** Fixtures with bytes changed, cut out, doubled or put in, and two of them glued together. */
const mutated = fc
  .record({
    base: fc.constantFrom(...messages),
    other: fc.constantFrom(...messages),
    edits: fc.array(
      fc.record({
        at: fc.double({ min: 0, max: 1, noNaN: true }),
        kind: fc.constantFrom('set', 'cut', 'insert', 'repeat', 'glue'),
        bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  })
  .map(({ base, other, edits }) =>
    edits.reduce<Buffer>((bytes, { at, kind, bytes: put }) => {
      const offset = Math.floor(at * bytes.length);
      const [head, tail] = [bytes.subarray(0, offset), bytes.subarray(offset)];
      switch (kind) {
        case 'set':
          return Buffer.concat([head, put, tail.subarray(put.length)]);
        case 'cut':
          return Buffer.concat([head, tail.subarray(put.length)]);
        case 'insert':
          return Buffer.concat([head, put, tail]);
        case 'repeat':
          return Buffer.concat([head, tail, tail]);
        case 'glue':
          return Buffer.concat([head, other]);
        default:
          return bytes;
      }
    }, base),
  );

describe('the message reader', () => {
  test('takes any bytes without a crash or a hang, and gives no more than its limit', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), mutated), (bytes) => {
        const parsed = parse(bytes);
        if (parsed instanceof SignatureError) return;
        expect(parsed.content.length).toBeLessThanOrEqual(MAX_DECOMPRESSED_BYTES);
      }),
      { numRuns: 4000 },
    );
  });

  test('allocates no more than its limits allow, whatever a bomb asks for', () => {
    const bombs = readdirSync(MESSAGES).filter((name) => name.includes('bomb'));
    expect(bombs.length).toBeGreaterThanOrEqual(2);
    for (const name of bombs) {
      const before = process.memoryUsage();
      const parsed = parse(readFileSync(path.join(MESSAGES, name)));
      expect(parsed).toBeInstanceOf(SignatureError);
      const after = process.memoryUsage();
      const grown = after.external + after.heapUsed - before.external - before.heapUsed;
      expect(grown, name).toBeLessThan(32 * 1024 * 1024);
    }
  });

  test('looks at no byte of an input that is too long', () => {
    expect(parse(new Uint8Array(MAX_MESSAGE_BYTES + 1).fill(0xff))).toMatchObject({ code: 'LimitExceeded' });
    expect(parse(new Uint8Array(MAX_MESSAGE_BYTES).fill(0xff))).not.toMatchObject({ code: 'LimitExceeded' });
  });

  test('whatever it accepts, openpgp.js sees the same signer and the same bytes (version 4)', async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.constantFrom(...messages), mutated), async (bytes) => {
        const parsed = parse(bytes);
        if (parsed instanceof SignatureError || parsed.signature.version !== 4) return;
        const message = await readMessage({ binaryMessage: new Uint8Array(bytes) });
        expect(message.getSigningKeyIDs().map((id) => id.toHex().toUpperCase())).toEqual([parsed.signerKeyId]);
        const literal: unknown = message.getLiteralData();
        if (!(literal instanceof Uint8Array)) throw new TypeError('openpgp.js shows no literal data');
        expect(Buffer.compare(literal, parsed.content)).toBe(0);
        compared++;
      }),
      { numRuns: 1500 },
    );
    expect(compared).toBeGreaterThan(100);
  });
});
