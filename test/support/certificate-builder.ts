import { ConfigurationError } from '../../lib/base/errors/configuration-error.ts';
import type { ReasonCode } from '../../lib/base/errors/reason-code.ts';
import { SignatureError } from '../../lib/base/errors/signature-error.ts';
import { indexKeyring } from '../../lib/crypto/openpgp/keys/keyring.ts';
import { prepareKeyring } from '../../lib/crypto/openpgp/keys/prepare-keyring.ts';
import { parseSignedMessage } from '../../lib/crypto/openpgp/messages/signed-message.ts';
import { verifyMessage } from '../../lib/crypto/openpgp/messages/verify-message.ts';
import { FLAG, hashedUserId } from '../fixtures/make/certificate-writer.ts';
import { signMessage, writeRelease } from '../fixtures/make/message-writer.ts';
import { oldPacket, PACKET } from '../fixtures/make/packet-writer.ts';
import { KEY_CREATED } from '../fixtures/make/payload.ts';
import {
  creationTime,
  embeddedSignature,
  issuer,
  issuerFingerprint,
  keyFlags,
  keyLifetime,
  SIGNATURE,
  type SignatureType,
  writeSignature,
} from '../fixtures/make/signature-writer.ts';
import { type HashName, hashedKey, type SigningKey } from '../fixtures/make/signing-key.ts';

/** A key file for one defect: its name, what must come of it, the file, and a part of the sentence that says why. */
export type AttackRow = [
  name: string,
  expected: 'accept' | ReasonCode | 'KeyUnreadable',
  keyFile: Uint8Array,
  because?: string,
];

/** One signature of a certificate, where it differs from an honest one. */
export interface StatementPlan {
  /** Days after the keys were made. */
  readonly day?: number;
  /** Whole subpackets beside the creation time and the issuer's fingerprint. */
  readonly says?: readonly Buffer[];
  /** Whole subpackets where the signature does not protect them. */
  readonly saysUnprotected?: readonly Buffer[];
  /** Signs instead of the primary key. */
  readonly by?: SigningKey;
  /** The key that the signature claims to be by, where that is not the one that signs. */
  readonly named?: SigningKey;
  readonly hash?: HashName;
  readonly hashTag?: 'right' | 'wrong';
}

export interface BindingPlan extends StatementPlan {
  /** Body of the embedded signature instead of an honest cross-signature. */
  readonly cross?: Buffer | 'none';
}

const DAY = 86_400;
export const USER_ID = 'Signet attack <attack@example.com>';
export const MAY_SIGN = keyFlags(FLAG.certify | FLAG.sign);
export const CERTIFY_ONLY = keyFlags(FLAG.certify);
/** A key that says this had expired when the messages of these tests were signed. */
export const EXPIRES = keyLifetime(180 * DAY);
/** The latest day of these tests: signatures of this day are newer than those of any other. */
export const LATER = 100;

export const keyPacket = (key: SigningKey): Buffer => oldPacket(PACKET.publicKey, key.publicBody);
export const subkeyPacket = (key: SigningKey): Buffer => oldPacket(PACKET.publicSubkey, key.publicBody);
export const userIdPacket = (text = USER_ID): Buffer => oldPacket(PACKET.userId, Buffer.from(text));
export const hashedPair = (primary: SigningKey, subkey: SigningKey): Buffer =>
  Buffer.concat([hashedKey(primary), hashedKey(subkey)]);

/** The body of a signature packet that is part of a certificate. */
export function writeStatement(
  primary: SigningKey,
  type: SignatureType,
  data: Uint8Array,
  plan: StatementPlan = {},
): Buffer {
  const { day = 0, says = [], saysUnprotected = [], by = primary, named = by, hash, hashTag = 'right' } = plan;
  const createdAt = KEY_CREATED + day * DAY;
  return writeSignature(by, {
    type,
    data,
    createdAt,
    hashTag,
    ...(hash === undefined ? {} : { hash }),
    hashed: [creationTime(createdAt), ...says, issuerFingerprint(named)],
    unhashed: [...(named.version === 6 ? [] : [issuer(named)]), ...saysUnprotected],
  });
}

const toPacket = (body: Uint8Array): Buffer => oldPacket(PACKET.signature, body);

export function selfSignature(primary: SigningKey, plan: StatementPlan = {}, userId = USER_ID): Buffer {
  return toPacket(
    writeStatement(primary, SIGNATURE.userId, hashedUserId(primary, userId), { says: [MAY_SIGN], ...plan }),
  );
}

export function userIdRevocation(primary: SigningKey, plan: StatementPlan = {}, userId = USER_ID): Buffer {
  return toPacket(writeStatement(primary, SIGNATURE.userIdRevocation, hashedUserId(primary, userId), plan));
}

export function directKeySignature(primary: SigningKey, plan: StatementPlan = {}): Buffer {
  return toPacket(writeStatement(primary, SIGNATURE.directKey, hashedKey(primary), { says: [MAY_SIGN], ...plan }));
}

export function keyRevocation(primary: SigningKey, plan: StatementPlan = {}): Buffer {
  return toPacket(writeStatement(primary, SIGNATURE.keyRevocation, hashedKey(primary), plan));
}

export function subkeyRevocation(primary: SigningKey, subkey: SigningKey, plan: StatementPlan = {}): Buffer {
  return toPacket(writeStatement(primary, SIGNATURE.subkeyRevocation, hashedPair(primary, subkey), plan));
}

/** The body of a signature by which a subkey agrees to be one. */
export function writeCrossSignature(subkey: SigningKey, data: Uint8Array, type?: SignatureType): Buffer {
  return writeStatement(subkey, type ?? SIGNATURE.primaryKeyBinding, data);
}

export function binding(primary: SigningKey, subkey: SigningKey, plan: BindingPlan = {}): Buffer {
  const pair = hashedPair(primary, subkey);
  const { cross = writeCrossSignature(subkey, pair), ...statement } = plan;
  const embedded = cross === 'none' ? [] : [embeddedSignature(cross)];
  const saysUnprotected = [...embedded, ...(statement.saysUnprotected ?? [])];
  const says = statement.says ?? [keyFlags(FLAG.sign)];
  return toPacket(writeStatement(primary, SIGNATURE.subkeyBinding, pair, { ...statement, says, saysUnprotected }));
}

/** A primary key with one user ID and its self-signature; one of version 6 has a direct-key signature too. */
export function certificate(primary: SigningKey, plan: StatementPlan = {}): Buffer {
  const direct = primary.version === 6 ? [directKeySignature(primary, plan)] : [];
  return Buffer.concat([keyPacket(primary), ...direct, userIdPacket(), selfSignature(primary, plan)]);
}

/** A subkey with its binding signature. */
export function boundSubkey(primary: SigningKey, subkey: SigningKey, plan: BindingPlan = {}): Buffer {
  return Buffer.concat([subkeyPacket(subkey), binding(primary, subkey, plan)]);
}

const NOW = Date.parse('2026-11-22T00:00:00Z') / 1000;

/** What comes of a release signature by `signer` and a key file: `accept`, or the code and the sentence with it. */
export async function judgeKeyFile(
  keyFile: Uint8Array,
  signer: SigningKey,
): Promise<{ readonly code: string; readonly because: string }> {
  try {
    const { keyring } = await prepareKeyring('attacked', keyFile);
    const message = parseSignedMessage(writeRelease(signMessage(signer)));
    const { signingKey } = verifyMessage(message, indexKeyring(keyring), NOW);
    return { code: 'accept', because: signingKey };
  } catch (error) {
    if (!(error instanceof SignatureError || error instanceof ConfigurationError)) throw error;
    return { code: error.code, because: error.message };
  }
}
