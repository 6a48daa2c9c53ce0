import { type ClusterImagePolicy, toSigstoreSigned } from './cluster-image-policy.ts';
import type { ImagePolicy } from './image-policy.ts';
import { listEnclosingScopes, toScopeName } from './policy-image.ts';
import type { PolicyRequirement } from './policy-requirement.ts';

type Scopes = ReadonlyMap<string, readonly PolicyRequirement[]>;

/**
 * What nodes make of all image policies of a cluster: one policy in which the most specific scope counts, and where
 * several policies have that scope, all of them. What none covers is let through, and vouched for by nobody.
 *
 * An ImagePolicy counts in its namespace alone, and which pods will run an image is not known: it has to be let through
 * outside of all namespaces and in each of them. Whoever owns a namespace can add to what the cluster asks for, never
 * replace it.
 */
export function mergeClusterPolicies(policies: readonly ClusterImagePolicy[]): ImagePolicy {
  const required = policies.map((policy) => ({ policy, requirement: toSigstoreSigned(policy) }));
  const everywhere = required.filter(({ policy }) => policy.kind === 'ClusterImagePolicy');
  const namespaced = required.filter(({ policy }) => policy.kind === 'ImagePolicy');
  const cluster = toScopes(everywhere);
  const namespaces = [...new Set(namespaced.map(({ policy }) => policy.namespace))].map((namespace) => {
    const own = toScopes(namespaced.filter(({ policy }) => policy.namespace === namespace));
    return new Map([...own].filter(([scope]) => !isLeftOut(scope, cluster)));
  });
  const scopes = new Set([cluster, ...namespaces].flatMap((each) => [...each.keys()]));
  const docker = new Map<string, readonly PolicyRequirement[]>();
  for (const scope of scopes) {
    const enclosing = listEnclosingScopes(scope);
    const found = [[cluster], ...namespaces.map((own) => [cluster, own])].map((node) => findNarrowest(enclosing, node));
    // Once each, although the cluster's count in every namespace.
    docker.set(scope, [...new Set(found.flat())]);
  }
  return { default: [{ type: 'insecureAcceptAnything' }], transports: new Map([['docker', docker]]) };
}

/**
 * Whether nodes leave a scope of an ImagePolicy out: it is one of a ClusterImagePolicy, or nested in one. As the
 * machine-config-operator tells it, a tag or digest is not nested in its own repository, nor in a wildcard.
 */
export function isLeftOut(scope: string, cluster: { has(scope: string): boolean }): boolean {
  const isImage = toScopeName(scope) !== scope;
  const isNested = (outer: string): boolean => !isImage || outer === scope || scope.startsWith(`${outer}/`);
  return listEnclosingScopes(scope).some((outer) => cluster.has(outer) && isNested(outer));
}

function toScopes(
  required: readonly { readonly policy: ClusterImagePolicy; readonly requirement: PolicyRequirement }[],
): Scopes {
  const scopes = new Map<string, PolicyRequirement[]>();
  for (const { policy, requirement } of required) {
    for (const scope of policy.scopes) {
      const found = scopes.get(scope);
      if (found === undefined) scopes.set(scope, [requirement]);
      else found.push(requirement);
    }
  }
  return scopes;
}

/** What a node that has these policies asks for: never the same scope in two of them. */
function findNarrowest(enclosing: readonly string[], node: readonly Scopes[]): readonly PolicyRequirement[] {
  for (const scope of enclosing) {
    const requirements = node.flatMap((scopes) => scopes.get(scope) ?? []);
    if (requirements.length > 0) return requirements;
  }
  return [];
}
