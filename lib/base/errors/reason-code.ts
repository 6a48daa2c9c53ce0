/**
 * Why a verdict is not a plain yes. A closed union: a code is added only together with a test that produces it.
 */
export const REASON_CODES = [
  'DigestMissing',
  'RepositoryNotCanonical',
  'RepositoryMismatch',
  'SignatureNotFound',
  'SignatureMalformed',
  'SignatureUnsupported',
  'SignatureInvalid',
  'SignatureExpired',
  'SignatureFromFuture',
  'KeyUnknown',
  'KeyRevoked',
  'KeyExpired',
  'KeyNotForSigning',
  'PayloadInvalid',
  'DigestMismatch',
  'IdentityMismatch',
  'KeyringUnsatisfied',
  'PolicyRejects',
  'PolicyNotEvaluated',
  'StoreUnavailable',
  'TrustStale',
  'ContentMismatch',
  'LimitExceeded',
] as const;

export type ReasonCode = (typeof REASON_CODES)[number];
