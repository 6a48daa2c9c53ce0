import type { ImagePolicy } from './image-policy.ts';
import { listScopes, type PolicyImage } from './policy-image.ts';
import type { PolicyRequirement } from './policy-requirement.ts';

/** What an image has to meet, and where the policy says so. */
export interface FoundRequirements {
  /** Never empty; all of them have to be met. */
  readonly requirements: readonly PolicyRequirement[];
  /** The scope that was used, `""` for a transport's own default; or the default of the whole policy. */
  readonly scope: { readonly transport: string; readonly scope: string } | 'default';
}

const TRANSPORT_DEFAULT = '';

/** The requirements of the most specific scope alone: what a wider scope asks for does not count. @throws InputError */
export function findRequirements(policy: ImagePolicy, image: PolicyImage): FoundRequirements {
  const { transport } = image;
  const scopes = policy.transports.get(transport);
  // Before the policy has its say: what has no scopes is refused whatever the policy holds.
  for (const scope of [...listScopes(image), TRANSPORT_DEFAULT]) {
    const requirements = scopes?.get(scope);
    if (requirements !== undefined) return { requirements, scope: { transport, scope } };
  }
  return { requirements: policy.default, scope: 'default' };
}
