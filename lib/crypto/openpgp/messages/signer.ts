import { formatUnixTime } from '../../../base/documents/unix-time.ts';
import { SignatureError } from '../../../base/errors/signature-error.ts';
import { type IndexedKey, type IndexedKeyring, isAlgorithmOf } from '../keys/keyring.ts';
import { toKeyVersion, type UntrustedSignature } from '../packets/signature-packet.ts';

/** Seconds that a signature may be dated ahead of now. */
const MAX_CLOCK_SKEW_SECONDS = 24 * 60 * 60;

/**
 * The keys that a signature may be by, never none.
 *
 * @throws SignatureError `KeyUnknown`, or `SignatureUnsupported` for a key of the keyring that cannot be used
 */
export function findCandidates(
  { version, issuerFingerprint }: UntrustedSignature,
  signerKeyId: string,
  keyring: IndexedKeyring,
): readonly IndexedKey[] {
  const candidates = (keyring.keysById.get(signerKeyId) ?? []).filter(
    ({ key: { fingerprint } }) =>
      // A key of version 6 makes signatures of version 6, and no other key does (RFC 9580 section 5.2).
      (toKeyVersion(fingerprint) === 6) === (version === 6) &&
      (issuerFingerprint === undefined || issuerFingerprint === fingerprint),
  );
  if (candidates.length === 0) {
    const unusable = keyring.unusableById.get(issuerFingerprint ?? signerKeyId);
    if (unusable !== undefined) {
      throw new SignatureError('SignatureUnsupported', `the signer's key cannot be used here: ${unusable}`, {
        signer: issuerFingerprint ?? signerKeyId,
      });
    }
    throw new SignatureError('KeyUnknown', `no key of the keyring has the signer's ID ${signerKeyId}`, {
      signer: issuerFingerprint ?? signerKeyId,
    });
  }
  return candidates;
}

/**
 * The first key that made the signature: one that cannot be used hides no other of the same ID.
 *
 * @param isSigned whether a key made it; it may throw, as for an algorithm that is not supported
 * @throws SignatureError `SignatureInvalid` for none; what the first key threw, where none could be asked
 */
export function findSigner(
  candidates: readonly IndexedKey[],
  { publicKeyAlgorithm }: UntrustedSignature,
  isSigned: (candidate: IndexedKey) => boolean,
): IndexedKey {
  const obstacles: unknown[] = [];
  for (const candidate of candidates) {
    try {
      const { material } = candidate.verificationKey();
      if (isAlgorithmOf(material, candidate.key.algorithm, publicKeyAlgorithm) && isSigned(candidate)) return candidate;
    } catch (cause) {
      // What the evaluation may cost is used up: no further key is tried.
      if (cause instanceof SignatureError && cause.code === 'LimitExceeded') throw cause;
      obstacles.push(cause);
    }
  }
  if (obstacles.length > 0 && obstacles.length === candidates.length) throw obstacles[0];
  throw new SignatureError('SignatureInvalid', 'the signature does not match what it should sign', {
    signer: candidates[0]?.certificate.fingerprint,
  });
}

/**
 * The validity of the key that signed, judged when the signature was made; a revoked key never.
 *
 * @param now seconds since 1970
 * @returns of several copies of the key, the one that was asserted last
 * @throws SignatureError with the code that says why not
 */
export function requireValidSigner(
  found: IndexedKey,
  candidates: readonly IndexedKey[],
  signature: UntrustedSignature,
  now: number,
): IndexedKey {
  const copies = candidates.filter(({ key }) => key.fingerprint === found.key.fingerprint);
  for (const copy of copies) verifyNotRevoked(copy);
  const [signer = found] = copies.toSorted((one, other) => other.key.assertedAt - one.key.assertedAt);
  verifyKeyUse(signer, signature.createdAt);
  verifyTimes(signature, signer, now);
  return signer;
}

/** A keyring may hold the same key twice, once as revoked: any copy's revocation counts. */
function verifyNotRevoked({ certificate, key }: IndexedKey): void {
  if (key.revoked === undefined) return;
  throw new SignatureError('KeyRevoked', `the key is revoked: ${key.revoked}`, { signer: certificate.fingerprint });
}

/** Of several copies the one that was asserted last counts: an old copy beside a renewed key changes nothing. */
function verifyKeyUse({ certificate, key }: IndexedKey, signedAt: number): void {
  const signer = certificate.fingerprint;
  if (key.notForSigning !== undefined) throw new SignatureError('KeyNotForSigning', key.notForSigning, { signer });
  if (signedAt < key.createdAt) {
    throw new SignatureError('SignatureInvalid', 'the signature is dated before its key was made', { signer });
  }
  if (key.expiresAt !== undefined && signedAt >= key.expiresAt) {
    throw new SignatureError(
      'KeyExpired',
      `the key had expired on ${formatUnixTime(key.expiresAt)}, before it signed`,
      {
        signer,
      },
    );
  }
}

function verifyTimes({ createdAt, expiresAt }: UntrustedSignature, { certificate }: IndexedKey, now: number): void {
  const signer = certificate.fingerprint;
  // Written so that nothing holds when the time is NaN.
  if (!(createdAt <= now + MAX_CLOCK_SKEW_SECONDS)) {
    throw new SignatureError('SignatureFromFuture', `the signature is dated ${formatUnixTime(createdAt)}`, { signer });
  }
  if (expiresAt !== undefined && !(expiresAt > now)) {
    throw new SignatureError('SignatureExpired', `the signature expired on ${formatUnixTime(expiresAt)}`, { signer });
  }
}
