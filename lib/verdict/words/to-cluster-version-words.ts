import type { Attempt, Outcome, Verdict } from '../judge/verdict.ts';

/** A verdict as the cluster-version operator shows it on a ClusterVersion. */
export interface ClusterVersionWords {
  readonly outcome: Outcome;
  readonly forced: boolean;
  /** `ReleaseAccepted`. */
  readonly condition: Condition;
  /** What it answers for `Failing` and `Progressing`; null when the release is accepted. */
  readonly failure: { readonly reason: string; readonly message: string; readonly summary: string } | null;
  readonly event: { readonly type: 'Normal' | 'Warning'; readonly reason: string; readonly message: string };
  /** The entry of `status.history`; null when there is none, because the update does not start. */
  readonly history: HistoryEntry | null;
}

interface HistoryEntry {
  readonly version: string;
  readonly image: string;
  /** True only where a signature vouched for the image, and nobody had to force it. */
  readonly verified: boolean;
  /** Missing where there was nothing to accept. */
  readonly acceptedRisks?: string | undefined;
}

// The operator's words for its reasons (pkg/payload/task.go, SummaryForReason).
const REASON = 'ImageVerificationFailed';
const SUMMARY = 'the image may not be safe to use';

/**
 * `ReleaseAccepted`, the event and the entry of the history that the operator would make of the verdict. An
 * indeterminate verdict reads like a rejected one: the operator does not tell them apart and tries again.
 *
 * @param keyrings names of the keyrings that the profile requires
 * @param version of the release, where it is known; the operator too writes `version=""` where it is not
 */
export function toClusterVersionWords(
  verdict: Verdict,
  keyrings: readonly string[],
  version = '',
): ClusterVersionWords {
  const { outcome, forced } = verdict;
  const failure = toVerifierFailure(verdict, keyrings);
  // A pullspec is plain ASCII: JSON quotes it as Go's %q does.
  const named = `version=${JSON.stringify(version)} image=${JSON.stringify(verdict.pullspec)}`;
  if (failure !== undefined && outcome !== 'accepted') return toFailed(verdict, named, failure);
  const risk = failure === undefined ? undefined : toRisk(named, failure);
  const loaded = `Payload loaded ${named}`;
  const event =
    risk === undefined
      ? ({ type: 'Normal', reason: 'PayloadLoaded', message: loaded } as const)
      : ({ type: 'Warning', reason: 'RetrievePayload', message: risk } as const);
  return {
    outcome,
    forced,
    condition: toCondition(verdict, 'True', 'PayloadLoaded', loaded),
    failure: null,
    event,
    history: toHistory(verdict, version, risk),
  };
}

function toFailed(verdict: Verdict, named: string, { message, details }: VerifierFailure): ClusterVersionWords {
  const { outcome, forced } = verdict;
  const toMessage = (text: string): string =>
    `Retrieving payload failed ${named} failure=The update cannot be verified: ${text}`;
  return {
    outcome,
    forced,
    condition: toCondition(verdict, 'False', 'RetrievePayload', toMessage(message)),
    failure: { reason: REASON, message: `The update cannot be verified: ${message}`, summary: SUMMARY },
    event: {
      type: 'Warning',
      reason: 'RetrievePayloadFailed',
      message: toMessage(details).replaceAll('\n', ' // '),
    },
    history: null,
  };
}

function toRisk(named: string, { details }: VerifierFailure): string {
  return `Target release ${named} cannot be verified, but continuing anyway because the update was forced: ${details}`;
}

/** What was warned about is a risk that was accepted too; the warning that force leaves says the same as `risk`. */
function toHistory(verdict: Verdict, version: string, risk: string | undefined): HistoryEntry {
  const { pullspec, forced, warnings, attempts } = verdict;
  const others = forced ? warnings.slice(0, -1) : warnings;
  const risks = [...(risk === undefined ? [] : [risk]), ...others.map(({ message }) => message)];
  return {
    version,
    image: pullspec,
    verified: !forced && attempts.some(({ code }) => code === 'Verified'),
    ...(risks.length === 0 ? {} : { acceptedRisks: risks.join('\n') }),
  };
}

function toCondition(
  { decidedAt }: Verdict,
  status: 'True' | 'False',
  reason: 'PayloadLoaded' | 'RetrievePayload',
  message: string,
): Condition {
  return { type: 'ReleaseAccepted', status, reason, message, lastTransitionTime: toKubernetesTime(decidedAt) };
}

/** A condition of a Kubernetes object. */
export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
}

/** What a cluster's verifier would say instead of a yes. */
interface VerifierFailure {
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
