import { constants, createPublicKey, hash, type KeyObject, type VerifyKeyObjectInput, verify } from 'node:crypto';
import { ConfigurationError } from '../../../base/errors/configuration-error.ts';
import { countKeyOperation } from '../../../base/errors/evaluate-candidate.ts';
import { SignatureError } from '../../../base/errors/signature-error.ts';
import { MAX_EXPONENT_BITS } from '../../openpgp/packets/byte-reader.ts';
import { DerTag, expectDer, isSingleDer, readDer, readDerValues, splitPem, toDottedOid } from './der.ts';

/** Bits of an RSA key that may verify; a larger one is slow without being of use. */
const MIN_RSA_BITS = 2048;
const MAX_RSA_BITS = 8192;

/** Writing a key out takes as long as a verification, and the same few keys verify again and again. */
const KEY_BYTES = new WeakMap<KeyObject, Buffer>();
/** Kinds of keys that sign the whole content: no hash is chosen. */
const HASHES_ITSELF: ReadonlySet<string | undefined> = new Set(['ed25519', 'ml-dsa-44', 'ml-dsa-65', 'ml-dsa-87']);
const SUPPORTED = 'RSA, ECDSA, Ed25519 or ML-DSA';
/** FIPS 204, by the identifiers of RFC 9881: keys that Node reads when its OpenSSL is 3.5 or later. */
const ML_DSA: ReadonlyMap<string, string> = new Map([
  ['2.16.840.1.101.3.4.3.17', 'ML-DSA-44'],
  ['2.16.840.1.101.3.4.3.18', 'ML-DSA-65'],
  ['2.16.840.1.101.3.4.3.19', 'ML-DSA-87'],
]);
const CURVES: ReadonlySet<string | undefined> = new Set(['prime256v1', 'secp384r1', 'secp521r1']);
const KEY_FORMATS: ReadonlyMap<string, 'spki' | 'pkcs1'> = new Map([
  ['PUBLIC KEY', 'spki'],
  ['RSA PUBLIC KEY', 'pkcs1'],
]);

/**
 * Reads a configured public key: one PEM block, with text around it if need be. `name` says which in the error.
 *
 * @throws ConfigurationError `KeyUnreadable`, or `KeyUnsupported` for a kind, curve or length that verifies nothing here
 */
export function parsePublicKey(pem: Uint8Array, name: string): KeyObject {
  const { blocks, rest } = splitPem(Buffer.from(pem).toString('latin1'));
  const [block] = blocks;
  // Nodes read the first key of a text and no other: a second one must not seem to count.
  if (blocks.length > 1) throw unreadable(name, 'nodes read the first of several keys alone: give each its own entry');
  if (block === undefined || rest.includes('-----')) throw unreadable(name, 'expected one PEM block');
  const type = KEY_FORMATS.get(block.label);
  if (type === undefined) throw unreadable(name, `a PEM block ${block.label} is not a public key`);
  const key = readKey(block.der, type, name);
  const cost = describeCost(key);
  if (cost !== undefined) throw unreadable(name, cost);
  const weakness = describeWeakness(key);
  if (weakness !== undefined) throw new ConfigurationError('KeyUnsupported', `${name}: ${weakness}`);
  return key;
}

/** Why a key may verify nothing: kind, curve or length; undefined when it may. */
export function describeWeakness(key: KeyObject): string | undefined {
  const kind = key.asymmetricKeyType;
  if (HASHES_ITSELF.has(kind)) return undefined;
  if (kind === 'rsa') return describeCost(key) ?? describeRsaWeakness(key);
  if (kind !== 'ec') return `keys of the kind ${kind ?? 'unknown'} are not supported: use ${SUPPORTED}`;
  const curve = key.asymmetricKeyDetails?.namedCurve;
  return CURVES.has(curve) ? undefined : `the curve ${curve ?? 'without a name'} is not P-256, P-384 or P-521`;
}

/** A key in its SPKI form. */
export function toKeyBytes(key: KeyObject): Buffer {
  const known = KEY_BYTES.get(key);
  if (known !== undefined) return known;
  const bytes = key.export({ type: 'spki', format: 'der' });
  KEY_BYTES.set(key, bytes);
  return bytes;
}

/** Why nothing may be computed with a key, not even once: undefined when it costs what a key of its kind costs. */
export function describeCost(key: KeyObject): string | undefined {
  const { modulusLength: bits = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  if (bits > MAX_RSA_BITS) return `the RSA key has ${bits} bits; at most ${MAX_RSA_BITS} are allowed`;
  if (publicExponent < 1n << BigInt(MAX_EXPONENT_BITS)) return undefined;
  return `the public exponent of the RSA key has more than ${MAX_EXPONENT_BITS} bits`;
}

function describeRsaWeakness(key: KeyObject): string | undefined {
  const { modulusLength: bits = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  if (bits < MIN_RSA_BITS) return `the RSA key has ${bits} bits; at least ${MIN_RSA_BITS} are required`;
  return publicExponent < 3n || publicExponent % 2n === 0n
    ? 'the public exponent of the RSA key is not secure'
    : undefined;
}

function readKey(der: Buffer, type: 'spki' | 'pkcs1', name: string): KeyObject {
  if (!isSingleDer(der)) throw unreadable(name, 'the key is not one DER value');
  try {
    return createPublicKey({ key: der, format: 'der', type });
  } catch (cause) {
    const kind = type === 'spki' ? ML_DSA.get(readAlgorithm(der)) : undefined;
    if (kind === undefined) throw unreadable(name, 'the key does not parse', cause);
    const fault = `${name}: this Node does not support ${kind} keys: use one with OpenSSL 3.5 or later`;
    throw new ConfigurationError('KeyUnsupported', fault, { cause });
  }
}

/** The identifier of a key's algorithm; empty where there is none to read. */
function readAlgorithm(der: Buffer): string {
  try {
    const [algorithm] = readDerValues(expectDer(readDer(der), DerTag.sequence));
    const [identifier] = readDerValues(expectDer(algorithm, DerTag.sequence));
    return toDottedOid(expectDer(identifier, DerTag.objectIdentifier));
  } catch {
    return '';
  }
}

function unreadable(name: string, fault: string, cause?: unknown): ConfigurationError {
  return new ConfigurationError('KeyUnreadable', `${name}: ${fault}`, cause === undefined ? {} : { cause });
}

/**
 * How a signer may sign. Nodes know SHA-256 and PKCS #1 v1.5 alone, and of ECDSA also the two numbers without DER, as many
 * signing devices give them; signers of bundles choose: the curve's own hash, and RSA-PSS.
 */
type SigningChoice = 'sha256' | 'as nodes' | 'by signer';

/** Octets of the two numbers of an ECDSA signature without DER (IEEE P1363). */
const NUMBERS_LENGTH: ReadonlyMap<string | undefined, number> = new Map([
  ['prime256v1', 64],
  ['secp384r1', 96],
  ['secp521r1', 132],
]);

const CURVE_HASHES: ReadonlyMap<string | undefined, string> = new Map([
  ['secp384r1', 'sha384'],
  ['secp521r1', 'sha512'],
]);

/**
 * The first of several keys that signed the content. Signatures are DER for ECDSA, PKCS #1 v1.5 for RSA.
 *
 * @throws SignatureError `KeyUnknown` without a key, `SignatureInvalid` when none signed it
 */
export function verifyBlob(
  keys: readonly KeyObject[],
  content: Uint8Array,
  signature: Uint8Array,
  choice: SigningChoice = 'sha256',
): KeyObject {
  if (keys.length === 0) throw new SignatureError('KeyUnknown', 'there is no key that could verify the signature');
  const signer = keys.find((key) => isSignedBy(key, content, signature, choice));
  if (signer !== undefined) return signer;
  const keysText = keys.length === 1 ? 'the key' : `any of the ${keys.length} keys`;
  throw new SignatureError('SignatureInvalid', `the signature is not by ${keysText} over this content`);
}

/** `SHA256:` and the hex of a key's hash: its name in evidence. */
export function toKeyName(key: KeyObject): string {
  return toEncodedKeyName(toKeyBytes(key));
}

/** The same of a key in its SPKI form. */
export function toEncodedKeyName(encodedKey: Uint8Array): string {
  return `SHA256:${hash('sha256', encodedKey)}`;
}

function isSignedBy(key: KeyObject, content: Uint8Array, signature: Uint8Array, choice: SigningChoice): boolean {
  if (HASHES_ITSELF.has(key.asymmetricKeyType)) return tryVerify(undefined, content, key, signature);
  if (tryVerify('sha256', content, key, signature)) return true;
  if (choice === 'sha256') return false;
  if (choice === 'as nodes') {
    const length = NUMBERS_LENGTH.get(key.asymmetricKeyDetails?.namedCurve);
    return signature.length === length && tryVerify('sha256', content, { key, dsaEncoding: 'ieee-p1363' }, signature);
  }
  if (key.asymmetricKeyType === 'rsa') {
    const { RSA_PKCS1_PSS_PADDING: padding, RSA_PSS_SALTLEN_AUTO: saltLength } = constants;
    return tryVerify('sha256', content, { key, padding, saltLength }, signature);
  }
  const own = CURVE_HASHES.get(key.asymmetricKeyDetails?.namedCurve);
  return own !== undefined && tryVerify(own, content, key, signature);
}

/** OpenSSL throws for some signatures that cannot even be read. */
function tryVerify(
  algorithm: string | undefined,
  content: Uint8Array,
  key: KeyObject | VerifyKeyObjectInput,
  signature: Uint8Array,
): boolean {
  countKeyOperation();
  try {
    return verify(algorithm, content, key, signature);
  } catch {
    return false;
  }
}
