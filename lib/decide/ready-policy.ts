import type { ImagePolicy } from '../image-policy/image-policy.ts';
import { parsePolicyContent } from '../image-policy/parse-policy-content.ts';
import { PolicyError } from '../image-policy/policy-error.ts';
import type { PolicyRequirement } from '../image-policy/policy-requirement.ts';
import { keySourceName } from '../image-verification/key-source-name.ts';
import { isCheckable, type PolicyKeyrings } from '../image-verification/requirement-progress.ts';
import type { ConfiguredImagePolicy, PreparedTrust } from '../trust/prepared-trust.ts';

/** A profile's policy.json as decisions use it. */
export interface ReadyPolicy {
  readonly document: string;
  readonly policy: ImagePolicy;
  readonly keyrings: PolicyKeyrings;
}

/**
 * Made when first used, and once for each load of trust: most functions never look at a policy. By the whole trust and
 * not by its revision: what is kept goes with what it was made from.
 */
const ready = new WeakMap<PreparedTrust, Map<ConfiguredImagePolicy, ReadyPolicy | undefined>>();

/**
 * Undefined where a policy is not what this version prepares, since an earlier one published the trust: it carried
 * policies whole, unread and without their keys.
 */
export function toReadyPolicy(prepared: PreparedTrust, configured: ConfiguredImagePolicy): ReadyPolicy | undefined {
  const ofTrust = ready.get(prepared) ?? new Map<ConfiguredImagePolicy, ReadyPolicy | undefined>();
  ready.set(prepared, ofTrust);
  if (!ofTrust.has(configured)) ofTrust.set(configured, makeReady(prepared, configured));
  return ofTrust.get(configured);
}

function makeReady({ policyKeyrings }: PreparedTrust, { document, content }: ConfiguredImagePolicy) {
  const policy = tryParse(content);
  if (policy === undefined) return undefined;
  const keyrings: PolicyKeyrings = new Map(policyKeyrings.map((keyring) => [keyring.name, keyring]));
  const isWhole = listRequirements(policy)
    .filter(isCheckable)
    .every(({ keys }) => keys.every((key) => keyrings.has(keySourceName(key))));
  return isWhole ? { document, policy, keyrings } : undefined;
}

function tryParse(content: unknown): ImagePolicy | undefined {
  try {
    return parsePolicyContent(content);
  } catch (error) {
    if (error instanceof PolicyError) return undefined;
    throw error;
  }
}

function listRequirements(policy: ImagePolicy): readonly PolicyRequirement[] {
  return [policy.default, ...[...policy.transports.values()].flatMap((scopes) => [...scopes.values()])].flat();
}
