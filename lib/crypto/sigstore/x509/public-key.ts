import { createPublicKey, type KeyObject } from 'node:crypto';
import { ConfigurationError } from '../../../base/errors/configuration-error.ts';
import { isSingleDer } from './der.ts';
import { MAX_RSA_BITS, MIN_RSA_BITS } from './limits.ts';
import { splitPem } from './pem.ts';

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
  if (type === undefined) throw unreadable(name, `a PEM block ${block.label} is no public key`);
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
  if (kind !== 'ec') return `keys of the kind ${kind ?? 'unknown'} are not read: RSA, ECDSA and Ed25519 are`;
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
    return `the RSA key has ${bits} bits; ${MIN_RSA_BITS} to ${MAX_RSA_BITS} are taken`;
  }
  return publicExponent < 3n || publicExponent % 2n === 0n ? 'the exponent of the RSA key protects nothing' : undefined;
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
