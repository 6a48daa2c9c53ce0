import { mergeClusterPolicies, type RequiredPolicy } from '../policy/cluster-image-policy.ts';
import type { ImagePolicy } from '../policy/image-policy.ts';
import { parseClusterImagePolicy } from '../policy/parse-cluster-image-policy.ts';
import { parsePolicyContent } from '../policy/parse-policy-json.ts';
import { PolicyError } from '../policy/policy-members.ts';
import type { PolicyRequirement } from '../policy/policy-requirement.ts';
import { isCheckable, type PolicyMaterial, prepareCheck } from '../policy/prepare-check.ts';
import type { ConfiguredImagePolicy, PreparedTrust } from '../prepared/prepared-trust.ts';

/** A policy.json of a profile, or all of its (Cluster)ImagePolicies together, with the keys that it names. */
export interface ReadyPolicy {
  readonly document: string;
  /** Of several documents, the one that each requirement comes from. */
  readonly documents: ReadonlyMap<PolicyRequirement, string>;
  readonly policy: ImagePolicy;
  readonly material: PolicyMaterial;
}

/**
 * Made when first used, and once for each load of trust, since most functions never look at a policy. Kept by the whole
 * trust and not by its revision: it goes with what it was made from.
 */
const ready = new WeakMap<PreparedTrust, Map<ConfiguredImagePolicy, ReadyPolicy | undefined>>();
const readyCluster = new WeakMap<PreparedTrust, ReadyPolicy | undefined>();

/** Undefined where an earlier version published the trust, which carried policies without their keys. */
export function toReadyPolicy(prepared: PreparedTrust, configured: ConfiguredImagePolicy): ReadyPolicy | undefined {
  const ofTrust = ready.get(prepared) ?? new Map<ConfiguredImagePolicy, ReadyPolicy | undefined>();
  ready.set(prepared, ofTrust);
  if (!ofTrust.has(configured)) ofTrust.set(configured, makeReady(prepared, configured));
  return ofTrust.get(configured);
}

/**
 * The ClusterImagePolicies and ImagePolicies of a profile, which a node has as one policy. Undefined where an earlier
 * version published the trust and this one does not read one of them.
 */
export function toReadyClusterPolicy(prepared: PreparedTrust): ReadyPolicy | undefined {
  if (!readyCluster.has(prepared)) readyCluster.set(prepared, makeReadyCluster(prepared));
  return readyCluster.get(prepared);
}

function makeReady(prepared: PreparedTrust, { document, content }: ConfiguredImagePolicy): ReadyPolicy | undefined {
  const policy = tryParse(() => parsePolicyContent(content));
  if (policy === undefined) return undefined;
  const keyrings = new Map(prepared.policyKeyrings.map((keyring) => [keyring.name, keyring]));
  return unlessIncomplete({ document, documents: new Map(), policy, material: toMaterial(prepared, keyrings) });
}

function makeReadyCluster(prepared: PreparedTrust): ReadyPolicy | undefined {
  const configured = prepared.imagePolicies.filter(({ kind }) => kind !== 'policy.json');
  const required = tryParse(() => configured.map(toRequiredPolicy));
  if (required === undefined) return undefined;
  return unlessIncomplete({
    document: configured.map((each) => each.document).join(', '),
    documents: new Map(required.map((each) => [each.requirement, each.document])),
    policy: mergeClusterPolicies(required),
    material: toMaterial(prepared, new Map()),
  });
}

function toRequiredPolicy({
  content,
  document,
}: ConfiguredImagePolicy): RequiredPolicy & { readonly document: string } {
  const policy = parseClusterImagePolicy(content);
  return { policy, requirement: policy.requirement, document };
}

function toMaterial(prepared: PreparedTrust, keyrings: PolicyMaterial['keyrings']): PolicyMaterial {
  const { policyFiles, unusablePolicyKeys, bundleIdentity } = prepared;
  const files = new Map(policyFiles.map(({ name, bytes }) => [name, Buffer.from(bytes, 'base64')]));
  const unusable = new Map(unusablePolicyKeys?.map(({ name, fault }) => [name, fault]));
  return { keyrings, unusable, sigstore: { files, bundleIdentity } };
}

function tryParse<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof PolicyError) return undefined;
    throw error;
  }
}

function unlessIncomplete(policy: ReadyPolicy): ReadyPolicy | undefined {
  const scopes = [...policy.policy.transports.values()].flatMap((each) => [...each.values()]);
  const requirements = [policy.policy.default, ...scopes].flat();
  return requirements.every((requirement) => isPrepared(requirement, policy.material)) ? policy : undefined;
}

/** Whether all that a requirement names is there: what is missing must not look like "not signed". */
function isPrepared(requirement: PolicyRequirement, material: PolicyMaterial): boolean {
  if (!isCheckable(requirement) && requirement.type !== 'sigstoreSigned') return true;
  return prepareCheck(requirement, material) !== undefined;
}
