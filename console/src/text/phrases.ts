export type Outcome = 'accepted' | 'rejected' | 'indeterminate';

/** No reason: it says in the index of decisions what a decision is about. */
const PLATFORMS_CHOSEN = 'PlatformsChosen';

/** What a reason code says in half a sentence, after the outcome. A test compares it with the codes that there are. */
export const PHRASES: Readonly<Record<string, string>> = {
  DigestMissing: 'the pullspec has no digest',
  RepositoryNotCanonical: 'not a repository of the profile',
  RepositoryMismatch: 'signed for another repository',
  SignatureNotFound: 'no store has a signature of it',
  SignatureMalformed: 'its signature is damaged',
  SignatureUnsupported: 'its signature is of a kind that cannot be used',
  SignatureInvalid: 'its signature does not match',
  LogEntryInvalid: 'its log entry is not by a trusted log',
  TimestampInvalid: 'its timestamp is not by a trusted authority',
  SignatureExpired: 'its signature has expired',
  SignatureFromFuture: 'its signature is dated in the future',
  KeyUnknown: 'signed by a key that is not trusted',
  KeyRevoked: 'signed by a key that is revoked',
  KeyExpired: 'signed by a key that had expired',
  KeyNotForSigning: 'signed by a key that may not sign',
  PayloadInvalid: 'what was signed is no release',
  DigestMismatch: 'signed for another digest',
  IdentityMismatch: 'signed for another name',
  KeyringUnsatisfied: 'a keyring that has to sign did not',
  PolicyRejects: 'a policy refuses it',
  PolicyNotEvaluated: 'a policy could not be evaluated',
  StoreUnavailable: 'a signature store did not answer',
  TrustStale: 'the trust has not been refreshed',
  ContentMismatch: 'the content does not have its digest',
  LimitExceeded: 'something is larger than the limits allow',
  [PLATFORMS_CHOSEN]: 'for the platforms that were asked for, and no others',
};

const WORDS: Readonly<Record<Outcome, string>> = {
  accepted: 'Accepted',
  rejected: 'Rejected',
  indeterminate: 'Not decided',
};

/** An outcome that this page does not know is none to go by. */
export function toKnownOutcome(outcome: string): Outcome {
  return outcome === 'accepted' || outcome === 'rejected' ? outcome : 'indeterminate';
}

/** The word for an outcome. */
export function toOutcomeWord(outcome: Outcome): string {
  return WORDS[toKnownOutcome(outcome)];
}

/** What a code says; one that this page does not know is shown as it is. */
export function toPhrase(code: string): string {
  return Object.hasOwn(PHRASES, code) ? (PHRASES[code] ?? code) : code;
}

interface Taken {
  readonly fault?: string;
  readonly reasons?: readonly { readonly keyring?: string; readonly message: string }[];
}

/** Why a signature was taken out of the mirror. An image policy names no keyring. */
export function toReasons({ reasons = [], fault }: Taken): string {
  if (fault !== undefined) return fault;
  return reasons.map(({ keyring, message }) => (keyring === undefined ? message : `${keyring}: ${message}`)).join('; ');
}

/** A decision in one sentence, as in `Rejected: signed for another repository`. */
export function toSentence(outcome: Outcome, forced: boolean, codes: readonly string[]): string {
  const word = forced ? 'Accepted by force' : toOutcomeWord(outcome);
  const reasons = codes.filter((code) => code !== PLATFORMS_CHOSEN);
  const [first, ...others] = reasons.length === 0 ? codes : reasons;
  if (first === undefined) return outcome === 'accepted' && !forced ? 'Accepted: every requirement is met' : word;
  const more =
    others.length === 0 ? '' : `, and ${others.length === 1 ? 'one more reason' : `${others.length} more reasons`}`;
  return `${word}${forced ? ', although' : ':'} ${toPhrase(first)}${more}`;
}
