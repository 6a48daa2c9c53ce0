import { type IndexedKeyring, indexKeyring } from '../../crypto/openpgp/keys/indexed-keyring.ts';
import type { PreparedKeyring } from '../../crypto/openpgp/keys/prepared-keyring.ts';
import { prepareSigstoreTrust, type SigstoreTrust } from '../../crypto/sigstore/sigstore-trust.ts';
import { describeRoot } from './describe-requirement.ts';
import { keySourceName, listRootSources } from './key-source-name.ts';
import type {
  KeySource,
  PolicyRequirement,
  SignedByRequirement,
  SigstoreSignedRequirement,
} from './policy-requirement.ts';
import type { SignedIdentity } from './signed-identity.ts';

/** Keyrings by the {@link keySourceName} of where they come from. */
export type PolicyKeyrings = ReadonlyMap<string, PreparedKeyring>;

/** What Sigstore requirements are evaluated with. */
export interface SigstoreMaterial {
  /** Files that requirements name by path, by their {@link keySourceName}. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly bundleIdentity: 'refuse' | 'digest';
}

/** What a `signedBy` requirement asks of one signature. */
export interface SignatureCheck {
  /** The certificates of all of the requirement's sources; any may have signed. */
  readonly keyring: IndexedKeyring;
  readonly signedIdentity: SignedIdentity;
}

/** What a `sigstoreSigned` requirement asks of one signature. */
export interface SigstoreCheck {
  readonly trust: SigstoreTrust;
  /** What the trust is called in the evidence. */
  readonly name: string;
  readonly signedIdentity: SignedIdentity;
  /** Whether a bundle may speak for an image although it names no repository. */
  readonly bundleIdentity: 'refuse' | 'digest';
}

/** What is asked of each signature: of one kind alone, the other kind is passed over. */
export type RequirementCheck =
  | ({ readonly kind: 'openpgp' } & SignatureCheck)
  | ({ readonly kind: 'sigstore' } & SigstoreCheck);

/** True for a requirement that OpenPGP signatures decide; the other key types are read by nobody. */
export function isCheckable(requirement: PolicyRequirement): requirement is SignedByRequirement {
  return requirement.type === 'signedBy' && requirement.keyType === 'GPGKeys';
}

/**
 * The check of a requirement, or undefined where no signature can meet it.
 *
 * @param sigstore without it, Sigstore requirements have no check
 * @throws ConfigurationError for a key or certificate of a Sigstore requirement that cannot be read
 */
export function toRequirementCheck(
  requirement: PolicyRequirement,
  keyrings: PolicyKeyrings,
  sigstore: SigstoreMaterial | undefined,
): RequirementCheck | undefined {
  if (isCheckable(requirement)) return toOpenpgpCheck(requirement, keyrings);
  if (requirement.type === 'sigstoreSigned' && sigstore !== undefined) return toSigstoreCheck(requirement, sigstore);
  return undefined;
}

/** All of a requirement's sources have to be there, as on a node, and any of their keys may have signed. */
function toOpenpgpCheck(
  { keys, signedIdentity }: SignedByRequirement,
  keyrings: PolicyKeyrings,
): RequirementCheck | undefined {
  const names = keys.map(keySourceName);
  const found = names.map((name) => keyrings.get(name)).filter((keyring) => keyring !== undefined);
  const certificates = found.flatMap((keyring) => keyring.certificates);
  if (found.length < keys.length || certificates.length === 0) return undefined;
  return { kind: 'openpgp', keyring: indexKeyring({ name: names.join(' or '), certificates }), signedIdentity };
}

function toSigstoreCheck(
  requirement: SigstoreSignedRequirement,
  { files, bundleIdentity }: SigstoreMaterial,
): RequirementCheck | undefined {
  const trust = prepareOnce(requirement, files);
  if (trust === undefined) return undefined;
  const { signedIdentity, root } = requirement;
  return { kind: 'sigstore', trust, name: describeRoot(root), signedIdentity, bundleIdentity };
}

type Files = SigstoreMaterial['files'];

/** Keys are read once for each requirement and set of files, and not for each image. */
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
