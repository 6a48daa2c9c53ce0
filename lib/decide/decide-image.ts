import type { Digest } from '../pullspec/digest.ts';
import type { SignatureStore } from '../signatures/signature-store.ts';
import { type Judgement, judgeSignatures } from '../verification/judge-signatures.ts';
import type { Attempt, Outcome, Reason, Verdict } from '../verification/verdict.ts';
import { type CollectedSignatures, collectSignatures } from './collect-signatures.ts';
import { decidePullspec, type PullspecRequest, toVerdict } from './decide-pullspec.ts';
import { requireForceAllowed, toForcedVerdict } from './force.ts';
import { judgeImagePolicies } from './judge-image-policies.ts';
import type { ReadyTrust } from './ready-trust.ts';

export interface ImageRequest extends PullspecRequest {
  /** Accept whatever was found out, as a forced cluster update does. */
  readonly force?: boolean | undefined;
}

export interface DecisionDependencies {
  /** Where signatures are read: not touched unless the pullspec policy lets the pullspec through. */
  readonly store: SignatureStore;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

/** The verdict, and the signatures behind it with their bytes. */
export interface Decision extends Pick<CollectedSignatures, 'verified' | 'examined'> {
  readonly verdict: Verdict;
}

/**
 * The one pipeline that functions, queue, admission and CLI call: pullspec policy, signatures with early stop,
 * verification, verdict.
 *
 * @throws InputError `ForceNotAllowed`; the abort reason of the signal. Every other outcome is a verdict.
 */
export async function decideImage(
  request: ImageRequest,
  trust: ReadyTrust,
  dependencies: DecisionDependencies,
): Promise<Decision> {
  const { prepared } = trust;
  if (request.force === true) requireForceAllowed(prepared);
  const now = dependencies.now();
  const policyVerdict = decidePullspec(request, trust, now);
  const { digest } = request.pullspec;
  const decision =
    policyVerdict.outcome !== 'accepted' || digest === undefined
      ? { verdict: policyVerdict, ...NOTHING_EXAMINED }
      : await decideDigest(digest, request, trust, dependencies, policyVerdict, now);
  return request.force === true ? { ...decision, verdict: toForcedVerdict(decision.verdict) } : decision;
}

async function decideDigest(
  digest: Digest,
  request: ImageRequest,
  trust: ReadyTrust,
  { store, signal }: DecisionDependencies,
  { warnings }: Verdict,
  now: Date,
): Promise<Decision> {
  const { prepared } = trust;
  // One time for the whole decision: a record is checked again by it.
  const finish = ({ outcome, reasons }: Judgement, attempts: readonly Attempt[], more: readonly Reason[]): Verdict =>
    toVerdict(request, prepared, now, { outcome, reasons, warnings: [...warnings, ...more], attempts });
  if (prepared.verification === 'disabled') {
    return { verdict: finish({ outcome: 'accepted', reasons: [] }, [], [NOTHING_VERIFIED]), ...NOTHING_EXAMINED };
  }
  const judgements: Judgement[] = [];
  const policies = judgeImagePolicies(request.pullspec.repository, prepared);
  if (policies !== undefined) judgements.push(policies);
  const requiresOpenpgp =
    prepared.require !== 'sigstore' && (prepared.require === 'openpgp' || trust.keyrings.length > 0);
  if (!requiresOpenpgp) return { verdict: finish(combine(judgements), [], []), ...NOTHING_EXAMINED };
  const { evidence, verified, examined } = await collectSignatures(digest, trust, store, now, signal);
  judgements.push(judgeSignatures(evidence));
  return { verdict: finish(combine(judgements), evidence.attempts, []), verified, examined };
}

/** All must accept, and there must be one. A no outweighs what is still open. */
function combine(judgements: readonly Judgement[]): Judgement {
  if (judgements.length === 0) return { outcome: 'rejected', reasons: [NOTHING_REQUIRED] };
  const outcomes = judgements.map(({ outcome }) => outcome);
  return { outcome: worst(outcomes), reasons: judgements.flatMap(({ reasons }) => reasons) };
}

function worst(outcomes: readonly Outcome[]): Outcome {
  if (outcomes.includes('rejected')) return 'rejected';
  return outcomes.includes('indeterminate') ? 'indeterminate' : 'accepted';
}

const NOTHING_EXAMINED: Pick<Decision, 'verified' | 'examined'> = { verified: [], examined: [] };

const NOTHING_VERIFIED: Reason = {
  code: 'PolicyNotEvaluated',
  message: 'nothing was verified: the profile says verification: disabled',
  remedy: 'remove verification: disabled from the Profile',
};

const NOTHING_REQUIRED: Reason = {
  code: 'PolicyRejects',
  message: 'the profile has no keyring, and no image policy that covers this repository: nothing could vouch for it',
  remedy: 'add a trust ConfigMap to the profile, or an image policy whose scopes cover the repository',
};
