import type { SigstoreRoot, SigstoreSignedRequirement } from '../policy-requirement.ts';
import type { SignedIdentity } from '../signed-identity.ts';

/**
 * A ClusterImagePolicy or ImagePolicy of `config.openshift.io`, read. What a node makes of it is a `sigstoreSigned`
 * requirement for each scope.
 */
export interface ClusterImagePolicy {
  readonly kind: 'ClusterImagePolicy' | 'ImagePolicy';
  readonly version: ClusterImagePolicyVersion;
  readonly name: string;
  /** Of an ImagePolicy that says it. */
  readonly namespace: string | undefined;
  /** Never empty, each once. */
  readonly scopes: readonly string[];
  /** All of its keys and certificates are data, at most one key and one Rekor key. */
  readonly root: SigstoreRoot;
  /** Never `matchExact` or `exactReference`. */
  readonly signedIdentity: SignedIdentity;
}

export type ClusterImagePolicyVersion = 'v1' | 'v1alpha1';

/** What a node requires of the images in the policy's scopes; nothing is lost. */
export function toSigstoreSigned({ root, signedIdentity }: ClusterImagePolicy): SigstoreSignedRequirement {
  return { type: 'sigstoreSigned', root, signedIdentity };
}
