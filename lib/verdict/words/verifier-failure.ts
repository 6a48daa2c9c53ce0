import type { Attempt, Verdict } from '../judge/verdict.ts';

/** A condition of a Kubernetes object. */
export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
}

/** What a cluster's verifier would say instead of a yes. */
export interface VerifierFailure {
  /** One sentence, as conditions carry it. */
  readonly message: string;
  /** The same and, after a line feed, what each store answered: as events and accepted risks carry it. */
  readonly details: string;
}

// The words of library-go's pkg/verify, which Hive and the cluster-version operator share.
const NOT_BY_DIGEST = 'release images that are not accessed via digest cannot be verified';
const NO_MORE = 'no more signatures to check';

/**
 * Puts what is wrong in the words of the verifier that Hive and the cluster-version operator share. What that verifier
 * does not look at (the pullspec policy, image policies, the age of the trust) keeps Signet's own words. A forced
 * verdict fails as it would have without force.
 *
 * @param keyrings names of the keyrings that the profile requires
 * @returns undefined for a verdict that was accepted as it is
 */
export function toVerifierFailure(verdict: Verdict, keyrings: readonly string[]): VerifierFailure | undefined {
  const { outcome, forced, reasons, digest, decidedAt } = verdict;
  if (outcome === 'accepted' && !forced) return undefined;
  if (reasons.some(({ code }) => code === 'DigestMissing') || digest === undefined) return plain(NOT_BY_DIGEST);
  const asked = verdict.attempts.filter(({ image }) => image === undefined);
  const missing = keyrings.filter((name) => !asked.some((one) => one.keyring === name && one.code === 'Verified'));
  if (asked.length === 0 || missing.length === 0) return plain(reasons.map(({ message }) => message).join('; '));
  const message = `unable to verify ${digest} against keyrings: ${missing.join(', ')}`;
  const at = toKubernetesTime(decidedAt);
  const answers = asked.filter(({ code }) => code !== 'Verified').map((attempt) => `${at}: ${toAnswer(attempt)}`);
  return { message, details: [message, ...joinErrors(answers)].join('\n') };
}

/** An RFC 3339 time without fractions, as Kubernetes writes it. */
export function toKubernetesTime(time: string): string {
  return time.replace(/\.\d+Z$/, 'Z');
}

function plain(message: string): VerifierFailure {
  return { message, details: message };
}

/** Where library-go has words of its own for a code; other attempts keep Signet's. */
const ANSWERS: Readonly<Partial<Record<Attempt['code'], (attempt: Attempt) => string>>> = {
  SignatureNotFound: ({ location }) => `unable to retrieve signature from ${location}: ${NO_MORE}`,
  StoreUnavailable: ({ location, message }) => `unable to retrieve signature from ${location}: ${message}`,
  LimitExceeded: ({ location, message }) => `unable to retrieve signature from ${location}: ${message}`,
  SignatureMalformed: ({ message }) => `could not read the message: ${message}`,
  SignatureUnsupported: ({ message }) => `could not read the message: ${message}`,
  SignatureInvalid: ({ message }) => `signature error: ${message}`,
  KeyUnknown: () => 'invalid signature',
  DigestMismatch: () => 'signature digest does not match',
};

function toAnswer(attempt: Attempt): string {
  return ANSWERS[attempt.code]?.(attempt) ?? attempt.message;
}

/** As Kubernetes' `errors.NewAggregate` writes several: each once, in brackets unless it is alone. */
function joinErrors(errors: readonly string[]): readonly string[] {
  const distinct = [...new Set(errors)];
  if (distinct.length <= 1) return distinct;
  return [`[${distinct.join(', ')}]`];
}
