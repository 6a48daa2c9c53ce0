import { constants, hash, type KeyObject, publicDecrypt } from 'node:crypto';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import { SignatureError } from '../../base/errors/signature-error.ts';
import { attempt, isSignedByEd25519ph } from './x509/ed25519ph.ts';
import { verifyBlob } from './x509/public-key.ts';

/** A digest of what was signed. */
interface SignedDigest {
  readonly algorithm: 'sha256' | 'sha384' | 'sha512';
  readonly bytes: Uint8Array;
}

const CURVES: ReadonlyMap<string | undefined, typeof p256> = new Map([
  ['prime256v1', p256],
  ['secp384r1', p384],
  ['secp521r1', p521],
]);
/** The DigestInfo of PKCS #1 v1.5 up to the digest (RFC 8017 section 9.2). */
const DIGEST_INFO: ReadonlyMap<SignedDigest['algorithm'], string> = new Map([
  ['sha256', '3031300d060960864801650304020105000420'],
  ['sha384', '3041300d060960864801650304020205000430'],
  ['sha512', '3051300d060960864801650304020305000440'],
]);

/**
 * Whether a key signed content of which only the digest is known. `node:crypto` has no such operation.
 *
 * @throws SignatureError `SignatureUnsupported` for a key whose signatures are over the whole content
 */
export function isDigestSignedBy(key: KeyObject, { algorithm, bytes }: SignedDigest, signature: Uint8Array): boolean {
  const curve = CURVES.get(key.asymmetricKeyDetails?.namedCurve);
  if (key.asymmetricKeyType === 'ec' && curve !== undefined) {
    return attempt(() => curve.verify(signature, bytes, toPoint(key), { prehash: false, format: 'der', lowS: false }));
  }
  if (key.asymmetricKeyType === 'rsa') {
    const expected = Buffer.concat([Buffer.from(DIGEST_INFO.get(algorithm) ?? '', 'hex'), bytes]);
    const opened = attempt(() => publicDecrypt({ key, padding: constants.RSA_PKCS1_PADDING }, signature));
    if (opened !== false && opened.equals(expected)) return true;
    return algorithm === 'sha256' && isSignedByPss(key, bytes, signature);
  }
  throw new SignatureError(
    'SignatureUnsupported',
    `a signature of the kind ${key.asymmetricKeyType ?? 'unknown'} is over the whole content: give the file, not its digest`,
  );
}

const SHA256_BYTES = 32;

/** RSA-PSS with SHA-256 and a salt of any length (RFC 8017 section 9.1.2). */
function isSignedByPss(key: KeyObject, digest: Uint8Array, signature: Uint8Array): boolean {
  const opened = attempt(() => publicDecrypt({ key, padding: constants.RSA_NO_PADDING }, signature));
  if (opened === false) return false;
  const bits = (key.asymmetricKeyDetails?.modulusLength ?? 0) - 1;
  const length = Math.ceil(bits / 8);
  const encoded = opened.subarray(opened.length - length);
  const end = length - SHA256_BYTES - 1;
  const seed = encoded.subarray(end, -1);
  const highest = 0xff >> (8 * length - bits);
  if (opened.length - length > 1 || opened.subarray(0, opened.length - length).some((octet) => octet !== 0))
    return false;
  if (end < 1 || encoded.at(-1) !== 0xbc || (encoded.at(0) ?? 0xff) > highest) return false;
  const mask = toMask(seed, end);
  const block = encoded.subarray(0, end).map((octet, at) => octet ^ (mask[at] ?? 0));
  block[0] = (block[0] ?? 0) & highest;
  const start = block.findIndex((octet) => octet !== 0);
  if (block[start] !== 1) return false;
  const salted = Buffer.concat([Buffer.alloc(8), digest, block.subarray(start + 1)]);
  return hash('sha256', salted, 'buffer').equals(seed);
}

/** MGF1 (RFC 8017 appendix B.2.1). */
function toMask(seed: Uint8Array, length: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / SHA256_BYTES) }, (_, counter) => {
    const number = Buffer.alloc(4);
    number.writeUInt32BE(counter);
    return hash('sha256', Buffer.concat([seed, number]), 'buffer');
  });
  return Buffer.concat(blocks).subarray(0, length);
}

/**
 * The first of several keys that signed the content, in any way that signers of bundles choose.
 *
 * @throws SignatureError `KeyUnknown` without a key, `SignatureInvalid` when none signed it
 */
export function verifyBySigner(keys: readonly KeyObject[], content: Uint8Array, signature: Uint8Array): KeyObject {
  try {
    return verifyBlob(keys, content, signature, 'by signer');
  } catch (cause) {
    const signer = keys.find((key) => isSignedByEd25519ph(key, content, signature));
    if (signer === undefined) throw cause;
    return signer;
  }
}

/** The uncompressed point at the end of a key's SPKI form. */
function toPoint(key: KeyObject): Uint8Array {
  const { x = '', y = '' } = key.export({ format: 'jwk' });
  return Buffer.concat([Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
}
