import { InputError } from '../../base/errors/input-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import {
  type DockerReference,
  formatDockerReference,
  parseDockerReference,
  withDefaultTag,
} from '../../base/names/docker-reference.ts';
import { parseReference } from '../../base/names/reference.ts';
import { resolveMirrors } from '../../registry/profile/mirrored-reader.ts';
import { type FoundRequirements, findRequirements, type ImagePolicy } from '../../trust/policy/image-policy.ts';
import { describeScope, findFault } from '../../trust/policy/machine-config-lockouts.ts';
import { describeRequirement, listRootSources, type PolicyRequirement } from '../../trust/policy/policy-requirement.ts';
import { describeNodesRefusal, prepareCheck } from '../../trust/policy/prepare-check.ts';
import { describeUnmeetableSubject } from '../../trust/policy/unmeetable-subject.ts';
import type { RequirementResult } from '../../verdict/judge/judge.ts';
import type { NodesAnswer } from '../../verdict/judge/nodes.ts';
import { findMirrorSource } from '../../verdict/judge/pullspec-policy.ts';
import type { Outcome, Reason } from '../../verdict/judge/verdict.ts';
import type { ExportedCluster, UsedImage } from './exported-cluster.ts';
import type { NodePolicies } from './tried-policies.ts';

/**
 * What a policy would make of an image that runs. `uncovered`: no scope has it, and it is allowed unseen; `unchanged`: a
 * policy that the cluster has already decides, and not what is tried.
 */
export type TrialOutcome = 'allowed' | 'refused' | 'unsigned' | 'unknown' | 'uncovered' | 'unchanged';

export interface TriedImage {
  /** As the objects name it. */
  readonly image: string;
  /** What runs by that name, as far as it is known. */
  readonly digest?: Digest | undefined;
  readonly outcome: TrialOutcome;
  /** Whether nodes could pull it. */
  readonly nodes: NodesAnswer['nodes'];
  /** The objects whose requirements count; none for a policy.json, or where nothing covers it. */
  readonly policies: readonly string[];
  /** The scope that counts; undefined where none does. */
  readonly scope?: string | undefined;
  readonly reason?: string | undefined;
  readonly remedy?: string | undefined;
  /** Where nodes with the cluster's mirror sets look for it, in order; empty: at its own name alone. */
  readonly mirrors: readonly string[];
  readonly usedBy: readonly string[];
}

/** An image to be verified, as a node would that pulls it. */
export interface PulledImage {
  /** By tag or by digest, as the object names it: what the policy and the signature are compared with. */
  readonly reference: DockerReference;
  /** Of what runs by it. */
  readonly digest: Digest | undefined;
  readonly policy: ImagePolicy;
  /** Of the policy, for this image. */
  readonly requirements: readonly PolicyRequirement[];
}

export interface PulledDecision {
  readonly outcome: Outcome;
  readonly requirements: readonly Pick<RequirementResult, 'reasons'>[];
  /** Undefined where no signature is asked for. */
  readonly nodes?: NodesAnswer | undefined;
}

export type Decide = (image: PulledImage) => Promise<PulledDecision>;

type Found = Omit<TriedImage, 'usedBy'>;

/**
 * What the policies make of an image. It is verified only where a signature decides, and where what is tried asks for it.
 */
export async function tryImage(
  used: UsedImage,
  policies: NodePolicies,
  mirrorRules: ExportedCluster['mirrorRules'],
  decide: Decide | undefined,
): Promise<Found> {
  const { image, digest, namespace } = used;
  const base = { image, ...(digest === undefined ? {} : { digest }), policies: [], mirrors: [] };
  const reference = toReference(used);
  if (typeof reference === 'string') return { ...base, outcome: 'unknown', nodes: 'unknown', reason: reference };
  const policy = policies.policyFor(namespace);
  const found = findRequirements(policy, { transport: 'docker', reference });
  const origins = found.requirements.flatMap((requirement) => policies.originOf(requirement) ?? []);
  const { repository } = parseReference(formatDockerReference(reference));
  const places = resolveMirrors(repository, mirrorRules, reference.digest === undefined ? 'tag' : 'digest');
  const known = {
    ...base,
    policies: [...new Set(origins.map(({ name }) => name))],
    ...(isDefault(found) ? {} : { scope: describeScope(found) }),
    mirrors: places.filter((place) => place !== repository),
  };
  if (found.requirements.every(({ type }) => type === 'insecureAcceptAnything')) {
    const source = isDefault(found) ? findMirrorSource(repository, mirrorRules) : undefined;
    const note =
      source === undefined ? {} : { reason: `it is named by a mirror of ${source}, and judged by that name` };
    return { ...known, outcome: isDefault(found) ? 'uncovered' : 'allowed', nodes: 'yes', ...note };
  }
  if (origins.length > 0 && !origins.some(({ isTried }) => isTried)) {
    return { ...known, outcome: 'unchanged', nodes: 'unknown' };
  }
  const fault = found.requirements.map(findCertainFault).find((one) => one !== undefined);
  if (fault !== undefined) return { ...known, ...fault };
  if (decide === undefined) {
    const needed = found.requirements.filter(({ type }) => type !== 'insecureAcceptAnything').map(describeRequirement);
    return {
      ...known,
      outcome: 'unknown',
      nodes: 'unknown',
      reason: `a signature is needed: ${needed.join(' and ')}`,
      remedy: READ_IT,
    };
  }
  return { ...known, ...toResult(await decide({ reference, digest, policy, requirements: found.requirements })) };
}

const READ_IT = '--verify reads its signatures';

function isDefault({ scope }: FoundRequirements): boolean {
  return scope === 'default' || scope.scope === '';
}

/** As a node looks its policy up: a tag beside a digest does not count. Or why no policy can be looked up. */
function toReference({ image, foundIn }: UsedImage): DockerReference | string {
  try {
    const [host = ''] = image.split('/', 1);
    const isShort = !image.includes('/') || !/[.:]|^localhost$/.test(host);
    const named = withDefaultTag(parseDockerReference(image));
    const { name, tag, digest } =
      isShort && foundIn !== undefined
        ? { ...named, ...parseDockerReference(foundIn), tag: named.tag, digest: named.digest }
        : named;
    if (isShort && foundIn === undefined) return 'it names no registry, and its status does not say where it was found';
    return { name, tag: digest === undefined ? tag : undefined, digest };
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
}

/** What no signature changes: the requirement rejects, nothing can meet it, or this version cannot evaluate it. */
function findCertainFault(
  requirement: PolicyRequirement,
): Pick<TriedImage, 'outcome' | 'nodes' | 'reason' | 'remedy'> | undefined {
  const fault =
    findFault([requirement]) ?? describeUnmeetableSubject(requirement) ?? describeNodesRefusal(requirement, NO_FILES);
  if (requirement.type === 'reject') return { outcome: 'refused', nodes: 'no', reason: REJECTED };
  if (fault !== undefined) return { outcome: 'refused', nodes: 'no', reason: fault };
  const isData =
    requirement.type === 'sigstoreSigned' && listRootSources(requirement.root).every(({ kind }) => kind === 'data');
  if (!isData && requirement.type !== 'unsupported') return undefined;
  const check = prepareCheck(requirement, { keyrings: new Map(), ...NO_FILES });
  if (check?.kind !== 'unmeetable') return undefined;
  const open = {
    outcome: 'unknown',
    nodes: 'unknown',
    reason: `this version cannot evaluate it: ${check.fault}`,
  } as const;
  return check.isUnsupported ? open : { outcome: 'refused', nodes: 'no', reason: check.fault };
}

const REJECTED = 'the policy rejects every image here';

const NO_FILES = { sigstore: { files: new Map<string, Uint8Array>(), bundleIdentity: 'refuse' } } as const;

/** What nodes do counts: an image that is trusted and that they cannot pull is refused. */
function toResult({
  outcome,
  requirements,
  nodes,
}: PulledDecision): Pick<TriedImage, 'outcome' | 'nodes' | 'reason' | 'remedy'> {
  const reasons = requirements.flatMap((requirement) => requirement.reasons);
  const shown = toShown(reasons[0]);
  switch (outcome) {
    case 'accepted':
      if (nodes === undefined || nodes.nodes === 'yes') return { outcome: 'allowed', nodes: 'yes' };
      return {
        outcome: nodes.nodes === 'no' ? 'refused' : 'unknown',
        nodes: nodes.nodes,
        reason: nodes.reason,
        ...(nodes.remedy === undefined ? {} : { remedy: nodes.remedy }),
      };
    case 'indeterminate':
      return { outcome: 'unknown', nodes: 'unknown', ...shown };
    case 'rejected':
      return { outcome: isUnsigned(reasons) ? 'unsigned' : 'refused', nodes: 'no', ...shown };
    default:
      throw new TypeError(`there is no outcome ${JSON.stringify(outcome satisfies never)}`);
  }
}

function isUnsigned(reasons: readonly Reason[]): boolean {
  return reasons.length > 0 && reasons.every(({ code }) => code === 'SignatureNotFound');
}

function toShown(reason: Reason | undefined): { readonly reason?: string; readonly remedy?: string } {
  if (reason === undefined) return {};
  const { code, message, remedy } = reason;
  return { reason: `${code}: ${message}`, ...(remedy === undefined ? {} : { remedy }) };
}
