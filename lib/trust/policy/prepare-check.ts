import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import {
  describeUnusable,
  type IndexedKeyring,
  indexKeyring,
  joinKeyrings,
  type PreparedKeyring,
} from '../../crypto/openpgp/keys/keyring.ts';
import { prepareSigstoreTrust, type SigstoreTrust } from '../../crypto/sigstore/sigstore-trust.ts';
import { parsePublicKey } from '../../crypto/sigstore/x509/public-key.ts';
import {
  type KeySource,
  keySourceName,
  listRootSources,
  type PolicyRequirement,
  type SignedByRequirement,
  type SigstoreSignedRequirement,
} from './policy-requirement.ts';

/** Keyrings by the {@link keySourceName} of where they come from. */
export type PolicyKeyrings = ReadonlyMap<string, PreparedKeyring>;

/** What Sigstore requirements are evaluated with. */
export interface SigstoreMaterial {
  /** Files that requirements name by path, by their {@link keySourceName}. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Whether a bundle may speak for an image although it names no repository. */
  readonly bundleIdentity: 'refuse' | 'digest';
}

/** All that the requirements of a policy name, read and parsed. */
export interface PolicyMaterial {
  readonly keyrings: PolicyKeyrings;
  /** Sources of OpenPGP keys of which none can be used, by their {@link keySourceName}, with the reason. */
  readonly unusable?: ReadonlyMap<string, string> | undefined;
  /** Undefined: Sigstore requirements stay indeterminate. */
  readonly sigstore: SigstoreMaterial | undefined;
}

/** The keys or certificates that one requirement accepts signatures by. */
export type PreparedCheck =
  | { readonly kind: 'openpgp'; readonly keyring: IndexedKeyring }
  | {
      readonly kind: 'sigstore';
      readonly trust: SigstoreTrust;
      readonly bundleIdentity: SigstoreMaterial['bundleIdentity'];
    }
  | Unmeetable;

/** A requirement that no signature can satisfy. */
export interface Unmeetable {
  readonly kind: 'unmeetable';
  /** True: Signet does not support the key, another reader might. False: no reader can use it. */
  readonly isUnsupported: boolean;
  readonly fault: string;
}

/** True for a requirement that OpenPGP signatures decide. Nodes do not implement the other key types. */
export function isCheckable(requirement: PolicyRequirement): requirement is SignedByRequirement {
  return requirement.type === 'signedBy' && requirement.keyType === 'GPGKeys';
}

/** Keys are read once for each requirement and what it is evaluated with, and not for each image. */
const checks = new WeakMap<PolicyMaterial, WeakMap<PolicyRequirement, PreparedCheck>>();

/** Undefined where something that the requirement names is missing, and for one that needs no signature. */
export function prepareCheck(requirement: PolicyRequirement, material: PolicyMaterial): PreparedCheck | undefined {
  const ofMaterial = checks.get(material) ?? new WeakMap<PolicyRequirement, PreparedCheck>();
  checks.set(material, ofMaterial);
  const check = ofMaterial.get(requirement) ?? readCheck(requirement, material);
  if (check !== undefined) ofMaterial.set(requirement, check);
  return check;
}

function readCheck(requirement: PolicyRequirement, material: PolicyMaterial): PreparedCheck | undefined {
  if (isCheckable(requirement)) return prepareKeyring(requirement, material);
  if (requirement.type === 'unsupported') return { kind: 'unmeetable', isUnsupported: true, fault: requirement.fault };
  const { sigstore } = material;
  if (requirement.type !== 'sigstoreSigned' || sigstore === undefined) return undefined;
  try {
    const trust = readSigstoreTrust(requirement, sigstore.files);
    return trust === undefined ? undefined : { kind: 'sigstore', trust, bundleIdentity: sigstore.bundleIdentity };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return { kind: 'unmeetable', isUnsupported: error.code === 'KeyUnsupported', fault: error.message };
  }
}

/**
 * Every source of a requirement has to be there and readable, as on a node, and a key of any of them may have signed. One
 * without a certificate that can be used adds none.
 */
function prepareKeyring(
  { keys }: SignedByRequirement,
  { keyrings, unusable }: PolicyMaterial,
): PreparedCheck | undefined {
  const names = keys.map(keySourceName);
  const fault =
    names.flatMap((name) => unusable?.get(name) ?? [])[0] ?? (keys.length === 0 ? 'it names no key' : undefined);
  if (fault !== undefined) return { kind: 'unmeetable', isUnsupported: false, fault };
  const found = names.map((name) => keyrings.get(name)).filter((keyring) => keyring !== undefined);
  const joined = joinKeyrings(names.join(' or '), found);
  if (found.length < keys.length) return undefined;
  if (joined.certificates.length === 0) {
    return { kind: 'unmeetable', isUnsupported: false, fault: describeUnusable(joined) };
  }
  return { kind: 'openpgp', keyring: indexKeyring(joined) };
}

/** Undefined where a file is missing. @throws ConfigurationError for one that cannot be read */
function readSigstoreTrust(
  { root }: SigstoreSignedRequirement,
  files: SigstoreMaterial['files'],
): SigstoreTrust | undefined {
  const bytesOf = (source: KeySource): Uint8Array | undefined =>
    source.kind === 'data' ? source.bytes : files.get(keySourceName(source));
  if (listRootSources(root).some((source) => bytesOf(source) === undefined)) return undefined;
  return prepareSigstoreTrust(root, (source) => bytesOf(source) ?? new Uint8Array());
}

/**
 * Why nodes refuse every image that a requirement covers, whoever signed it: one key that their library cannot use is
 * enough (containers/image `signature/sigstore`, `signature/internal/rekor_set.go`). Undefined where they can use all.
 */
export function describeNodesRefusal(
  requirement: PolicyRequirement,
  { sigstore }: Pick<PolicyMaterial, 'sigstore'>,
): string | undefined {
  if (requirement.type !== 'sigstoreSigned' || requirement.root.kind === 'pki') return undefined;
  const { root } = requirement;
  const kindOf = (source: KeySource): string | undefined => {
    const bytes = source.kind === 'data' ? source.bytes : sigstore?.files.get(keySourceName(source));
    return bytes === undefined ? undefined : readKind(bytes);
  };
  const signing = root.kind === 'keys' ? root.keys.map(kindOf) : [];
  const postQuantum = signing.find((kind) => kind?.startsWith('ml-dsa'));
  if (postQuantum !== undefined) {
    return `the policy names a key of the kind ${postQuantum.toUpperCase()}, which no node can use yet`;
  }
  const isOther = root.rekorKeys.map(kindOf).some((kind) => kind !== undefined && kind !== 'ec');
  return isOther ? 'the policy names a Rekor key that is not for ECDSA, and nodes use no other' : undefined;
}

/** Of the bytes of keys that policies hold, which are asked about for each image. */
const kinds = new WeakMap<Uint8Array, string | undefined>();

/** Undefined for a key that cannot be read: the requirement says so itself. */
function readKind(pem: Uint8Array): string | undefined {
  if (!kinds.has(pem)) kinds.set(pem, tryReadKind(pem));
  return kinds.get(pem);
}

function tryReadKind(pem: Uint8Array): string | undefined {
  try {
    return parsePublicKey(pem, 'the key').asymmetricKeyType;
  } catch (error) {
    if (error instanceof ConfigurationError) return undefined;
    throw error;
  }
}
