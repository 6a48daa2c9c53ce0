import { createHash, type KeyObject, verify } from 'node:crypto';
import { SignatureError } from '../../base/errors/signature-error.ts';
import { toKeyBytes } from './x509/public-key.ts';

/** Hashes by curve where a signer may choose: containers/image knows SHA-256 alone, cosign's bundles the curve's own. */
export type HashChoice = 'sha256' | 'by curve';

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
