import { type ImagePolicy, listEnclosingScopes, toScopeName } from './image-policy.ts';
import type { PolicyRequirement, SigstoreSignedRequirement, UnsupportedRequirement } from './policy-requirement.ts';

/**
 * A ClusterImagePolicy or ImagePolicy of `config.openshift.io`. A node turns it into a `sigstoreSigned` requirement for
 * each scope.
 */
export interface ClusterImagePolicy {
  readonly kind: 'ClusterImagePolicy' | 'ImagePolicy';
  readonly version: ClusterImagePolicyVersion;
  readonly name: string;
  /** Of an ImagePolicy that says it. */
  readonly namespace: string | undefined;
  /** Never empty, each once. */
  readonly scopes: readonly string[];
  /**
   * What a node requires of the images in its scopes. All keys and certificates are data, at most one key and one Rekor
   * key; the identity is never `matchExact` or `exactReference`.
   */
  readonly requirement: SigstoreSignedRequirement | UnsupportedRequirement;
}

export type ClusterImagePolicyVersion = 'v1' | 'v1alpha1';

type Scopes = ReadonlyMap<string, readonly RequiredPolicy[]>;

/** An image policy of a cluster, and what it requires: the same object wherever it counts. */
export interface RequiredPolicy {
  readonly policy: ClusterImagePolicy;
  readonly requirement: PolicyRequirement;
}

/**
 * Merges all image policies of a cluster as nodes do: one policy in which the most specific scope counts, and where
 * several policies have that scope, all of them. An image that none covers is allowed, and not verified.
 *
 * An ImagePolicy counts in its namespace alone, and which pods will run an image is not known: it has to be
 * allowed outside of all namespaces and in each of them. The owner of a namespace can add to the cluster's requirements,
 * never replace them.
 */
export function mergeClusterPolicies(required: readonly RequiredPolicy[]): ImagePolicy {
  const cluster = toScopes(required.filter(({ policy }) => policy.kind === 'ClusterImagePolicy'));
  const all = toScopes(required.filter(({ policy }) => policy.kind === 'ImagePolicy'));
  const namespaced = new Map([...all].filter(([scope]) => !isLeftOut(scope, cluster)));
  const docker = new Map<string, readonly PolicyRequirement[]>();
  for (const scope of [...cluster.keys(), ...namespaced.keys()]) {
    docker.set(scope, listRequirements(listEnclosingScopes(scope), cluster, namespaced));
  }
  return { default: [{ type: 'insecureAcceptAnything' }], transports: new Map([['docker', docker]]) };
}

/**
 * Merges all image policies of a cluster as nodes do for the pods of one namespace, or for what belongs to none: the most
 * specific scope alone counts, and an ImagePolicy's is left out where the cluster's covers it.
 */
export function mergeForNamespace(required: readonly RequiredPolicy[], namespace: string | undefined): ImagePolicy {
  const cluster = toScopes(required.filter(({ policy }) => policy.kind === 'ClusterImagePolicy'));
  const isOwn = ({ kind, namespace: of }: ClusterImagePolicy): boolean => kind === 'ImagePolicy' && of === namespace;
  const own = toScopes(namespace === undefined ? [] : required.filter(({ policy }) => isOwn(policy)));
  const counted = [...cluster, ...[...own].filter(([scope]) => !isLeftOut(scope, cluster))];
  const docker = new Map(counted.map(([scope, each]) => [scope, each.map(({ requirement }) => requirement)]));
  return { default: [{ type: 'insecureAcceptAnything' }], transports: new Map([['docker', docker]]) };
}

/** For each namespace, and outside of all, the requirements of the first scope that applies there. */
function listRequirements(enclosing: readonly string[], cluster: Scopes, namespaced: Scopes) {
  const found: PolicyRequirement[] = [];
  const answered = new Set<string | undefined>();
  for (const scope of enclosing) {
    const own = (namespaced.get(scope) ?? []).filter(({ policy }) => !answered.has(policy.namespace));
    const everywhere = cluster.get(scope) ?? [];
    found.push(...[...everywhere, ...own].map(({ requirement }) => requirement));
    for (const { policy } of own) answered.add(policy.namespace);
    if (everywhere.length > 0) return found;
  }
  return found;
}

/**
 * Whether nodes leave a scope of an ImagePolicy out: it is one of a ClusterImagePolicy, or nested in one. As in
 * the machine-config-operator, a tag or digest is not nested in its own repository, nor in a wildcard.
 */
export function isLeftOut(scope: string, cluster: { has(scope: string): boolean }): boolean {
  const isImage = toScopeName(scope) !== scope;
  const isNested = (outer: string): boolean => !isImage || outer === scope || scope.startsWith(`${outer}/`);
  return listEnclosingScopes(scope).some((outer) => cluster.has(outer) && isNested(outer));
}

function toScopes(required: readonly RequiredPolicy[]): Scopes {
  const scopes = new Map<string, RequiredPolicy[]>();
  for (const each of required) {
    for (const scope of each.policy.scopes) {
      const found = scopes.get(scope);
      if (found === undefined) scopes.set(scope, [each]);
      else found.push(each);
    }
  }
  return scopes;
}
