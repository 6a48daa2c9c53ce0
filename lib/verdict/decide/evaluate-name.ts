import type { Digest } from '../../base/names/digest.ts';
import { runBounded } from '../../platform/queues/run-bounded.ts';
import type { SignatureStore } from '../../stores/port/signature-store.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import {
  type ImageEvidence,
  type Judgement,
  joinJudgements,
  judgeOverImages,
  type RequirementResult,
} from '../judge/judge.ts';
import { allOf } from '../judge/outcome.ts';
import { isSigned } from '../judge/requirement.ts';
import type { Attempt, Outcome, PolicyResult, Reason } from '../judge/verdict.ts';
import { type CollectedEvidence, collectEvidence, type ExaminedSignature } from './collect-evidence.ts';
import { asAsked, type NodeImages } from './node-images.ts';
import { type DocumentPolicy, isRefused, isRefusing, type PoliciesAtName } from './policies-at-name.ts';

/** What the policies of a profile make of an image under one of its names. */
export interface NameFindings {
  readonly judgement: Judgement | undefined;
  readonly warnings: readonly Reason[];
  readonly attempts: readonly Attempt[];
  readonly policies: readonly PolicyResult[];
  /** Of one of the images that nodes would run. */
  readonly outcomeOf: (digest: Digest) => Outcome;
  readonly examined: readonly ExaminedSignature[];
  readonly verified: CollectedEvidence['verified'];
}

/** How signatures are read for it. */
export interface NameQuestion {
  readonly prepared: PreparedTrust;
  readonly lookaside: SignatureStore;
  readonly now: Date;
  readonly signal: AbortSignal;
}

/** Images whose signatures are read at a time. */
const CONCURRENCY = 4;

/**
 * Compares each image with what all policies require under one name. The signatures of an image are read once for all of
 * them, so that every policy sees the same ones.
 */
export async function evaluateName(
  policies: PoliciesAtName,
  { images, fault }: NodeImages,
  question: NameQuestion,
): Promise<NameFindings> {
  if (isRefused(policies)) return refuseName(policies, question);
  const { repository, reference } = policies;
  const signed = fault === undefined ? listSigned(policies) : [];
  const kinds = [...new Set(signed.map(({ signatureKind }) => signatureKind))];
  const { lookaside, now, signal } = question;
  const evidence = await runBounded(images, CONCURRENCY, async ({ digest, platforms }) => {
    const read = () => lookaside.fetchSignatures({ digest, repository, kinds }, signal);
    const collected = await collectEvidence(signed, { reference, digest }, read, now, { signal });
    return { digest, platforms, name: `${repository}@${digest}`, collected, evidence: { ...collected, fault } };
  });
  const judged = policies.documents.map((document) => judgeDocument(document, evidence, question.prepared));
  return {
    judgement: joinJudgements(judged.flatMap(({ judgement }) => judgement ?? [])),
    warnings: judged.flatMap(({ warning }) => warning ?? []),
    policies: judged.flatMap((each) => each.policies),
    outcomeOf: (digest) => {
      const index = images.findIndex((image) => image.digest === digest);
      return judged.length === 0 ? 'accepted' : allOf(judged.map(({ outcomes }) => outcomes[index] ?? 'rejected'));
    },
    attempts: evidence.flatMap(({ name, collected }) =>
      collected.attempts.map((attempt) => ({ ...attempt, image: name })),
    ),
    examined: evidence.flatMap(({ name, collected }) => collected.examined.map((one) => ({ ...one, image: name }))),
    verified: evidence.flatMap(({ collected }) => collected.verified),
  };
}

/** The requirements that need a signature. */
export function listSigned({ documents }: PoliciesAtName) {
  return documents.flatMap(({ requirements }) => requirements.filter(isSigned));
}

interface JudgedDocument {
  /** Undefined for a document that accepts the image without a signature. */
  readonly judgement: Judgement | undefined;
  readonly warning: Reason | undefined;
  readonly policies: readonly PolicyResult[];
  /** Of the images, in their order. */
  readonly outcomes: readonly Outcome[];
}

function judgeDocument(
  { document, scope, requirements }: DocumentPolicy,
  images: readonly (ImageEvidence & { readonly name: string })[],
  prepared: PreparedTrust,
): JudgedDocument {
  const scopeText = scope === 'default' ? scope : `${scope.transport}:${scope.scope}`;
  const policies = images.map((image): PolicyResult => {
    const results = requirements.map((requirement) => judgeOverImages(requirement, [image]));
    const outcome = allOf(results.map((result) => result.outcome));
    return { document, image: image.name, scope: scopeText, outcome, requirements: results.map(toRecordedResult) };
  });
  const results = requirements.map((requirement) => judgeOverImages(requirement, images));
  const outcome = allOf(results.map((result) => result.outcome));
  const isUnvouched = outcome === 'accepted' && !results.some((result) => vouches(result, prepared));
  return {
    judgement: isUnvouched ? undefined : { outcome, reasons: results.flatMap(({ reasons }) => reasons) },
    warning: isUnvouched ? toWarning(document, images[0]?.name ?? '', results) : undefined,
    policies,
    outcomes: policies.map((policy) => policy.outcome),
  };
}

function toRecordedResult({ requirement, outcome, reasons }: RequirementResult): PolicyResult['requirements'][number] {
  return { requirement, outcome, reasons };
}

/** Whether the acceptance rests on a signature, of a kind that the profile goes by. */
function vouches({ type, outcome }: RequirementResult, { require }: PreparedTrust): boolean {
  return outcome === 'accepted' && (type === 'sigstoreSigned' || (type === 'signedBy' && require !== 'sigstore'));
}

function toWarning(document: string, image: string, results: readonly RequirementResult[]): Reason {
  if (results.some(({ type }) => type === 'signedBy')) {
    return {
      code: 'PolicyNotEvaluated',
      message: `${document} asks for OpenPGP signatures of ${image} alone, and the profile says require: sigstore`,
      remedy: 'name a Sigstore root of trust in the policy, or set require: configured in the Profile',
    };
  }
  return {
    code: 'PolicyNotEvaluated',
    message: `${document} accepts ${image} without a signature: it does not count`,
    remedy: 'name the keys that sign these images in a signedBy requirement',
  };
}

/** What policies say of an image that they reject whatever it is. Nothing is read for it. */
export function refuseName(policies: PoliciesAtName, { prepared }: Pick<NameQuestion, 'prepared'>): NameFindings {
  const { repository, reference, documents } = policies;
  const { digest } = reference;
  const { images } = asAsked(digest);
  const unread = {
    attemptsOf: new Map(),
    satisfied: new Set<never>(),
    storeAttempts: [],
    storeFailed: false,
    fault: NOT_LOOKED_AT,
  };
  const evidence = images.map((image) => ({
    ...image,
    name: `${repository}@${digest}`,
    evidence: { ...unread, image: { reference, digest } },
  }));
  const judged = documents.filter(isRefusing).map((document) => judgeDocument(document, evidence, prepared));
  const [first] = judged;
  const reasons = first?.judgement?.reasons.filter((reason) => !NOT_LOOKED_AT.reasons.includes(reason)) ?? [];
  return {
    judgement: { outcome: 'rejected', reasons },
    warnings: [],
    attempts: [],
    policies: first?.policies ?? [],
    outcomeOf: () => 'rejected',
    examined: [],
    verified: [],
  };
}

const NOT_LOOKED_AT: Judgement = {
  outcome: 'indeterminate',
  reasons: [
    {
      code: 'PolicyNotEvaluated',
      message: 'not looked at: another requirement rejects the image whatever it is',
    },
  ],
};
