import { type ClusterImagePolicy, toSigstoreSigned } from './cluster-image-policy.ts';
import type { ImagePolicy } from './image-policy.ts';
import type { PolicyRequirement } from './policy-requirement.ts';

/**
 * What a node makes of all image policies of a cluster: one policy in which the most specific scope counts, and where
 * several policies have that scope, all of them. What none covers is let through, and vouched for by nobody.
 */
export function mergeClusterPolicies(policies: readonly ClusterImagePolicy[]): ImagePolicy {
  const docker = new Map<string, readonly PolicyRequirement[]>();
  for (const policy of policies) {
    const requirement = toSigstoreSigned(policy);
    for (const scope of policy.scopes) docker.set(scope, [...(docker.get(scope) ?? []), requirement]);
  }
  return { default: [{ type: 'insecureAcceptAnything' }], transports: new Map([['docker', docker]]) };
}
