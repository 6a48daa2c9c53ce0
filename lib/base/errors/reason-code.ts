/**
 * Why a verdict is not a plain yes. A closed union: add a code only together with a test that produces it.
 *
 * `npm run reference` makes docs/reference/reason-codes.md from these comments: what the code means, then `Remedy:` and
 * what the reader can do.
 */
export const REASON_CODES = [
  /** The pullspec has no digest. Remedy: resolve the tag and use the digest. */
  'DigestMissing',
  /**
   * The pullspec names a repository that is not one of the profile's canonical repositories. Remedy: the
   * profile of its publisher; for a copy, the canonical pullspec.
   */
  'RepositoryNotCanonical',
  /** The signature is valid, but for another repository. Remedy: use the profile of the product that was signed. */
  'RepositoryMismatch',
  /**
   * Every store answered, and none has a signature of the digest; in an attempt: this store has no more. Remedy: compare
   * the digest with the publisher's.
   */
  'SignatureNotFound',
  /** The bytes are no signature, contradict themselves, or go on after the signature's end. Remedy: repair the store. */
  'SignatureMalformed',
  /**
   * The message is readable, but has not exactly one signature, or one of an unknown kind or unusable key. Remedy: ask
   * the publisher for a plain signature, or try a newer Signet.
   */
  'SignatureUnsupported',
  /**
   * The signature does not match its content, or uses a hash or key that protects nothing. Remedy: treat content and
   * store as tampered with until you know better.
   */
  'SignatureInvalid',
  /**
   * A log entry of the signature or its certificate is not by a trusted log, or is about something else. Remedy: compare
   * the log's key with your trust's.
   */
  'LogEntryInvalid',
  /** A timestamp of the signature is not by a trusted authority, or is about something else. Remedy: compare its key. */
  'TimestampInvalid',
  /** The signature itself has an expiry time, and it has passed. Remedy: ask the publisher for a new signature. */
  'SignatureExpired',
  /** The signature is dated more than 24 hours ahead. Remedy: set the clock of this machine. */
  'SignatureFromFuture',
  /**
   * No key of the keyring and no trusted certificate made the signature. Remedy: if the publisher has a new key, check
   * its fingerprint and add it.
   */
  'KeyUnknown',
  /** The key is revoked, regardless of date and reason. Remedy: use a release that the current key signed. */
  'KeyRevoked',
  /** The key or certificate had expired when it signed. Remedy: use a release that the current key signed. */
  'KeyExpired',
  /**
   * The key may not sign data, or is a subkey without a valid cross-signature. Remedy: ask the publisher to repair the
   * certificate.
   */
  'KeyNotForSigning',
  /** The signed content is not the payload of a release signature. Remedy: repair the store. */
  'PayloadInvalid',
  /** The signature is for another digest. Remedy: repair the store. */
  'DigestMismatch',
  /**
   * The signature names another identity than the policy requires or, as a bundle, none; or another version than asked
   * for. Remedy: use the signed name, or let `signedIdentity` accept it.
   */
  'IdentityMismatch',
  /**
   * Other keyrings of the profile are satisfied and this one is not, or the profile has none. Remedy: use a release that
   * its keys signed, or remove it from the profile.
   */
  'KeyringUnsatisfied',
  /**
   * A policy rejects the image regardless of its signatures, or nothing in the profile can vouch for it. Remedy: see the
   * scope in the verdict; add a policy that covers the repository.
   */
  'PolicyRejects',
  /**
   * A policy covers the image and could not be evaluated; as a warning: it vouches for nothing. Remedy: publish the trust
   * again, or decide by OpenPGP alone (`require: openpgp`).
   */
  'PolicyNotEvaluated',
  /**
   * A store that could hold the answer refused, timed out, or answered an error or something that is no signature.
   * Remedy: retry; then make it reachable, or name another with `--store`.
   */
  'StoreUnavailable',
  /** The service could not refresh its trust for 24 hours. Remedy: make the bucket reachable again. */
  'TrustStale',
  /**
   * The content does not have its digest, or a signature is over another list than the one beside it. Remedy: fetch it
   * again from its publisher.
   */
  'ContentMismatch',
  /** Something exceeds a limit. Remedy: see the attempt; limits.md lists the limits. */
  'LimitExceeded',
] as const;

export type ReasonCode = (typeof REASON_CODES)[number];
