import { type ImagePolicy, listEnclosingScopes } from '../../trust/policy/image-policy.ts';
import type { PolicyRequirement } from '../../trust/policy/policy-requirement.ts';
import {
  findManifestFaults,
  type ImagePolicyManifest,
  Inexpressible,
  parseImagePolicyName,
  toImagePolicyManifest,
  toPolicyContent,
} from './image-policy-manifest.ts';

export interface ConvertedPolicy {
  /** One for each requirement, with all scopes that have it. */
  readonly manifests: readonly ImagePolicyManifest[];
  /** What a ClusterImagePolicy cannot say; when there is any, the manifests say less than the policy. */
  readonly inexpressible: readonly string[];
}

/**
 * Says a policy.json in ClusterImagePolicies: an image that none of them covers is allowed, so that only a policy whose
 * default is `insecureAcceptAnything` can be said.
 *
 * @param keys the bytes of what the policy names by path
 */
export function toClusterImagePolicies(
  policy: ImagePolicy,
  keys: ReadonlyMap<string, Uint8Array>,
  name: string,
): ConvertedPolicy {
  const inexpressible: string[] = [];
  const found = new Map<string, { readonly policy: object; readonly scopes: string[] }>();
  for (const [place, scope, requirement] of listEntries(policy)) {
    try {
      if (requirement.type === 'insecureAcceptAnything') checkException(policy, scope);
      else {
        const written = toPolicy(requirement, scope, keys);
        const key = JSON.stringify(written);
        const known = found.get(key) ?? { policy: written, scopes: [] };
        known.scopes.push(scope ?? '');
        found.set(key, known);
      }
    } catch (error) {
      if (!(error instanceof Inexpressible)) throw error;
      inexpressible.push(`${place}: ${error.message}`);
    }
  }
  const manifests = [...found.values()].map(({ policy: written, scopes }, index, { length }) =>
    toImagePolicyManifest(
      { name: parseImagePolicyName(length === 1 ? name : `${name}-${index + 1}`), scopes },
      written,
    ),
  );
  return { manifests, inexpressible: [...inexpressible, ...manifests.flatMap(findManifestFaults)] };
}

type Entry = readonly [place: string, scope: string | undefined, requirement: PolicyRequirement];

function listEntries({ default: byDefault, transports }: ImagePolicy): readonly Entry[] {
  const scoped = [...transports].flatMap(([transport, scopes]) =>
    [...scopes].flatMap(([scope, requirements]) =>
      requirements.map((requirement): Entry => {
        const place = scope === '' ? `the default of ${transport}` : scope;
        return [place, transport === 'docker' && scope !== '' ? scope : undefined, requirement];
      }),
    ),
  );
  return [...byDefault.map((requirement): Entry => ['the default', undefined, requirement]), ...scoped];
}

/** An exception within a wider scope would be lost. */
function checkException({ transports }: ImagePolicy, scope: string | undefined): void {
  const docker = transports.get('docker');
  if (scope === undefined || docker === undefined) return;
  const around = listEnclosingScopes(scope).find((outer) => outer !== scope && docker.has(outer));
  if (around === undefined) return;
  throw new Inexpressible(`a ClusterImagePolicy for ${around} cannot except it`);
}

function toPolicy(
  requirement: PolicyRequirement,
  scope: string | undefined,
  keys: ReadonlyMap<string, Uint8Array>,
): object {
  if (requirement.type !== 'sigstoreSigned') {
    throw new Inexpressible(`a ClusterImagePolicy cannot say ${requirement.type}`);
  }
  if (scope === undefined) throw new Inexpressible('a ClusterImagePolicy needs scopes of registries');
  return toPolicyContent(requirement, { keys });
}
