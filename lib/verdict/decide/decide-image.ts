import type { Digest } from '../../base/names/digest.ts';
import type { SignatureStore } from '../../stores/port/signature-store.ts';
import type { ReadyTrust } from '../../trust/source/ready-trust.ts';
import { type Judgement, judgeSignatures } from '../judge/judge-signatures.ts';
import type { Attempt, Outcome, PolicyResult, Reason, Verdict } from '../judge/verdict.ts';
import { type CollectedSignatures, collectSignatures } from './collect-signatures.ts';
import { decidePullspec, type PullspecRequest, toVerdict } from './decide-pullspec.ts';
import { evaluateImagePolicies } from './evaluate-image-policies.ts';
import { requireForceAllowed, toForcedVerdict } from './force.ts';
import type { PolicyFindings } from './policy-findings.ts';

export interface ImageRequest extends PullspecRequest {
  /** Accept whatever was found out, as a forced cluster update does. */
  readonly force?: boolean | undefined;
}

export interface DecisionDependencies {
  /** Where signatures are read: not touched unless the pullspec policy lets the pullspec through. */
  readonly store: SignatureStore;
  /** Where the signatures that image policies ask for are read, by repository; touched as little. */
  readonly lookaside: SignatureStore;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

/** The verdict, and the signatures behind it with their bytes. */
export interface Decision extends Pick<CollectedSignatures, 'examined'> {
  readonly verdict: Verdict;
  /** Signatures that hold, each with what it satisfies. */
  readonly verified: readonly { readonly keyring: string; readonly bytes: Uint8Array }[];
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
  { store, lookaside, signal }: DecisionDependencies,
  { warnings }: Verdict,
  now: Date,
): Promise<Decision> {
  const { prepared } = trust;
  // One time for the whole decision: a record is checked again by it.
  const finish = (
    { outcome, reasons }: Judgement,
    attempts: readonly Attempt[],
    more: readonly Reason[],
    policies: readonly PolicyResult[] = [],
  ): Verdict =>
    toVerdict(request, prepared, now, { outcome, reasons, warnings: [...warnings, ...more], attempts, policies });
  if (prepared.verification === 'disabled') {
    return { verdict: finish({ outcome: 'accepted', reasons: [] }, [], [NOTHING_VERIFIED]), ...NOTHING_EXAMINED };
  }
  const { repository } = request.pullspec;
  const found = await evaluateImagePolicies({ repository, digest, prepared, lookaside, now, signal });
  const { policies } = found;
  const judgements = found.judgement === undefined ? [] : [found.judgement];
  const vouched = listVouching(found);
  const requiresOpenpgp =
    prepared.require !== 'sigstore' && (prepared.require === 'openpgp' || trust.keyrings.length > 0);
  if (!requiresOpenpgp || found.isFinal) {
    const verdict = finish(combine(judgements), found.attempts, found.warnings, policies);
    return { verdict, verified: vouched, examined: found.examined };
  }
  const { evidence, verified, examined } = await collectSignatures(digest, trust, store, now, signal);
  judgements.push(judgeSignatures(evidence));
  const attempts = [...found.attempts, ...evidence.attempts];
  return {
    verdict: finish(combine(judgements), attempts, found.warnings, policies),
    verified: [...verified.map(({ signature, bytes }) => ({ keyring: signature.keyring, bytes })), ...vouched],
    examined: [...found.examined, ...examined],
  };
}

/** The signatures that met a requirement of a policy. */
function listVouching({ attempts, examined }: PolicyFindings): Decision['verified'] {
  return attempts.flatMap(({ code, store, location, image, keyring = '' }) => {
    const signature = examined.find((one) => one.store === store && one.location === location && one.image === image);
    return code === 'Verified' && signature !== undefined ? [{ keyring, bytes: signature.bytes }] : [];
  });
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
  message: 'nothing could vouch for the image: no keyring counts for it, and no image policy asks for its signature',
  remedy: 'add a trust ConfigMap to the profile, or an image policy that asks for signatures of this repository',
};
