import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { toSigstoreSigned } from '../policy/cluster-image-policy/cluster-image-policy.ts';
import { parseClusterImagePolicy } from '../policy/cluster-image-policy/cluster-image-policy-content.ts';
import { mergeClusterPolicies, type RequiredPolicy } from '../policy/cluster-image-policy/merge-cluster-policies.ts';
import type { ImagePolicy } from '../policy/image-policy.ts';
import { keySourceName } from '../policy/key-source-name.ts';
import { PolicyError } from '../policy/policy-error.ts';
import { parsePolicyContent } from '../policy/policy-json/parse-policy-content.ts';
import type { PolicyRequirement } from '../policy/policy-requirement.ts';
import {
  isCheckable,
  type PolicyKeyrings,
  type SigstoreMaterial,
  toRequirementCheck,
} from '../policy/requirement-check.ts';
import type { ConfiguredImagePolicy, PreparedTrust } from '../prepared/prepared-trust.ts';

/** A profile's policy.json, or all of its image policies together, as decisions use it. */
export interface ReadyPolicy {
  readonly document: string;
  /** Of several documents, the one that each requirement comes from. */
  readonly documents: ReadonlyMap<PolicyRequirement, string>;
  readonly policy: ImagePolicy;
  readonly keyrings: PolicyKeyrings;
  readonly sigstore: SigstoreMaterial;
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

function makeReady(prepared: PreparedTrust, { document, content }: ConfiguredImagePolicy): ReadyPolicy | undefined {
  const { policyKeyrings } = prepared;
  const policy = tryParse(() => parsePolicyContent(content));
  if (policy === undefined) return undefined;
  const keyrings: PolicyKeyrings = new Map(policyKeyrings.map((keyring) => [keyring.name, keyring]));
  const sigstore = toMaterial(prepared);
  const isWhole = listRequirements(policy).every((requirement) => isPrepared(requirement, keyrings, sigstore));
  return isWhole ? { document, documents: new Map(), policy, keyrings, sigstore } : undefined;
}

/**
 * The ClusterImagePolicies and ImagePolicies of a profile, as a node has them: one policy. Undefined where one of them is
 * not what this version reads, since an earlier one published the trust.
 */
export function toReadyClusterPolicy(prepared: PreparedTrust): ReadyPolicy | undefined {
  if (!readyCluster.has(prepared)) readyCluster.set(prepared, makeReadyCluster(prepared));
  return readyCluster.get(prepared);
}

const readyCluster = new WeakMap<PreparedTrust, ReadyPolicy | undefined>();

function makeReadyCluster(prepared: PreparedTrust): ReadyPolicy | undefined {
  const configured = prepared.imagePolicies.filter(({ kind }) => kind !== 'policy.json');
  const required = tryParse(() => configured.map(toRequiredPolicy));
  if (required === undefined) return undefined;
  const policy = mergeClusterPolicies(required);
  const [keyrings, sigstore] = [new Map(), toMaterial(prepared)];
  const isWhole = listRequirements(policy).every((requirement) => isPrepared(requirement, keyrings, sigstore));
  const document = configured.map((each) => each.document).join(', ');
  const documents = new Map(required.map((each) => [each.requirement, each.document]));
  return isWhole ? { document, documents, policy, keyrings, sigstore } : undefined;
}

function toRequiredPolicy({
  content,
  document,
}: ConfiguredImagePolicy): RequiredPolicy & { readonly document: string } {
  const policy = parseClusterImagePolicy(content);
  return { policy, requirement: toSigstoreSigned(policy), document };
}

function toMaterial({ policyFiles, bundleIdentity }: PreparedTrust): SigstoreMaterial {
  const files = new Map(policyFiles.map(({ name, bytes }) => [name, Buffer.from(bytes, 'base64')]));
  return { files, bundleIdentity };
}

function tryParse<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof PolicyError) return undefined;
    throw error;
  }
}

/** Whether all that a requirement names is there and can be read: what is missing must not look like "not signed". */
function isPrepared(requirement: PolicyRequirement, keyrings: PolicyKeyrings, sigstore: SigstoreMaterial): boolean {
  if (isCheckable(requirement)) return requirement.keys.every((key) => keyrings.has(keySourceName(key)));
  if (requirement.type !== 'sigstoreSigned') return true;
  try {
    return toRequirementCheck(requirement, keyrings, sigstore) !== undefined;
  } catch (error) {
    if (error instanceof ConfigurationError) return false;
    throw error;
  }
}

function listRequirements(policy: ImagePolicy): readonly PolicyRequirement[] {
  return [policy.default, ...[...policy.transports.values()].flatMap((scopes) => [...scopes.values()])].flat();
}
