import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { ConfigurationError } from '../../../base/errors/configuration-error.ts';
import { SignatureError } from '../../../base/errors/signature-error.ts';
import { isSingleDer, splitPem } from './der.ts';

/** Bits of an RSA key that may verify; a larger one is slow without being of use. */
const MIN_RSA_BITS = 2048;
const MAX_RSA_BITS = 8192;

/** Writing a key out takes as long as a verification, and the same few keys verify again and again. */
const KEY_BYTES = new WeakMap<KeyObject, Buffer>();
const CURVES: ReadonlySet<string | undefined> = new Set(['prime256v1', 'secp384r1', 'secp521r1']);
const KEY_FORMATS: ReadonlyMap<string, 'spki' | 'pkcs1'> = new Map([
  ['PUBLIC KEY', 'spki'],
  ['RSA PUBLIC KEY', 'pkcs1'],
]);

/**
 * Reads a configured public key: one PEM block, with text around it if need be. `name` says which in the error.
 *
 * @throws ConfigurationError `KeyUnreadable`
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
  const weakness = describeWeakness(key);
  if (weakness !== undefined) throw unreadable(name, weakness);
  return key;
}

/** Why a key may verify nothing: kind, curve or length; undefined when it may. */
export function describeWeakness(key: KeyObject): string | undefined {
  const kind = key.asymmetricKeyType;
  if (kind === 'ed25519') return undefined;
  if (kind === 'rsa') return describeRsaWeakness(key);
  if (kind !== 'ec') return `keys of the kind ${kind ?? 'unknown'} are not supported: use RSA, ECDSA or Ed25519`;
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

function describeRsaWeakness(key: KeyObject): string | undefined {
  const { modulusLength: bits = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  if (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS) {
    return `the RSA key has ${bits} bits; ${MIN_RSA_BITS} to ${MAX_RSA_BITS} are allowed`;
  }
  return publicExponent < 3n || publicExponent % 2n === 0n
    ? 'the public exponent of the RSA key is not secure'
    : undefined;
}

function readKey(der: Buffer, type: 'spki' | 'pkcs1', name: string): KeyObject {
  if (!isSingleDer(der)) throw unreadable(name, 'the key is not one DER value');
  try {
    return createPublicKey({ key: der, format: 'der', type });
  } catch (cause) {
    throw unreadable(name, 'the key does not parse', cause);
  }
}

function unreadable(name: string, fault: string, cause?: unknown): ConfigurationError {
  return new ConfigurationError('KeyUnreadable', `${name}: ${fault}`, cause === undefined ? {} : { cause });
}

/** Hashes by curve where a signer may choose: containers/image knows SHA-256 alone, cosign's bundles the curve's own. */
type HashChoice = 'sha256' | 'by curve';

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
  hash: HashChoice = 'sha256',
): KeyObject {
  if (keys.length === 0) throw new SignatureError('KeyUnknown', 'there is no key that could verify the signature');
  const signer = keys.find((key) => isSignedBy(key, content, signature, hash));
  if (signer !== undefined) return signer;
  const keysText = keys.length === 1 ? 'the key' : `any of the ${keys.length} keys`;
  throw new SignatureError('SignatureInvalid', `the signature is not by ${keysText} over this content`);
}

/** `SHA256:` and the hex of a key's hash: its name in evidence. */
export function toKeyName(key: KeyObject): string {
  return `SHA256:${createHash('sha256').update(toKeyBytes(key)).digest('hex')}`;
}

function isSignedBy(key: KeyObject, content: Uint8Array, signature: Uint8Array, hash: HashChoice): boolean {
  if (key.asymmetricKeyType === 'ed25519') return tryVerify(undefined, content, key, signature);
  if (tryVerify('sha256', content, key, signature)) return true;
  const own = CURVE_HASHES.get(key.asymmetricKeyDetails?.namedCurve);
  return hash === 'by curve' && own !== undefined && tryVerify(own, content, key, signature);
}

/** OpenSSL throws for some signatures that cannot even be read. */
function tryVerify(hash: string | undefined, content: Uint8Array, key: KeyObject, signature: Uint8Array): boolean {
  try {
    return verify(hash, content, key, signature);
  } catch {
    return false;
  }
}
