import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../../../lib/base/errors/configuration-error.ts';
import { SignatureError } from '../../../../lib/base/errors/signature-error.ts';
import { indexKeyring, type PreparedKeyring } from '../../../../lib/crypto/openpgp/keys/keyring.ts';
import { prepareKeyring } from '../../../../lib/crypto/openpgp/keys/prepare-keyring.ts';
import { parseSignedMessage } from '../../../../lib/crypto/openpgp/messages/signed-message.ts';
import { verifyMessage } from '../../../../lib/crypto/openpgp/messages/verify-message.ts';
import { writeArmor } from '../../../fixtures/make/armor-writer.ts';
import { type MessagePlan, signMessage, writeRelease } from '../../../fixtures/make/message-writer.ts';
import { newPacket, oldPacket, PACKET, uint32 } from '../../../fixtures/make/packet-writer.ts';
import { KEY_CREATED, SIGNED } from '../../../fixtures/make/payload.ts';
import { creationTime, issuer } from '../../../fixtures/make/signature-writer.ts';
import { makeEd25519Key, makeRsaKey, type SigningKey } from '../../../fixtures/make/signing-key.ts';
import { keysOf, writeVersion6Certificate } from '../../../fixtures/make/version-6-parts.ts';
import { boundSubkey, certificate, keyPacket, keyRevocation } from '../../../support/certificate-builder.ts';

const NOW = Date.parse('2026-11-22T00:00:00Z') / 1000;
const join = (...parts: readonly Uint8Array[]): Buffer => Buffer.concat(parts);
const armored = (bytes: Uint8Array): Buffer => Buffer.from(writeArmor(bytes, { type: 'PUBLIC KEY BLOCK' }));

const good = makeRsaKey(2048, KEY_CREATED);
const [six] = keysOf('ed25519');
const [composite] = keysOf('mldsa65');
const foreign = makeRsaKey(2048, KEY_CREATED);
const foreignSubkey = makeEd25519Key('legacy', KEY_CREATED);
const three = toVersion3(makeRsaKey(2048, KEY_CREATED));

/** Of version 3: seven octets of version, time and days, the algorithm, then the numbers; the ID is the modulus's end. */
function toVersion3(key: SigningKey): SigningKey {
  const fields = key.publicBody.subarray(6);
  const modulus = fields.subarray(2, 2 + Math.ceil(fields.readUInt16BE(0) / 8));
  const publicBody = join(Buffer.from([3]), uint32(KEY_CREATED), Buffer.from([0, 0, 1]), fields);
  return { ...key, publicBody, keyId: modulus.subarray(-8) };
}

const userId = oldPacket(PACKET.userId, Buffer.from('Signet mixed'));
const keyOf = (...body: readonly Uint8Array[]): Buffer => newPacket(PACKET.publicKey, join(...body));
const UNKNOWN = newPacket(20, Buffer.from('of the future'));
const HARMLESS = [
  newPacket(60, Buffer.from('private')),
  newPacket(21, Buffer.alloc(9)),
  newPacket(40, Buffer.alloc(3)),
];

const CERTIFICATES = {
  good: certificate(good),
  six: writeVersion6Certificate(six),
  composite: writeVersion6Certificate(composite),
  foreign: join(certificate(foreign), boundSubkey(foreign, foreignSubkey), UNKNOWN),
  three: join(oldPacket(PACKET.publicKey, three.publicBody), userId),
  five: join(keyOf(Buffer.from([5]), uint32(KEY_CREATED), Buffer.from([1, 0, 0, 0, 2, 1, 1])), userId),
  seven: join(keyOf(Buffer.from([7, 1, 2, 3])), userId),
  algorithm: join(keyOf(Buffer.from([4]), uint32(KEY_CREATED), Buffer.from([99, 1, 2])), userId),
  sixAlgorithm: join(keyOf(Buffer.from([6]), uint32(KEY_CREATED), Buffer.from([99, 0, 0, 0, 2, 1, 2])), userId),
  legacySix: join(keyOf(makeEd25519Key('legacy', KEY_CREATED, 6).publicBody), userId),
  cut: join(keyOf(Buffer.from([4, 0, 0, 0, 1, 1, 8, 0, 1])), userId),
} as const;
type Name = keyof typeof CERTIFICATES;
const USABLE: readonly Name[] = ['good', 'six', 'composite'];

function judge(keyring: PreparedKeyring, signer: SigningKey, plan: MessagePlan = {}): string {
  try {
    verifyMessage(parseSignedMessage(writeRelease(signMessage(signer, plan))), indexKeyring(keyring), NOW);
    return 'accept';
  } catch (error) {
    if (error instanceof SignatureError) return error.code;
    throw error;
  }
}

function permutations<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length < 2) return [items];
  return items.flatMap((item, at) => permutations(items.toSpliced(at, 1)).map((rest) => [item, ...rest]));
}

/** How the certificates of one file may be put together. */
const FORMS: readonly [name: string, write: (certificates: readonly Buffer[]) => Buffer][] = [
  ['binary', (certificates) => join(...certificates)],
  ['in one armor block', (certificates) => armored(join(...certificates))],
  ['an armor block each', (certificates) => join(...certificates.map(armored))],
  [
    'with packets between that are ignored',
    (certificates) => join(...certificates.flatMap((one) => [one, ...HARMLESS])),
  ],
];

describe('certificates that cannot be used never spoil the others', () => {
  test.each(FORMS)('%s, in every order', async (_, write) => {
    for (const order of permutations<Name>(['good', 'six', 'foreign', 'three'])) {
      const { keyring, warnings } = await prepareKeyring('k', write(order.map((name) => CERTIFICATES[name])));
      const label = order.join(', ');
      expect(judge(keyring, good), label).toBe('accept');
      expect(judge(keyring, six), label).toBe('accept');
      expect(judge(keyring, foreign), label).toBe('SignatureUnsupported');
      expect(judge(keyring, three, { version: 3 }), label).toBe('SignatureUnsupported');
      expect(warnings, label).toHaveLength(2);
    }
  });

  test.each((Object.keys(CERTIFICATES) as Name[]).filter((name) => !USABLE.includes(name)))('%s', async (name) => {
    for (const order of permutations<Name>([name, 'good', 'composite'])) {
      const { keyring, warnings } = await prepareKeyring('k', join(...order.map((each) => CERTIFICATES[each])));
      expect([judge(keyring, good), judge(keyring, composite)]).toEqual(['accept', 'accept']);
      expect(keyring.certificates).toHaveLength(2);
      expect(warnings.join()).toMatch(/^certificate .* cannot be used and counts for nothing: /);
    }
    const alone = prepareKeyring('k', CERTIFICATES[name]);
    await expect(alone).rejects.toThrow(ConfigurationError);
    await expect(alone).rejects.toThrow('no certificate in it can be used: certificate ');
  });

  test('a signature by one is unsupported, whichever way it names the key', async () => {
    const { keyring } = await prepareKeyring('k', join(CERTIFICATES.foreign, CERTIFICATES.good));
    const byId = { hashed: [creationTime(SIGNED)], unhashed: [issuer(foreign)] };
    expect(judge(keyring, foreign, byId)).toBe('SignatureUnsupported');
    expect(judge(keyring, foreign, { unhashed: [] })).toBe('SignatureUnsupported');
    expect(judge(keyring, foreign, { version: 3 })).toBe('SignatureUnsupported');
    expect(judge(keyring, foreignSubkey)).toBe('SignatureUnsupported');
    expect(judge(keyring, makeRsaKey(2048, KEY_CREATED))).toBe('KeyUnknown');
  });

  test('a usable copy of a certificate counts beside one that cannot be used', async () => {
    const { keyring } = await prepareKeyring('k', join(certificate(foreign), CERTIFICATES.foreign));
    expect(judge(keyring, foreign)).toBe('accept');
  });

  test('a subkey that cannot be used leaves its certificate usable', async () => {
    const odd = {
      ...foreignSubkey,
      publicBody: Buffer.concat([Buffer.from([5]), foreignSubkey.publicBody.subarray(1)]),
    };
    const { keyring, warnings } = await prepareKeyring('k', join(certificate(good), boundSubkey(good, odd)));
    expect(judge(keyring, good)).toBe('accept');
    expect(warnings.join()).toMatch(/^subkey [0-9A-F]{64} cannot be used/);
  });
});

describe('what still refuses, or revokes', () => {
  const revocation = keyRevocation(good, { day: 1 });
  test.each<[string, Buffer]>([
    [
      'in a certificate with a packet that is not understood',
      join(CERTIFICATES.good, CERTIFICATES.foreign, revocation),
    ],
    ['in one of an unknown version', join(CERTIFICATES.seven, revocation, CERTIFICATES.good)],
    ['before the first certificate', join(revocation, CERTIFICATES.good)],
    ['in an armor block of its own', join(armored(CERTIFICATES.good), armored(revocation))],
    ['in a copy that cannot be used', join(CERTIFICATES.good, keyPacket(good), revocation, userId, UNKNOWN)],
  ])('a revocation %s', async (_, file) => {
    const { keyring } = await prepareKeyring('k', file);
    expect(judge(keyring, good)).toBe('KeyRevoked');
  });

  test('packets before the first certificate are named', async () => {
    const { warnings } = await prepareKeyring('k', join(userId, CERTIFICATES.good));
    expect(warnings).toEqual(['packets before the first certificate of a block are ignored: 1']);
  });

  test.each<[string, Buffer]>([
    ['a private key beside it', join(CERTIFICATES.good, newPacket(PACKET.secretKey, good.publicBody))],
    ['a packet that is cut short', join(CERTIFICATES.good, CERTIFICATES.seven.subarray(0, -1))],
    ['octets that are no packet', join(CERTIFICATES.good, Buffer.from('text'))],
    ['a block that is damaged', join(armored(CERTIFICATES.good), armored(CERTIFICATES.three).subarray(0, -60))],
  ])('%s refuses the file', async (_, file) => {
    await expect(prepareKeyring('k', file)).rejects.toMatchObject({ code: 'KeyUnreadable' });
  });
});

/** Public key packets of any content, with packets behind them that a certificate may hold, or may not. */
const junk = fc
  .record({
    body: fc.uint8Array({ maxLength: 80 }),
    version: fc.constantFrom(2, 3, 4, 5, 6, 7, 255),
    behind: fc.array(
      fc.record({
        tag: fc.constantFrom(2, 2, 10, 12, 13, 14, 17, 20, 21, 40, 63),
        body: fc.uint8Array({ maxLength: 60 }),
      }),
      { maxLength: 4 },
    ),
  })
  .map(({ version, body, behind }) =>
    join(keyOf(Buffer.from([version]), body), ...behind.map((packet) => newPacket(packet.tag, packet.body))),
  );

test('whatever stands beside a good certificate, it verifies what it verified', async () => {
  const message = parseSignedMessage(writeRelease(signMessage(six)));
  let unusable = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(junk, { maxLength: 4 }), fc.array(junk, { maxLength: 4 }), async (before, behind) => {
      const { keyring } = await prepareKeyring('k', join(...before, CERTIFICATES.six, ...behind));
      unusable += keyring.unusable?.length ?? 0;
      expect(verifyMessage(message, indexKeyring(keyring), NOW).signer).toBe(six.fingerprint);
    }),
    { numRuns: 400 },
  );
  expect(unusable).toBeGreaterThan(400);
});
