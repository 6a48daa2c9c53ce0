import { MAX_DATA_LENGTH, MAX_PUBLISHED_DATA_LENGTH } from '../../trust/policy/cluster-image-policy-fields.ts';
import type { ClusterImagePolicy, ClusterImagePolicyVersion } from '../../trust/policy/cluster-image-policy.ts';
import { listRootSources, type SigstoreSignedRequirement } from '../../trust/policy/policy-requirement.ts';
import { describeNodesRefusal } from '../../trust/policy/prepare-check.ts';
import { describeUnmeetableSubject } from '../../trust/policy/unmeetable-subject.ts';
import { compareMinors } from './release-version.ts';

/**
 * When clusters got image policies (`openshift/api` config/v1alpha1 and config/v1, features.go): the kind as a Technology
 * Preview, then by default; PKI a version later; and the last version whose API is known to take no long data.
 */
const FIRST_PREVIEW = '4.16';
const FIRST_DEFAULT = '4.20';
const FIRST_PKI = '4.21';
const LAST_SHORT = '5.0';

/** What the API servers of a minor version take; undefined: of today's. */
export interface AdmittedPolicies {
  readonly version: ClusterImagePolicyVersion;
  /** Characters of a key or of certificates. */
  readonly maxLength: number;
  /** Whether the kind is there with the feature set TechPreviewNoUpgrade alone. */
  readonly isPreview: boolean;
}

export function toAdmitted(minor: string | undefined): AdmittedPolicies {
  const isEarly = minor !== undefined && compareMinors(minor, FIRST_DEFAULT) < 0;
  const isPreview = isEarly && compareMinors(minor, FIRST_PREVIEW) >= 0;
  const isLong = minor !== undefined && compareMinors(minor, LAST_SHORT) > 0;
  return {
    version: isEarly ? 'v1alpha1' : 'v1',
    maxLength: isLong ? MAX_DATA_LENGTH : MAX_PUBLISHED_DATA_LENGTH,
    isPreview,
  };
}

/** Why clusters of a minor version would not take a policy, or their nodes accept no image by it, whoever signs. */
export function findUnusable(requirement: SigstoreSignedRequirement, minor: string | undefined): readonly string[] {
  const faults: string[] = [];
  if (minor !== undefined && compareMinors(minor, FIRST_PREVIEW) < 0) {
    const instead = 'signet render machineconfig puts a policy.json on their nodes';
    faults.push(`clusters of ${minor} have no image policies, ${FIRST_PREVIEW} is the first that has: ${instead}`);
  }
  if (requirement.root.kind === 'pki' && minor !== undefined && compareMinors(minor, FIRST_PKI) < 0) {
    faults.push(`clusters of ${minor} take no PKI in image policies, ${FIRST_PKI} is the first that does: use a key`);
  }
  // Its keys are data: no file is needed.
  const refusal = describeNodesRefusal(requirement, { sigstore: undefined });
  if (refusal !== undefined) faults.push(refusal);
  const subject = describeUnmeetableSubject(requirement);
  return subject === undefined ? faults : [...faults, subject];
}

/** Why clusters of a minor version would not take an object as it is written, or could not use it. */
export function findInadmissible(policy: ClusterImagePolicy, minor: string): readonly string[] {
  const { kind, name, version, requirement } = policy;
  const { version: taken, maxLength } = toAdmitted(minor);
  if (requirement.type !== 'sigstoreSigned') return [];
  const faults = [...findUnusable(requirement, minor)];
  if (version !== taken) faults.push(`clusters of ${minor} have ${taken}, and it is written for ${version}`);
  for (const source of listRootSources(requirement.root)) {
    const length = source.kind === 'data' ? Math.ceil(source.bytes.length / 3) * 4 : 0;
    if (length > maxLength)
      faults.push(`${length} characters of keys or certificates; clusters of ${minor} take ${maxLength}`);
  }
  return faults.map((fault) => `${kind} ${name}: ${fault}`);
}

/** Scopes of the ClusterImagePolicy `openshift` that clusters of a minor version bring, by the first that does. */
const BUILT_IN: readonly (readonly [minor: string, scope: string])[] = [
  ['4.21', 'quay.io/openshift-release-dev/ocp-release'],
  ['4.22', 'quay.io/openshift-release-dev/ocp-v4.0-art-dev'],
  ['4.22', 'quay.io/openshift-release-dev/ocp-v5.0-art-dev'],
];

/** Scopes for which the cluster's own policy requires the publisher's signatures. */
export function listBuiltInScopes(minor: string | undefined): readonly string[] {
  if (minor === undefined) return [];
  return BUILT_IN.flatMap(([from, scope]) => (compareMinors(minor, from) < 0 ? [] : [scope]));
}
