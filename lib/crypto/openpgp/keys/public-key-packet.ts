import { hash } from 'node:crypto';
import { SignatureError } from '../../../base/errors/signature-error.ts';
import { COMPOSITES, type CompositeScheme, PublicKeyAlgorithm, toCompositeScheme } from '../packets/algorithms.ts';
import {
  type ByteReader,
  createByteReader,
  MAX_EXPONENT_BITS,
  padMpi,
  readMpi,
  toHex,
} from '../packets/byte-reader.ts';

/** A public key or subkey packet of version 4 or 6 (RFC 9580 section 5.5.2). */
export interface PublicKeyPacket {
  readonly version: 4 | 6;
  /** Upper-case hex: 40 digits for version 4, 64 for version 6. */
  readonly fingerprint: string;
  /** Seconds since 1970. */
  readonly createdAt: number;
  readonly algorithm: number;
  /** Undefined: the algorithm makes no signature that Signet verifies. */
  readonly material: PublicKeyMaterial | undefined;
  /** As certificate signatures hash it: `99` or `9B`, the length of the body, and the body. */
  readonly hashed: Uint8Array;
}

/** A public key as JSON Web Key members, which is how `node:crypto` takes it. */
export type PublicKeyMaterial =
  | { readonly kind: 'rsa'; readonly n: string; readonly e: string; readonly bits: number }
  | { readonly kind: 'ecdsa'; readonly curve: 'P-256' | 'P-384' | 'P-521'; readonly x: string; readonly y: string }
  | { readonly kind: 'ed25519'; readonly x: string }
  | { readonly kind: 'ed448'; readonly x: string }
  /** Ed25519 or Ed448, whichever goes with the scheme, and ML-DSA. */
  | { readonly kind: 'composite'; readonly scheme: CompositeScheme; readonly x: string; readonly pub: string };

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

/** @throws SignatureError `SignatureMalformed`, `SignatureUnsupported` (another version, or an algorithm not of it) */
export function parsePublicKeyPacket(body: Uint8Array): PublicKeyPacket {
  const reader = createByteReader(body, 'key packet');
  const version = reader.byte();
  if (version !== 4 && version !== 6) throw unsupported(`version ${version} keys are not supported`);
  const createdAt = reader.uint32();
  const algorithm = reader.byte();
  const hashed = toHashedKey(body, version);
  if (version === 6) {
    if (algorithm === PublicKeyAlgorithm.eddsaLegacy) throw unsupported('version 6 keys cannot be of legacy EdDSA');
    if (reader.uint32() !== reader.remaining()) throw malformed('the count of a version 6 key is not its length');
  }
  // Composites are for version 6 alone (RFC 9980 section 5.3.2).
  const isOfVersion = version === 6 || toCompositeScheme(algorithm) === undefined;
  const material = isOfVersion ? readMaterial(reader, algorithm) : undefined;
  // A second spelling of a key has another fingerprint, and readers that do not hash its end take it for the first.
  if (material !== undefined && reader.remaining() > 0) throw malformed('bytes follow the content of the key packet');
  return { version, fingerprint: toFingerprint(hashed), createdAt, algorithm, material, hashed };
}

/** The names by which signatures refer to a key. Known for keys of any version, also when the rest cannot be read. */
export interface KeyIdentity {
  readonly version: number;
  /** Upper-case hex; undefined where the version's way to make one is not known. */
  readonly fingerprint: string | undefined;
  /** 16 hex digits. */
  readonly keyId: string | undefined;
}

/** Never throws: a key of any version or algorithm, or one that is cut short, keeps the name that it has. */
export function identifyKey(body: Uint8Array): KeyIdentity {
  const version = body[0] ?? 0;
  switch (version) {
    case 2:
    case 3:
      return { version, fingerprint: undefined, keyId: toVersion3KeyId(body) };
    case 4: {
      const fingerprint = toFingerprint(toHashedKey(body, 4));
      return { version, fingerprint, keyId: fingerprint.slice(-16) };
    }
    case 5:
    case 6: {
      const fingerprint = toFingerprint(toHashedKey(body, version));
      return { version, fingerprint, keyId: fingerprint.slice(0, 16) };
    }
    default:
      return { version, fingerprint: undefined, keyId: undefined };
  }
}

/** The end of the modulus, which follows version, times and algorithm (RFC 9580 section 5.5.4.1). */
function toVersion3KeyId(body: Uint8Array): string | undefined {
  try {
    return toHex(readMpi(createByteReader(body.subarray(8), 'key packet')).subarray(-8));
  } catch (cause) {
    if (cause instanceof SignatureError) return undefined;
    throw cause;
  }
}

/** First octet of what is hashed, by the version of the key (RFC 9580 section 5.5.4; version 5 is LibrePGP's). */
const HASH_HEADS = { 4: 0x99, 5: 0x9a, 6: 0x9b } as const;

function toHashedKey(body: Uint8Array, version: keyof typeof HASH_HEADS): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  // Version 4 has two octets for the length; a longer body has no fingerprint, and no reader takes it.
  return Buffer.concat([Uint8Array.of(HASH_HEADS[version]), version === 4 ? length.subarray(2) : length, body]);
}

function toFingerprint(hashed: Uint8Array): string {
  return toHex(hash(hashed[0] === HASH_HEADS[4] ? 'sha1' : 'sha256', hashed, 'buffer'));
}

function readMaterial(reader: ByteReader, algorithm: number): PublicKeyMaterial | undefined {
  switch (algorithm) {
    case PublicKeyAlgorithm.rsa:
    case PublicKeyAlgorithm.rsaSignOnly: {
      const modulus = readMpi(reader);
      const exponent = readMpi(reader);
      if (bitLength(exponent) > MAX_EXPONENT_BITS) {
        const limit = `more than ${MAX_EXPONENT_BITS} bits`;
        throw new SignatureError(
          'SignatureUnsupported',
          `an RSA key with a public exponent of ${limit} is not supported`,
        );
      }
      return { kind: 'rsa', n: toBase64Url(modulus), e: toBase64Url(exponent), bits: bitLength(modulus) };
    }
    case PublicKeyAlgorithm.ecdsa:
      return readEcdsa(reader);
    case PublicKeyAlgorithm.eddsaLegacy:
      return readLegacyEddsa(reader);
    case PublicKeyAlgorithm.ed25519:
      return { kind: 'ed25519', x: toBase64Url(reader.bytes(32)) };
    case PublicKeyAlgorithm.ed448:
      return { kind: 'ed448', x: toBase64Url(reader.bytes(57)) };
    default:
      return readComposite(reader, toCompositeScheme(algorithm));
  }
}

function readComposite(reader: ByteReader, scheme: CompositeScheme | undefined): PublicKeyMaterial | undefined {
  if (scheme === undefined) return undefined;
  const { edwardsKey, latticeKey } = COMPOSITES[scheme];
  const x = toBase64Url(reader.bytes(edwardsKey));
  return { kind: 'composite', scheme, x, pub: toBase64Url(reader.bytes(latticeKey)) };
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
  return malformed('the key is not a point of its curve');
}

function malformed(message: string): SignatureError {
  return new SignatureError('SignatureMalformed', message);
}

function unsupported(message: string): SignatureError {
  return new SignatureError('SignatureUnsupported', message);
}
