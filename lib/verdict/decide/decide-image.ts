import { hash } from 'node:crypto';
import type { Digest } from '../../base/names/digest.ts';
import type { Manifest, RegistryClient } from '../../registry/client/registry-client.ts';
import type { SignatureStore } from '../../stores/port/signature-store.ts';
import type { ReadyTrust } from '../../trust/source/trust-source.ts';
import { type Judgement, joinJudgements } from '../judge/judge.ts';
import { decidePullspec, type PullspecRequest, toVerdict } from '../judge/pullspec-policy.ts';
import { type Attempt, MAX_PROOF_BYTES, type Reason, type Verdict } from '../judge/verdict.ts';
import { type CollectedEvidence, collectRelease, type ExaminedSignature, requiresOpenpgp } from './collect-evidence.ts';
import { decideComponentName, judgeUncovered } from './decide-component.ts';
import { evaluatePolicies } from './evaluate-policies.ts';
import { requireForceAllowed, toForcedVerdict } from './force.ts';
import { type ImageReader, toImageResults } from './node-images.ts';
import { asOwn } from './policies-at-name.ts';

export interface ImageRequest extends PullspecRequest {
  /** Accept whatever was found out, as a forced cluster update does. */
  readonly force?: boolean | undefined;
  /** `node` when left out. */
  readonly reader?: ImageReader | undefined;
}

export interface DecisionDependencies {
  /** Where release signatures are read. Not contacted unless the pullspec policy lets the pullspec through. */
  readonly store: SignatureStore;
  /** Where the signatures that image policies need are read, by repository. Contacted as little. */
  readonly lookaside: SignatureStore;
  /** Where manifests are read. Contacted only when an image policy that covers the image needs a signature. */
  readonly manifests: Pick<RegistryClient, 'readManifest'>;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

/** The verdict, with the evidence behind it. */
export interface Decision {
  readonly verdict: Verdict;
  /** Signatures that hold, each with the name of what it satisfies. */
  readonly verified: readonly VerifiedBytes[];
  /** Every signature that was read, good or not. */
  readonly examined: readonly ExaminedSignature[];
  /** The manifests that say which images nodes run; empty where none was read. */
  readonly manifests: readonly Manifest[];
}

interface VerifiedBytes {
  readonly keyring: string;
  readonly bytes: Uint8Array;
  /** What was signed; undefined for a signature of a digest alone. */
  readonly signedReference?: string | undefined;
  /** It satisfies an image policy, and may be of an image in a list. */
  readonly isOfPolicy?: boolean;
}

/** Attempts of a verdict that did not verify; further ones are counted. */
const MAX_FAILED_ATTEMPTS = 512;

/**
 * The one decision that functions, queues, admission and command line call: pullspec policy, image policies, release
 * keyrings, verdict.
 *
 * @throws InputError `ForceNotAllowed`; the abort reason of the signal. Every other outcome is a verdict.
 */
export async function decideImage(
  request: ImageRequest,
  trust: ReadyTrust,
  dependencies: DecisionDependencies,
): Promise<Decision> {
  const { prepared } = trust;
  if (request.force === true) requireForceAllowed(prepared, request.judgedAs);
  const now = dependencies.now();
  const decideName = request.judgedAs === 'component' ? decideComponentName : decidePullspec;
  const policyVerdict = decideName(request, trust, now);
  const { digest } = request.pullspec;
  const decision =
    policyVerdict.outcome !== 'accepted' || digest === undefined
      ? { verdict: policyVerdict, verified: [], examined: [], manifests: [] }
      : await decideDigest(digest, request, trust, dependencies, policyVerdict, now);
  return request.force === true ? { ...decision, verdict: toForcedVerdict(decision.verdict) } : decision;
}

async function decideDigest(
  digest: Digest,
  request: ImageRequest,
  trust: ReadyTrust,
  { store, lookaside, manifests, signal }: DecisionDependencies,
  { warnings: earlier }: Verdict,
  // One time for the whole decision: a record is checked again by it.
  now: Date,
): Promise<Decision> {
  const { prepared } = trust;
  if (prepared.verification === 'disabled') {
    const warnings = [...earlier, NOTHING_VERIFIED];
    const verdict = toVerdict(request, prepared, now, { outcome: 'accepted', reasons: [], warnings, attempts: [] });
    return { verdict, verified: [], examined: [], manifests: [] };
  }
  const { platforms, reader, pullspec } = request;
  const { repository } = pullspec;
  const isComponent = request.judgedAs === 'component';
  // A component is judged under its own name, and not as a release.
  const judged = isComponent ? asOwn(prepared, repository) : prepared;
  const question = { repository, digest, prepared: judged, platforms, reader, lookaside, manifests, now, signal };
  const found = prepared.imagePolicies.length === 0 ? undefined : await evaluatePolicies(question);
  const isAsked = !isComponent && requiresOpenpgp(trust) && found?.isFinal !== true;
  const release = isAsked ? await collectRelease(digest, trust, store, now, signal) : undefined;
  const proofs = [...(release?.collected.verified ?? []), ...(found?.verified ?? [])];
  const judgements = [found?.judgement, release?.judgement, limitOf(proofs)];
  const nothing = isComponent ? judgeUncovered(prepared) : NOTHING_REQUIRED;
  const joined = joinJudgements(judgements.flatMap((each) => each ?? []));
  const { outcome, reasons } = joined ?? nothing;
  const { attempts, left } = boundAttempts([...(found?.attempts ?? []), ...(release?.collected.attempts ?? [])]);
  const unjudged = joined === undefined ? nothing.warnings : [];
  const warnings = [...earlier, ...(found?.warnings ?? []), ...unjudged, ...left];
  const images = found === undefined || found.images.length === 0 ? [] : toImageResults(found.images, found.others);
  return {
    verdict: toVerdict(request, prepared, now, {
      outcome,
      reasons,
      warnings,
      attempts,
      policies: found?.policies ?? [],
      images,
    }),
    verified: [
      ...(release?.collected.verified ?? []).map((one) => toBytes(one, false)),
      ...(found?.verified ?? []).map((one) => toBytes(one, true)),
    ],
    examined: [...(found?.examined ?? []), ...(release?.collected.examined ?? [])],
    manifests: found?.manifests ?? [],
  };
}

function toBytes({ keyring, bytes, proof }: CollectedEvidence['verified'][number], isOfPolicy: boolean): VerifiedBytes {
  return { keyring, bytes, signedReference: proof.signature?.signedReference ?? proof.signedReference, isOfPolicy };
}

/** An acceptance whose proof does not fit into a record could not be checked again. */
function limitOf(proofs: CollectedEvidence['verified']): Judgement | undefined {
  const distinct = new Map(proofs.map(({ bytes }) => [hash('sha256', bytes), bytes.length]));
  const total = [...distinct.values()].reduce((sum, length) => sum + length, 0);
  return total > MAX_PROOF_BYTES ? TOO_MUCH_PROOF : undefined;
}

/** What verified, and as many other attempts as a record can hold, in their order. */
function boundAttempts(attempts: readonly Attempt[]): {
  readonly attempts: readonly Attempt[];
  readonly left: readonly Reason[];
} {
  const failed = attempts.filter(({ code }) => code !== 'Verified');
  if (failed.length <= MAX_FAILED_ATTEMPTS) return { attempts, left: [] };
  const kept = new Set(failed.slice(0, MAX_FAILED_ATTEMPTS));
  const message = `${failed.length - MAX_FAILED_ATTEMPTS} more attempts that did not verify are left out`;
  return {
    attempts: attempts.filter((attempt) => attempt.code === 'Verified' || kept.has(attempt)),
    left: [{ code: 'LimitExceeded', message }],
  };
}

const TOO_MUCH_PROOF: Judgement = {
  outcome: 'indeterminate',
  reasons: [
    {
      code: 'LimitExceeded',
      message: `the signatures that prove the image are longer than ${MAX_PROOF_BYTES} bytes together`,
    },
  ],
};

const NOTHING_VERIFIED: Reason = {
  code: 'PolicyNotEvaluated',
  message: 'nothing was verified: the profile says verification: disabled',
  remedy: 'remove verification: disabled from the Profile',
};

const NOTHING_REQUIRED: Judgement & { readonly warnings: readonly Reason[] } = {
  outcome: 'rejected',
  warnings: [],
  reasons: [
    {
      code: 'PolicyRejects',
      message:
        'nothing could vouch for the image: no keyring counts for it, and no image policy asks for its signature',
      remedy: 'add a trust ConfigMap to the profile, or an image policy that asks for signatures of this repository',
    },
  ],
};
