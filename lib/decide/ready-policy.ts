import type { ImagePolicy } from '../image-policy/image-policy.ts';
import { parsePolicyContent } from '../image-policy/parse-policy-content.ts';
import type { PolicyKeyrings } from '../image-verification/requirement-progress.ts';
import type { ConfiguredImagePolicy, PreparedTrust } from '../trust/prepared-trust.ts';

/** A profile's policy.json as decisions use it. */
export interface ReadyPolicy {
  readonly policy: ImagePolicy;
  readonly keyrings: PolicyKeyrings;
}

/** Made when first used, and once for each load of trust: most functions never look at a policy. */
const ready = new WeakMap<PreparedTrust, Map<ConfiguredImagePolicy, ReadyPolicy>>();

export function toReadyPolicy(prepared: PreparedTrust, configured: ConfiguredImagePolicy): ReadyPolicy {
  const ofTrust = ready.get(prepared) ?? new Map<ConfiguredImagePolicy, ReadyPolicy>();
  ready.set(prepared, ofTrust);
  const kept = ofTrust.get(configured) ?? {
    policy: parsePolicyContent(configured.content),
    keyrings: new Map(prepared.policyKeyrings.map((keyring) => [keyring.name, keyring])),
  };
  ofTrust.set(configured, kept);
  return kept;
}
