import { hash } from 'node:crypto';
import { SignatureError } from '../../../base/errors/signature-error.ts';
import { type ByteReader, createByteReader, padMpi, readMpi, toHex } from '../packets/byte-reader.ts';
import { PublicKeyAlgorithm } from '../packets/signature-packet.ts';

/** A version 4 public key or subkey packet (RFC 9580 section 5.5.2.2). */
export interface PublicKeyPacket {
  /** Upper-case hex, 40 digits. */
  readonly fingerprint: string;
  /** Seconds since 1970. */
  readonly createdAt: number;
  readonly algorithm: number;
  /** Undefined: the algorithm makes no signature that Signet verifies. */
  readonly material: PublicKeyMaterial | undefined;
  /** As certificate signatures hash it: `99 <length> <body>`. */
  readonly hashed: Uint8Array;
}

/** A public key as JSON Web Key members, which is how `node:crypto` takes it. */
export type PublicKeyMaterial =
  | { readonly kind: 'rsa'; readonly n: string; readonly e: string; readonly bits: number }
  | { readonly kind: 'ecdsa'; readonly curve: 'P-256' | 'P-384' | 'P-521'; readonly x: string; readonly y: string }
  | { readonly kind: 'ed25519'; readonly x: string };

interface Curve {
  readonly oid: string;
  readonly octets: number;
}

const ECDSA_CURVES: ReadonlyMap<'P-256' | 'P-384' | 'P-521', Curve> = new Map([
  ['P-256', { oid: '2A8648CE3D030107', octets: 32 }],
  ['P-384', { oid: '2B81040022', octets: 48 }],
  ['P-521', { oid: '2B81040023', octets: 66 }],
]);
const ED25519_OID = '2B06010401DA470F01';

/** @throws SignatureError `SignatureMalformed`, `SignatureUnsupported` (another version) */
export function parsePublicKeyPacket(body: Uint8Array): PublicKeyPacket {
  const reader = createByteReader(body, 'key packet');
  const version = reader.byte();
  if (version !== 4) throw new SignatureError('SignatureUnsupported', `version ${version} keys are not supported`);
  const createdAt = reader.uint32();
  const algorithm = reader.byte();
  const hashed = Buffer.concat([Uint8Array.of(0x99, body.length >> 8, body.length & 0xff), body]);
  const fingerprint = toHex(hash('sha1', hashed, 'buffer'));
  return { fingerprint, createdAt, algorithm, material: readMaterial(reader, algorithm), hashed };
}

function readMaterial(reader: ByteReader, algorithm: number): PublicKeyMaterial | undefined {
  switch (algorithm) {
    case PublicKeyAlgorithm.rsa:
    case PublicKeyAlgorithm.rsaSignOnly: {
      const modulus = readMpi(reader);
      const exponent = readMpi(reader);
      return { kind: 'rsa', n: toBase64Url(modulus), e: toBase64Url(exponent), bits: bitLength(modulus) };
    }
    case PublicKeyAlgorithm.ecdsa:
      return readEcdsa(reader);
    case PublicKeyAlgorithm.eddsaLegacy:
      return readLegacyEddsa(reader);
    case PublicKeyAlgorithm.ed25519:
      return { kind: 'ed25519', x: toBase64Url(reader.bytes(32)) };
    default:
      return undefined;
  }
}

function readEcdsa(reader: ByteReader): PublicKeyMaterial | undefined {
  const oid = toHex(reader.bytes(reader.byte()));
  const point = readMpi(reader);
  for (const [curve, { oid: known, octets }] of ECDSA_CURVES) {
    if (oid !== known) continue;
    if (point.length !== 1 + 2 * octets || point[0] !== 0x04) throw malformedPoint();
    const x = toBase64Url(point.subarray(1, 1 + octets));
    return { kind: 'ecdsa', curve, x, y: toBase64Url(point.subarray(1 + octets)) };
  }
  return undefined;
}

function readLegacyEddsa(reader: ByteReader): PublicKeyMaterial | undefined {
  const oid = toHex(reader.bytes(reader.byte()));
  const point = readMpi(reader);
  if (oid !== ED25519_OID) return undefined;
  if (point.length !== 33 || point[0] !== 0x40) throw malformedPoint();
  return { kind: 'ed25519', x: toBase64Url(padMpi(point.subarray(1), 32)) };
}

function bitLength(modulus: Uint8Array): number {
  return (modulus.length - 1) * 8 + (32 - Math.clz32(modulus[0] ?? 0));
}

function toBase64Url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}

function malformedPoint(): SignatureError {
  return new SignatureError('SignatureMalformed', 'the key is not a point of its curve');
}
