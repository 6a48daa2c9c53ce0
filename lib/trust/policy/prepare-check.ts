import { type IndexedKeyring, indexKeyring, type PreparedKeyring } from '../../crypto/openpgp/keys/keyring.ts';
import { prepareSigstoreTrust, type SigstoreTrust } from '../../crypto/sigstore/sigstore-trust.ts';
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
    };

/** True for a requirement that OpenPGP signatures decide. Nodes do not implement the other key types. */
export function isCheckable(requirement: PolicyRequirement): requirement is SignedByRequirement {
  return requirement.type === 'signedBy' && requirement.keyType === 'GPGKeys';
}

/**
 * Undefined where no signature can satisfy the requirement, or something that it names is missing.
 *
 * @throws ConfigurationError for a key or certificate of a Sigstore requirement that cannot be read
 */
export function prepareCheck(requirement: PolicyRequirement, material: PolicyMaterial): PreparedCheck | undefined {
  if (isCheckable(requirement)) return prepareKeyring(requirement, material.keyrings);
  const { sigstore } = material;
  if (requirement.type !== 'sigstoreSigned' || sigstore === undefined) return undefined;
  const trust = prepareOnce(requirement, sigstore.files);
  return trust === undefined ? undefined : { kind: 'sigstore', trust, bundleIdentity: sigstore.bundleIdentity };
}

/** Every source of a requirement has to be there, as on a node, and a key of any of them may have signed. */
function prepareKeyring({ keys }: SignedByRequirement, keyrings: PolicyKeyrings): PreparedCheck | undefined {
  const names = keys.map(keySourceName);
  const found = names.map((name) => keyrings.get(name)).filter((keyring) => keyring !== undefined);
  const certificates = found.flatMap((keyring) => keyring.certificates);
  if (found.length < keys.length || certificates.length === 0) return undefined;
  return { kind: 'openpgp', keyring: indexKeyring({ name: names.join(' or '), certificates }) };
}

type Files = SigstoreMaterial['files'];

/** Keys are parsed once for each requirement and set of files, and not for each image. */
const prepared = new WeakMap<Files, WeakMap<SigstoreSignedRequirement, SigstoreTrust>>();

/** Undefined where a file is missing. @throws ConfigurationError for one that cannot be read */
function prepareOnce(requirement: SigstoreSignedRequirement, files: Files): SigstoreTrust | undefined {
  const ofFiles = prepared.get(files) ?? new WeakMap<SigstoreSignedRequirement, SigstoreTrust>();
  prepared.set(files, ofFiles);
  const kept = ofFiles.get(requirement);
  if (kept !== undefined) return kept;
  const bytesOf = (source: KeySource): Uint8Array | undefined =>
    source.kind === 'data' ? source.bytes : files.get(keySourceName(source));
  if (listRootSources(requirement.root).some((source) => bytesOf(source) === undefined)) return undefined;
  const trust = prepareSigstoreTrust(requirement.root, (source) => bytesOf(source) ?? new Uint8Array());
  ofFiles.set(requirement, trust);
  return trust;
}
