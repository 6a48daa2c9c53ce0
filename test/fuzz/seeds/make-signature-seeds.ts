import { writeArmor } from '../../fixtures/make/armor-writer.ts';
import { type CertificatePlan, FLAG, writeCertificate } from '../../fixtures/make/certificate-writer.ts';
import {
  COMPRESSION,
  type MessagePlan,
  signMessage,
  writeCompressed,
  writePackets,
  writeRelease,
} from '../../fixtures/make/message-writer.ts';
import { newPacket, oldPacket, PACKET, partialPacket } from '../../fixtures/make/packet-writer.ts';
import {
  KEY_CREATED,
  RELEASE_REPOSITORY,
  SIGNED,
  toDigest,
  toSeconds,
  writePayload,
} from '../../fixtures/make/payload.ts';
import { SIGNATURE, writeSignature } from '../../fixtures/make/signature-writer.ts';
import { makeEcdsaKey, makeEd25519Key, makeRsaKey, type SigningKey } from '../../fixtures/make/signing-key.ts';
import type { GenuineText, SignatureSeeds } from './read-seeds.ts';

/** A key, and what it signs. */
export interface Signer {
  readonly name: string;
  readonly key: SigningKey;
  /** Fingerprint of the certificate. */
  readonly certificate: string;
  /** False for a key that may sign nothing, or that the keyring does not hold. */
  readonly isGood: boolean;
  readonly weight: number;
}

const LIST = `${'1'.repeat(64)}  openshift-install.tar.gz\r\n${'2'.repeat(64)}  openshift-client.tar.gz`;
const REVOKED = { revokedAt: toSeconds('2025-06-01'), reason: 2 };
/** Fast ones: what is slow is seldom. */
const OFTEN = 8;

export function makeSignatureSeeds(): SignatureSeeds {
  const p256 = (): SigningKey => makeEcdsaKey('P-256', KEY_CREATED);
  const certificates: Buffer[] = [];
  const file = (name: string, primary: SigningKey, plan: Partial<CertificatePlan> = {}): SigningKey => {
    certificates.push(writeCertificate({ userId: `Signet fuzz ${name}`, ...plan, primary }));
    return primary;
  };
  const alone = (name: string, key: SigningKey, isGood = true, weight = OFTEN): Signer => ({
    name,
    key,
    certificate: key.fingerprint,
    isGood,
    weight,
  });
  const [signing, encryption, revokedSubkey] = [p256(), p256(), p256()];
  const owner = file('subkeys', p256(), {
    subkeys: [{ key: signing }, { key: encryption, flags: FLAG.encrypt }, { key: revokedSubkey, revocation: REVOKED }],
  });
  const subkey = (name: string, key: SigningKey, isGood: boolean): Signer => ({
    ...alone(name, key, isGood),
    certificate: owner.fingerprint,
  });
  const signers: readonly Signer[] = [
    alone('p256', file('p256', p256())),
    alone('ed25519-legacy', file('ed25519-legacy', makeEd25519Key('legacy', KEY_CREATED))),
    alone('ed25519-native', file('ed25519-native', makeEd25519Key('native', KEY_CREATED))),
    alone('rsa2048', file('rsa2048', makeRsaKey(2048, KEY_CREATED)), true, 2),
    alone('primary', owner),
    subkey('subkey', signing, true),
    subkey('encryption-subkey', encryption, false),
    subkey('revoked-subkey', revokedSubkey, false),
    alone('revoked', file('revoked', p256(), { revocation: REVOKED }), false),
    alone('expired', file('expired', p256(), { selfSignatures: [{ lifetime: 86_400 }] }), false),
    alone('certify-only', file('certify-only', p256(), { selfSignatures: [{ flags: FLAG.certify }] }), false),
    alone('unknown', p256(), false),
  ];
  const signed = signers.map(signTexts);
  return {
    keyFile: Buffer.concat(certificates).toString('base64'),
    genuine: signed.flatMap(({ genuine }) => genuine),
    inputs: signed.flatMap(({ inputs }) => inputs),
  };
}

/** A message in each form that its key can make. */
export function signTexts({
  name,
  key,
  certificate,
  isGood,
  weight,
}: Signer): Pick<SignatureSeeds, 'genuine' | 'inputs'> {
  const genuine: GenuineText[] = [];
  const inputs: SignatureSeeds['inputs'][number][] = [];
  const add = (form: string, bytes: Buffer, content: Buffer, isText: boolean): void => {
    inputs.push({
      name: `${name} ${form}`,
      bytes: bytes.toString('base64'),
      weight: form.includes('bzip2') ? 1 : weight,
    });
    if (isGood)
      genuine.push({ signer: certificate, signingKey: key.fingerprint, content: content.toString('base64'), isText });
  };
  const message = (at: number, plan: MessagePlan = {}) => {
    const content =
      plan.content ??
      writePayload({ digest: toDigest(`${name} ${at}`), reference: `${RELEASE_REPOSITORY}:4.9${at}.0` });
    return { content, parts: signMessage(key, { ...plan, content }) };
  };
  const release = message(1);
  add('release', writeRelease(release.parts), release.content, false);
  const plain = message(2);
  add('uncompressed', writePackets(plain.parts, newPacket), plain.content, false);
  const named = message(3, { literal: { fileName: 'payload.json', format: 't' } });
  add('zlib', writeCompressed(writePackets(named.parts, newPacket), COMPRESSION.zlib, newPacket), named.content, false);
  // Native Ed25519 is younger than signatures of version 3: no peer reads one.
  if (key.version === 4 && name !== 'ed25519-native') {
    const old = message(4, { version: 3 });
    add('version 3', writeRelease(old.parts), old.content, false);
  }
  const lines = writePayload({ digest: toDigest(`${name} 5`), lineBreak: '\n' });
  add(
    'text',
    writeRelease(
      message(5, {
        type: SIGNATURE.text,
        content: lines,
        signedContent: Buffer.from(lines.toString().replaceAll('\n', '\r\n')),
      }).parts,
    ),
    lines,
    true,
  );
  const partial = message(6);
  const chunked = writePackets(partial.parts, (type, body) =>
    type === PACKET.literal ? partialPacket(type, body, 6) : oldPacket(type, body),
  );
  add('partial', writeCompressed(chunked, COMPRESSION.none, newPacket), partial.content, false);
  if (name === 'p256') {
    const dense = message(7);
    add('bzip2', writeCompressed(writePackets(dense.parts), COMPRESSION.bzip2), dense.content, false);
  }
  const listed = Buffer.from(LIST);
  const detached = writeSignature(key, { type: SIGNATURE.text, data: listed, createdAt: SIGNED });
  const armor = writeArmor(newPacket(PACKET.signature, detached), { type: 'SIGNATURE' });
  const hash = key.hash.toUpperCase();
  const clear = `-----BEGIN PGP SIGNED MESSAGE-----\nHash: ${hash}\n\n${LIST.replaceAll('\r\n', '\n')}\n${armor}`;
  add('clearsigned', Buffer.from(clear), listed, true);
  return { genuine, inputs };
}
