import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ConfigurationError } from '../../../../lib/base/errors/configuration-error.ts';
import { readKeyFile } from '../../../../lib/crypto/openpgp/keys/key-file.ts';

const KEYS = path.join(import.meta.dirname, '../../../fixtures/openpgp/keys');
const armored = readdirSync(KEYS).map((name) => readFileSync(path.join(KEYS, name)));
/** The packets of every block that can be read, so that changes reach what is below the armor and its checksum. */
const binary = armored.flatMap((file) => {
  const keyFile = read(file);
  return keyFile instanceof ConfigurationError
    ? []
    : keyFile.certificates.map(({ packets }) => Buffer.from(packets.bytes));
});

function read(bytes: Uint8Array): ReturnType<typeof readKeyFile> | ConfigurationError {
  try {
    return readKeyFile(bytes);
  } catch (error) {
    // Anything else would be a crash.
    if (!(error instanceof ConfigurationError)) throw error;
    return error;
  }
}

const toArmor = (bytes: Uint8Array): Buffer =>
  Buffer.from(
    `-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n${Buffer.from(bytes).toString('base64')}\n-----END PGP PUBLIC KEY BLOCK-----\n`,
  );

const edit = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  kind: fc.constantFrom('set', 'cut', 'insert', 'repeat', 'glue'),
  put: fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 8 }),
    fc
      .constantFrom('\n', '\r\n', '=', '-----BEGIN PGP PUBLIC KEY BLOCK-----\n', '\n-----END PGP ', '=AAAA\n')
      .map((text) => Buffer.from(text)),
  ),
});
type Edit = typeof edit extends fc.Arbitrary<infer E> ? E : never;

/** Key files, armored and not, with bytes changed, cut out, doubled or put in, and two of them glued together. */
const mutatedFrom = (files: readonly Buffer[]): fc.Arbitrary<Buffer> =>
  fc
    .record({
      base: fc.constantFrom(...files),
      other: fc.constantFrom(...armored, ...binary),
      edits: fc.array(edit, { minLength: 1, maxLength: 4 }),
    })
    .map(({ base, other, edits }) => edits.reduce((bytes, one) => apply(bytes, one, other), base));

function apply(bytes: Buffer, { at, kind, put }: Edit, other: Buffer): Buffer {
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
}

test('a key file of any bytes is read, or refused with a ConfigurationError', () => {
  expect(binary.length).toBeGreaterThan(20);
  const outcomes = new Map<string, number>();
  const any = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    mutatedFrom(armored),
    mutatedFrom(binary),
    mutatedFrom(binary).map(toArmor),
  );
  fc.assert(
    fc.property(any, (bytes) => {
      const keyFile = read(bytes);
      const outcome = keyFile instanceof ConfigurationError ? keyFile.code : 'read';
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      if (keyFile instanceof ConfigurationError) return;
      expect(keyFile.certificates.length + keyFile.unusable.length).toBeGreaterThan(0);
      for (const { packets, armorBlock } of keyFile.certificates) {
        expect(armorBlock).toBeGreaterThanOrEqual(0);
        // What it calls a certificate is one by itself, with the same key.
        const alone = { certificates: [{ armorBlock: 0, packets: { primary: packets.primary } }], unusable: [] };
        expect(read(packets.bytes)).toMatchObject(alone);
      }
    }),
    { numRuns: 4000 },
  );
  // Both happen, or the property says little.
  expect(outcomes.get('read') ?? 0).toBeGreaterThan(50);
  expect(outcomes.get('KeyUnreadable') ?? 0).toBeGreaterThan(50);
});
