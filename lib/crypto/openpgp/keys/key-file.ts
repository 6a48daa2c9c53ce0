import { ConfigurationError } from '../../../base/errors/configuration-error.ts';
import { SignatureError } from '../../../base/errors/signature-error.ts';
import { decodeArmoredKeys } from '../packets/armor.ts';
import { type Packet, readPacket } from '../packets/packet-reader.ts';
import { type PublicKeyPacket, parsePublicKeyPacket } from './public-key-packet.ts';

/** A certificate and the armor block, counted from 0, that it came in; 0 for a binary file. */
export interface FiledCertificate {
  readonly armorBlock: number;
  readonly packets: CertificatePackets;
}

/**
 * All certificates of a key file, binary or armored, in order.
 *
 * @throws ConfigurationError `KeyUnreadable`, also when there is none
 */
export function readKeyFile(untrustedKeyFile: Uint8Array): readonly FiledCertificate[] {
  const certificates = toBlocks(untrustedKeyFile).flatMap((block, armorBlock) =>
    readCertificates(block).map((packets) => ({ armorBlock, packets })),
  );
  if (certificates.length === 0) throw new ConfigurationError('KeyUnreadable', 'there is no OpenPGP public key in it');
  return certificates;
}

/** A packet starts with its high bit set; so does a byte order mark, which starts text. */
function toBlocks(keyFile: Uint8Array): readonly Uint8Array[] {
  const [first] = keyFile;
  const isBinary = first !== undefined && (first & 0x80) !== 0 && first !== 0xef;
  return isBinary ? [keyFile] : decodeArmoredKeys(Buffer.from(keyFile).toString('latin1'));
}

function readCertificates(block: Uint8Array): readonly CertificatePackets[] {
  try {
    return splitCertificates(block);
  } catch (cause) {
    if (!(cause instanceof SignatureError)) throw cause;
    throw new ConfigurationError('KeyUnreadable', `not a readable OpenPGP key: ${cause.message}`, { cause });
  }
}

/** A signature packet that may be a key's own: a direct-key signature, or one on a user ID or attribute. */
export interface SelfStatement {
  readonly body: Uint8Array;
  /** The user ID or attribute that it stands behind; undefined for a direct-key signature. */
  readonly user: Packet | undefined;
}

/**
 * One certificate of a key file: its bytes for the certificate library, and its keys, revocations and own statements for
 * our checks. Who made the signatures is not known yet.
 */
export interface CertificatePackets {
  readonly bytes: Uint8Array;
  readonly primary: PublicKeyPacket;
  readonly subkeys: readonly PublicKeyPacket[];
  /** Bodies of the signature packets that claim to revoke the primary key, or a subkey. */
  readonly keyRevocations: readonly Uint8Array[];
  readonly subkeyRevocations: readonly Uint8Array[];
  readonly selfStatements: readonly SelfStatement[];
}

const Tag = {
  signature: 2,
  secretKey: 5,
  publicKey: 6,
  secretSubkey: 7,
  userId: 13,
  publicSubkey: 14,
  userAttribute: 17,
} as const;
const DIRECT_KEY = 0x1f;
/** On a user ID: generic, persona, casual, positive. */
const CERTIFICATIONS: readonly (number | undefined)[] = [0x10, 0x11, 0x12, 0x13];
const KEY_REVOCATION = 0x20;
const SUBKEY_REVOCATION = 0x28;

/**
 * Splits binary keys into certificates.
 *
 * The certificate library silently drops what it cannot parse, revocations included. Revocations are therefore
 * collected here, from every signature packet, before the library reads any.
 *
 * @throws SignatureError or ConfigurationError when the bytes are not public keys
 */
function splitCertificates(bytes: Uint8Array): readonly CertificatePackets[] {
  const certificates: CertificatePackets[] = [];
  let start = 0;
  let packets: Packet[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const packet = readPacket(bytes, offset);
    if (packet.tag === Tag.secretKey || packet.tag === Tag.secretSubkey) {
      throw new ConfigurationError('KeyUnreadable', 'the file holds a private key; trust needs the public one alone');
    }
    if (packet.tag === Tag.publicKey && offset > 0) {
      certificates.push(toCertificate(bytes.subarray(start, offset), packets));
      start = offset;
      packets = [];
    }
    packets.push(packet);
    offset = packet.end;
  }
  certificates.push(toCertificate(bytes.subarray(start), packets));
  return certificates;
}

function toCertificate(bytes: Uint8Array, packets: readonly Packet[]): CertificatePackets {
  const [first] = packets;
  if (first?.tag !== Tag.publicKey) throw new ConfigurationError('KeyUnreadable', 'the file does not start with a key');
  const bodiesOf = (tag: number): readonly Uint8Array[] =>
    packets.filter((packet) => packet.tag === tag).map(({ body }) => body);
  const signatures = bodiesOf(Tag.signature);
  return {
    bytes,
    primary: parsePublicKeyPacket(first.body),
    subkeys: bodiesOf(Tag.publicSubkey).map(parsePublicKeyPacket),
    keyRevocations: signatures.filter((body) => signatureType(body) === KEY_REVOCATION),
    subkeyRevocations: signatures.filter((body) => signatureType(body) === SUBKEY_REVOCATION),
    selfStatements: listSelfStatements(packets),
  };
}

function listSelfStatements(packets: readonly Packet[]): readonly SelfStatement[] {
  const statements: SelfStatement[] = [];
  let user: Packet | undefined;
  for (const packet of packets) {
    const { tag, body } = packet;
    if (tag === Tag.userId || tag === Tag.userAttribute) user = packet;
    if (tag === Tag.publicSubkey) user = undefined;
    if (tag !== Tag.signature) continue;
    const type = signatureType(body);
    if (type === DIRECT_KEY) statements.push({ body, user: undefined });
    else if (user !== undefined && CERTIFICATIONS.includes(type)) statements.push({ body, user });
  }
  return statements;
}

/** Versions 2 and 3 have the hashed length before the type. */
function signatureType(body: Uint8Array): number | undefined {
  return (body[0] ?? 0) <= 3 ? body[2] : body[1];
}
