import type { Digest } from '../../base/names/digest.ts';
import { type Platform, parsePlatform } from '../../base/names/platform.ts';
import type { Repository } from '../../base/names/reference.ts';
import type { Manifest, RegistryClient } from '../../registry/client/registry-client.ts';
import type { SignatureStore } from '../../stores/port/signature-store.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import { type Judgement, joinJudgements } from '../judge/judge.ts';
import { allOf, anyOf } from '../judge/outcome.ts';
import type { Requirement } from '../judge/requirement.ts';
import type { Attempt, Outcome, PolicyResult, Reason } from '../judge/verdict.ts';
import type { CollectedEvidence, ExaminedSignature } from './collect-evidence.ts';
import { evaluateName, listSigned, type NameFindings, refuseName } from './evaluate-name.ts';
import {
  asAsked,
  type ImageReader,
  type JudgedImage,
  type NodeImage,
  type NodeImages,
  readNodeImages,
} from './node-images.ts';
import { findPolicies, isRefused, type PoliciesAtName } from './policies-at-name.ts';

export interface PolicyQuestion {
  readonly repository: Repository;
  readonly digest: Digest;
  /** The index that names the image: a node finds its policy by the index, and runs the image as it is. */
  readonly list?: Digest | undefined;
  readonly prepared: PreparedTrust;
  /** Platforms of the nodes; undefined: those of the profile, else every `linux/*` platform of the index. */
  readonly platforms?: readonly Platform[] | undefined;
  /** `node` when left out. */
  readonly reader?: ImageReader | undefined;
  /** Which requirements count; all when left out. A mirror without a lookaside is asked for Sigstore signatures alone. */
  readonly counts?: ((requirement: Requirement) => boolean) | undefined;
  /** Reads signatures of a repository's image; not contacted unless a requirement needs one. */
  readonly lookaside: SignatureStore;
  /** Reads the manifest; not contacted unless a requirement needs a signature. */
  readonly manifests: Pick<RegistryClient, 'readManifest'>;
  readonly now: Date;
  readonly signal: AbortSignal;
}

/** What the image policies of a profile make of an image, and the evidence. */
export interface PolicyFindings {
  /** Undefined when no policy covers the image, or all that do accept it without a signature. */
  readonly judgement: Judgement | undefined;
  /** True for a rejection that no signature could have changed: nothing was read for it. */
  readonly isFinal: boolean;
  readonly warnings: readonly Reason[];
  readonly attempts: readonly Attempt[];
  readonly policies: readonly PolicyResult[];
  /** The images that nodes would run, with the outcome of each. */
  readonly images: readonly JudgedImage[];
  readonly others: NodeImages['others'];
  readonly manifests: readonly Manifest[];
  readonly examined: readonly ExaminedSignature[];
  readonly verified: CollectedEvidence['verified'];
}

const NO_FINDINGS: PolicyFindings = {
  judgement: undefined,
  isFinal: false,
  warnings: [],
  attempts: [],
  policies: [],
  images: [],
  others: [],
  manifests: [],
  examined: [],
  verified: [],
};

/**
 * Compares an image with the image policies that cover it, as nodes do that pull it by digest. A policy that this version
 * cannot evaluate leaves the result indeterminate. A policy that accepts anything does not count: an accepted image rests
 * on a signature.
 *
 * @throws the abort reason of the signal
 */
export async function evaluatePolicies(question: PolicyQuestion): Promise<PolicyFindings> {
  const { prepared, repository, digest, list, counts = () => true } = question;
  const { require, verification, imagePolicies } = prepared;
  if (require === 'openpgp' || verification === 'disabled' || imagePolicies.length === 0) return NO_FINDINGS;
  const found = findPolicies(prepared, repository, list ?? digest);
  const own = keepCounted(found.own, counts);
  const others = found.others.map((policies) => keepCounted(policies, counts));
  // Before anything is contacted.
  const refused = isRefused(own) ? own : findRefused(others);
  if (refused !== undefined) {
    const { judgement, policies } = refuseName(refused, question);
    return addUnprepared({ ...NO_FINDINGS, judgement, policies, isFinal: true }, found.unprepared);
  }
  const needsSignature = [own, ...others].some((policies) => listSigned(policies).length > 0);
  const isLookedInto = needsSignature && list === undefined && question.reader !== 'host';
  const images = isLookedInto ? await readImages(question) : asAsked(digest);
  const findings = await evaluateNames(own, others, images, question);
  return addUnprepared(findings, found.unprepared);
}

function keepCounted(policies: PoliciesAtName, counts: (requirement: Requirement) => boolean): PoliciesAtName {
  const documents = policies.documents
    .map((document) => ({ ...document, requirements: document.requirements.filter(counts) }))
    .filter(
      ({ requirements }, index) => requirements.length > 0 || policies.documents[index]?.requirements.length === 0,
    );
  return { ...policies, documents };
}

/** The first refusal, where there is one under every name. */
function findRefused(others: readonly PoliciesAtName[]): PoliciesAtName | undefined {
  return others.length > 0 && others.every(isRefused) ? others[0] : undefined;
}

async function readImages(question: PolicyQuestion): Promise<NodeImages> {
  const {
    repository,
    digest: asked,
    manifests,
    prepared,
    signal,
    platforms = prepared.platforms?.map(parsePlatform),
  } = question;
  const read = (digest: Digest): Promise<Manifest> => manifests.readManifest(repository, digest, signal);
  return await readNodeImages(asked, platforms, read, signal);
}

async function evaluateNames(
  own: PoliciesAtName,
  others: readonly PoliciesAtName[],
  images: NodeImages,
  question: PolicyQuestion,
): Promise<PolicyFindings> {
  const ofOwn = await evaluateName(own, images, question);
  const tried: NameFindings[] = [];
  for (const policies of others) {
    const findings = await evaluateName(policies, images, question);
    tried.push(findings);
    if (toNameOutcome(findings) === 'accepted') break;
  }
  const names = [ofOwn, ...tried];
  const best = anyOf(tried.map(toNameOutcome));
  const closest = tried.find((findings) => toNameOutcome(findings) === best);
  const counted = closest === undefined ? [ofOwn] : [ofOwn, closest];
  const toOutcome = ({ digest }: NodeImage): Outcome => {
    const ofOthers = tried.map(({ outcomeOf }) => outcomeOf(digest));
    return allOf([ofOwn.outcomeOf(digest), ...(tried.length === 0 ? [] : [anyOf(ofOthers)])]);
  };
  return {
    judgement: joinJudgements(counted.flatMap(({ judgement }) => judgement ?? [])),
    isFinal: false,
    warnings: counted.flatMap(({ warnings }) => warnings),
    attempts: names.flatMap(({ attempts }) => attempts),
    policies: names.flatMap(({ policies }) => policies),
    images: images.images.map((image) => ({ ...image, outcome: toOutcome(image) })),
    others: images.others,
    manifests: images.manifests,
    examined: names.flatMap(({ examined }) => examined),
    verified: names.flatMap(({ verified }) => verified),
  };
}

/** Policies of which none counts let an image through. */
function toNameOutcome({ judgement }: NameFindings): Outcome {
  return judgement?.outcome ?? 'accepted';
}

function addUnprepared(findings: PolicyFindings, reason: Reason | undefined): PolicyFindings {
  if (reason === undefined) return findings;
  const open: Judgement = { outcome: 'indeterminate', reasons: [reason] };
  const known = findings.judgement === undefined ? [] : [findings.judgement];
  return { ...findings, judgement: joinJudgements([...known, open]) };
}
