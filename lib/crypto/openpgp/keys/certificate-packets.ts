import { SignatureError } from '../../../base/errors/signature-error.ts';
import type { Packet } from '../packets/packet-reader.ts';
import type { UnusableKey } from './keyring.ts';
import { identifyKey, type KeyIdentity, type PublicKeyPacket, parsePublicKeyPacket } from './public-key-packet.ts';

/** A signature packet that may be a key's own: a direct-key signature, or one on a user ID or attribute. */
export interface SelfStatement {
  readonly body: Uint8Array;
  /** The user ID or attribute that it stands behind; undefined for a direct-key signature. */
  readonly user: Packet | undefined;
}

/** Bodies of the signature packets that claim to revoke a primary key, or a subkey. */
export interface Revocations {
  readonly keyRevocations: readonly Uint8Array[];
  readonly subkeyRevocations: readonly Uint8Array[];
}

/**
 * One certificate of a key file: its bytes for the certificate library, and its keys, revocations and own statements for
 * our checks. Who made the signatures is not known yet.
 */
export interface CertificatePackets extends Revocations {
  readonly bytes: Uint8Array;
  readonly primary: PublicKeyPacket;
  readonly subkeys: readonly PublicKeyPacket[];
  /** Signature packets behind a subkey that claim to bind it. */
  readonly bindings: readonly { readonly subkey: PublicKeyPacket; readonly body: Uint8Array }[];
  readonly selfStatements: readonly SelfStatement[];
  /** Signature packets that claim to take a user ID back. */
  readonly userRevocations: readonly SelfStatement[];
  /** Subkeys of another version, or that cannot be read. */
  readonly unusableSubkeys: readonly UnusableKey[];
  /** Of all its keys, whether they can be used or not; the primary key first. */
  readonly identities: readonly KeyIdentity[];
}

export const Tag = {
  signature: 2,
  secretKey: 5,
  publicKey: 6,
  secretSubkey: 7,
  marker: 10,
  trust: 12,
  userId: 13,
  publicSubkey: 14,
  userAttribute: 17,
  padding: 21,
} as const;

const OF_CERTIFICATES: readonly number[] = Object.values(Tag);
/** Types from here on say nothing that must be understood (RFC 9580 section 4.3.1). */
const FIRST_NOT_CRITICAL = 40;

const SignatureType = {
  subkeyBinding: 0x18,
  directKey: 0x1f,
  keyRevocation: 0x20,
  subkeyRevocation: 0x28,
  userRevocation: 0x30,
} as const;
/** On a user ID: generic, persona, casual, positive. */
export const CERTIFICATIONS: readonly (number | undefined)[] = [0x10, 0x11, 0x12, 0x13];

/** A packet that a reader must understand and that does not belong into a certificate; undefined where there is none. */
export function findForeignPacket(packets: readonly Packet[]): Packet | undefined {
  return packets.find(({ tag }) => tag < FIRST_NOT_CRITICAL && !OF_CERTIFICATES.includes(tag));
}

export function listRevocations(packets: readonly Packet[]): Revocations {
  const signatures = packets.filter(({ tag }) => tag === Tag.signature).map(({ body }) => body);
  const ofType = (type: number) => signatures.filter((body) => toSignatureType(body) === type);
  return {
    keyRevocations: ofType(SignatureType.keyRevocation),
    subkeyRevocations: ofType(SignatureType.subkeyRevocation),
  };
}

/**
 * The certificate that starts with this key.
 *
 * @param packets its key packet first
 * @throws SignatureError when the primary key is of a version that is not known, or cannot be read
 */
export function toCertificatePackets(bytes: Uint8Array, packets: readonly [Packet, ...Packet[]]): CertificatePackets {
  const primary = parsePublicKeyPacket(packets[0].body);
  const subkeys: PublicKeyPacket[] = [];
  const bindings: CertificatePackets['bindings'][number][] = [];
  const selfStatements: SelfStatement[] = [];
  const userRevocations: SelfStatement[] = [];
  const unusableSubkeys: UnusableKey[] = [];
  let user: Packet | undefined;
  let subkey: PublicKeyPacket | undefined;
  for (const packet of packets) {
    const { tag, body } = packet;
    if (tag === Tag.userId || tag === Tag.userAttribute) user = packet;
    if (tag === Tag.publicSubkey) {
      user = undefined;
      const parsed = parseSubkey(body, primary);
      subkey = 'reason' in parsed ? undefined : parsed;
      if ('reason' in parsed) unusableSubkeys.push(parsed);
      else subkeys.push(parsed);
    }
    if (tag !== Tag.signature) continue;
    const type = toSignatureType(body);
    if (type === SignatureType.directKey) selfStatements.push({ body, user: undefined });
    if (user !== undefined && CERTIFICATIONS.includes(type)) selfStatements.push({ body, user });
    if (user !== undefined && type === SignatureType.userRevocation) userRevocations.push({ body, user });
    if (subkey !== undefined && type === SignatureType.subkeyBinding) bindings.push({ subkey, body });
  }
  const revocations = listRevocations(packets);
  const identities = identifyKeys(packets);
  return {
    bytes,
    primary,
    subkeys,
    bindings,
    selfStatements,
    userRevocations,
    unusableSubkeys,
    identities,
    ...revocations,
  };
}

/** Of every key packet of a certificate, of whatever version. */
export function identifyKeys(packets: readonly Packet[]): readonly KeyIdentity[] {
  const isKey = ({ tag }: Packet): boolean => tag === Tag.publicKey || tag === Tag.publicSubkey;
  return packets.filter(isKey).map(({ body }) => identifyKey(body));
}

/** A key of version 6 has subkeys of version 6 alone, and one of version 4 has none (RFC 9580 section 10.1). */
function parseSubkey(body: Uint8Array, primary: PublicKeyPacket): PublicKeyPacket | UnusableKey {
  try {
    const subkey = parsePublicKeyPacket(body);
    if (subkey.version === primary.version) return subkey;
    return toUnusableKey(
      'subkey',
      [identifyKey(body)],
      `it is of version ${subkey.version}, its primary key of ${primary.version}`,
    );
  } catch (cause) {
    if (!(cause instanceof SignatureError)) throw cause;
    return toUnusableKey('subkey', [identifyKey(body)], cause.message);
  }
}

/**
 * What cannot be used, under all names by which a signature may call its keys: one by a subkey of it is as unsupported as
 * one by its primary key.
 */
export function toUnusableKey(
  what: 'certificate' | 'subkey',
  identities: readonly KeyIdentity[],
  reason: string,
): UnusableKey {
  const [first] = identities;
  const ids = identities.flatMap(({ fingerprint, keyId }) => [fingerprint, keyId]).filter((id) => id !== undefined);
  const known = first?.keyId === undefined ? '' : ` with the key ID ${first.keyId}`;
  const name = first?.fingerprint ?? `of version ${first?.version ?? 'unknown'}${known}`;
  return { name: `${what} ${name}`, reason, ids: [...new Set(ids)] };
}

/** Versions 2 and 3 have the hashed length before the type. */
function toSignatureType(body: Uint8Array): number | undefined {
  return (body[0] ?? 0) <= 3 ? body[2] : body[1];
}
