import type { ReasonCode } from '../../../lib/base/errors/reason-code.ts';

/** What a code means and what to do, as docs/reference/reason-codes.md says it: for readers that show a rule with its help. */
export const REASON_HELP: Readonly<Record<ReasonCode, { readonly meaning: string; readonly remedy: string }>> = {
  DigestMissing: { meaning: 'the pullspec has no digest', remedy: 'resolve the tag and use the digest' },
  RepositoryNotCanonical: {
    meaning: "the pullspec names a repository that is not one of the profile's canonical repositories",
    remedy: 'the profile of its publisher; for a copy, the canonical pullspec',
  },
  RepositoryMismatch: {
    meaning: 'the signature is valid, but for another repository',
    remedy: 'use the profile of the product that was signed',
  },
  SignatureNotFound: {
    meaning: 'every store answered, and none has a signature of the digest; in an attempt: this store has no more',
    remedy: "compare the digest with the publisher's",
  },
  SignatureMalformed: {
    meaning: "the bytes are no signature, contradict themselves, or go on after the signature's end",
    remedy: 'repair the store',
  },
  SignatureUnsupported: {
    meaning: 'the message is readable, but has not exactly one signature, or one of an unknown kind or unusable key',
    remedy: 'ask the publisher for a plain signature, or try a newer Signet',
  },
  SignatureInvalid: {
    meaning: 'the signature does not match its content, or uses a hash or key that protects nothing',
    remedy: 'treat content and store as tampered with until you know better',
  },
  LogEntryInvalid: {
    meaning: 'a log entry of the signature or its certificate is not by a trusted log, or is about something else',
    remedy: "compare the log's key with your trust's",
  },
  TimestampInvalid: {
    meaning: 'a timestamp of the signature is not by a trusted authority, or is about something else',
    remedy: 'compare its key',
  },
  SignatureExpired: {
    meaning: 'the signature itself has an expiry time, and it has passed',
    remedy: 'ask the publisher for a new signature',
  },
  SignatureFromFuture: {
    meaning: 'the signature is dated more than 24 hours ahead',
    remedy: 'set the clock of this machine',
  },
  KeyUnknown: {
    meaning: 'no key of the keyring and no trusted certificate made the signature',
    remedy: 'if the publisher has a new key, check its fingerprint and add it',
  },
  KeyRevoked: {
    meaning: 'the key is revoked, regardless of date and reason',
    remedy: 'use a release that the current key signed',
  },
  KeyExpired: {
    meaning: 'the key or certificate had expired when it signed',
    remedy: 'use a release that the current key signed',
  },
  KeyNotForSigning: {
    meaning: 'the key may not sign data, or is a subkey without a valid cross-signature',
    remedy: 'ask the publisher to repair the certificate',
  },
  PayloadInvalid: {
    meaning: 'the signed content is not the payload of a release signature',
    remedy: 'repair the store',
  },
  DigestMismatch: { meaning: 'the signature is for another digest', remedy: 'repair the store' },
  IdentityMismatch: {
    meaning:
      'the signature names another identity than the policy requires or, as a bundle, none; or another version than asked for',
    remedy: 'use the signed name, or let signedIdentity accept it',
  },
  KeyringUnsatisfied: {
    meaning: 'other keyrings of the profile are satisfied and this one is not, or the profile has none',
    remedy: 'use a release that its keys signed, or remove it from the profile',
  },
  PolicyRejects: {
    meaning: 'a policy rejects the image regardless of its signatures, or nothing in the profile can vouch for it',
    remedy: 'see the scope in the verdict; add a policy that covers the repository',
  },
  PolicyNotEvaluated: {
    meaning: 'a policy covers the image and could not be evaluated; as a warning: it vouches for nothing',
    remedy: 'publish the trust again, or decide by OpenPGP alone (require: openpgp)',
  },
  StoreUnavailable: {
    meaning:
      'a store that could hold the answer refused, timed out, or answered an error or something that is no signature',
    remedy: 'retry; then make it reachable, or name another with --store',
  },
  TrustStale: {
    meaning: 'the service could not refresh its trust for 24 hours',
    remedy: 'make the bucket reachable again',
  },
  ContentMismatch: {
    meaning: 'the content does not have its digest, or a signature is over another list than the one beside it',
    remedy: 'fetch it again from its publisher',
  },
  LimitExceeded: { meaning: 'something exceeds a limit', remedy: 'see the attempt; limits.md lists the limits' },
};
