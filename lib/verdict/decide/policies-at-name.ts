import { type Digest, parseDigest } from '../../base/names/digest.ts';
import type { DockerReference } from '../../base/names/docker-reference.ts';
import type { Reference, Repository } from '../../base/names/reference.ts';
import { coversRepository } from '../../base/names/scope.ts';
import { type FoundRequirements, findRequirements } from '../../trust/policy/image-policy.ts';
import { describeNodesRefusal } from '../../trust/policy/prepare-check.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import { type ReadyPolicy, toReadyClusterPolicy, toReadyPolicy } from '../../trust/source/ready-policy.ts';
import { allOf } from '../judge/outcome.ts';
import { toPolicyRequirement } from '../judge/policy-requirement.ts';
import type { Requirement } from '../judge/requirement.ts';
import type { Reason } from '../judge/verdict.ts';

/** What one document requires of an image under one name. */
export interface DocumentPolicy {
  /** Of several documents, those that the requirements come from. */
  readonly document: string;
  readonly scope: FoundRequirements['scope'];
  /** Every one has to be satisfied. */
  readonly requirements: readonly Requirement[];
}

/** What all policies of a profile together require of an image under one name. */
export interface PoliciesAtName {
  readonly repository: Repository;
  /** With the digest that was asked for. */
  readonly reference: DockerReference & { readonly digest: Digest };
  readonly documents: readonly DocumentPolicy[];
}

export interface ProfilePolicies {
  /** Under the name that was asked for. */
  readonly own: PoliciesAtName;
  /** Under each canonical name that the image may stand for: one of them is enough. Empty for a canonical name. */
  readonly others: readonly PoliciesAtName[];
  /** Set when a policy covers the image and cannot be evaluated. */
  readonly unprepared: Reason | undefined;
}

/**
 * The policies of a profile that cover an image. A node that pulls from a mirror judges the image by the name that it
 * mirrors, so that an image elsewhere has to be let through under its own name and under one that it may stand for.
 */
export function findPolicies(prepared: PreparedTrust, repository: Repository, digest: Digest): ProfilePolicies {
  const isCanonical = prepared.canonicalRepositories.includes(repository);
  const names = isCanonical ? [] : prepared.canonicalRepositories;
  const groups = listReady(prepared, [repository, ...names]);
  const ready = groups.flatMap((group) => group.ready ?? []);
  const missing = groups.filter((group) => group.ready === undefined).flatMap(({ documents }) => documents);
  return {
    own: toPolicies(ready, repository, digest),
    others: ready.length === 0 ? [] : names.map((name) => toPolicies(ready, name, digest)),
    unprepared: missing.length === 0 ? undefined : explainUnprepared(missing),
  };
}

interface PolicyGroup {
  /** Undefined where the trust was prepared without what its policies name. */
  readonly ready: ReadyPolicy | undefined;
  readonly documents: readonly string[];
}

/** The policies of a profile that cover one of the names. */
function listReady(prepared: PreparedTrust, names: readonly Repository[]): readonly PolicyGroup[] {
  const covering = prepared.imagePolicies.filter((policy) => names.some((name) => coversRepository(policy, name)));
  const files = covering.filter(({ kind }) => kind === 'policy.json');
  // Nodes have all image policies of a cluster as one, in which the most specific scope counts.
  const ofCluster = covering.filter(({ kind }) => kind !== 'policy.json');
  return [
    ...files.map((policy) => ({ ready: toReadyPolicy(prepared, policy), documents: [policy.document] })),
    ...(ofCluster.length === 0
      ? []
      : [{ ready: toReadyClusterPolicy(prepared), documents: ofCluster.map(({ document }) => document) }]),
  ];
}

const ANY_DIGEST = parseDigest(`sha256:${'0'.repeat(64)}`);

/**
 * Whether an image policy of a profile asks anything of an image under its own name: a policy that accepts anything asks
 * nothing. Without a digest that of its repository counts.
 */
export function isCovered(prepared: PreparedTrust, { repository, digest = ANY_DIGEST }: Reference): boolean {
  if (prepared.require === 'openpgp') return false;
  const { own: policies, unprepared } = findPolicies(asOwn(prepared, repository), repository, digest);
  return policies.documents.some(isAsking) || unprepared !== undefined;
}

/** Whether one document asks anything: it does not accept whatever the evidence is. Nothing required is a rejection. */
function isAsking({ requirements }: DocumentPolicy): boolean {
  return allOf(requirements.map((one) => (one.kind === 'fixed' ? one.outcome : 'indeterminate'))) !== 'accepted';
}

/** Kept by trust and repository, so that its policies are parsed once. */
const own = new WeakMap<PreparedTrust, Map<Repository, PreparedTrust>>();

/** The trust of a profile for which a repository stands for nothing else. */
export function asOwn(prepared: PreparedTrust, repository: Repository): PreparedTrust {
  const made = own.get(prepared) ?? new Map<Repository, PreparedTrust>();
  own.set(prepared, made);
  const kept = made.get(repository) ?? { ...prepared, canonicalRepositories: [repository] };
  made.set(repository, kept);
  return kept;
}

function toPolicies(ready: readonly ReadyPolicy[], repository: Repository, digest: Digest): PoliciesAtName {
  const reference = { name: repository, tag: undefined, digest };
  return { repository, reference, documents: ready.map((policy) => toDocument(policy, reference)) };
}

/** Why nodes refuse an image under a name whatever signs it; undefined where they can use every key of its policies. */
export function findNodesRefusal(prepared: PreparedTrust, repository: Repository, digest: Digest): string | undefined {
  const reference = { name: repository, tag: undefined, digest };
  return listReady(prepared, [repository])
    .flatMap(({ ready }) => ready ?? [])
    .flatMap(({ policy, material }) =>
      findRequirements(policy, { transport: 'docker', reference }).requirements.map((requirement) =>
        describeNodesRefusal(requirement, material),
      ),
    )
    .find((fault) => fault !== undefined);
}

function toDocument(ready: ReadyPolicy, reference: PoliciesAtName['reference']): DocumentPolicy {
  const found = findRequirements(ready.policy, { transport: 'docker', reference });
  const named = new Set(found.requirements.flatMap((requirement) => ready.documents.get(requirement) ?? []));
  return {
    document: named.size === 0 ? ready.document : [...named].join(', '),
    scope: found.scope,
    requirements: found.requirements.map((requirement) => toPolicyRequirement(requirement, ready.material)),
  };
}

/** Whether the policies reject the image whatever signatures it has. */
export function isRefused({ documents }: PoliciesAtName): boolean {
  return documents.some(isRefusing);
}

/** Whether one document does, should all be met that signatures can meet: nothing required is a rejection. */
export function isRefusing({ requirements }: DocumentPolicy): boolean {
  return allOf(requirements.map((one) => (one.kind === 'fixed' ? one.outcome : 'accepted'))) === 'rejected';
}

function explainUnprepared(documents: readonly string[]): Reason {
  return {
    code: 'PolicyNotEvaluated',
    message: `${documents.join(', ')} covers this image and cannot be evaluated as the profile’s trust was published`,
    remedy: 'publish the trust of the profile again: an earlier version of Signet made it',
  };
}
