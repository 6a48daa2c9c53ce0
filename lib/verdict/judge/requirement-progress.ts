import { indexKeyring } from '../../crypto/openpgp/keys/indexed-keyring.ts';
import type { PreparedKeyring } from '../../crypto/openpgp/keys/prepared-keyring.ts';
import { isSigstoreBlob } from '../../crypto/sigstore/signature-blob.ts';
import { prepareSigstoreTrust, type SigstoreTrust } from '../../crypto/sigstore/sigstore-trust.ts';
import { describeRoot } from '../../trust/policy/describe-requirement.ts';
import { keySourceName, listRootSources } from '../../trust/policy/key-source-name.ts';
import type {
  KeySource,
  PolicyRequirement,
  SignedByRequirement,
  SigstoreSignedRequirement,
} from '../../trust/policy/policy-requirement.ts';
import { evaluateImageSignature, type SignatureCheck, type UntrustedSignature } from './evaluate-image-signature.ts';
import { evaluateSigstoreSignature, type SigstoreCheck } from './evaluate-sigstore-signature.ts';
import type { SignedImage } from './requirement-result.ts';
import type { Attempt } from './verdict.ts';

/** Keyrings by the {@link keySourceName} of where they come from. */
export type PolicyKeyrings = ReadonlyMap<string, PreparedKeyring>;

/** What Sigstore requirements are evaluated with. */
export interface SigstoreMaterial {
  /** Files that requirements name by path, by their {@link keySourceName}. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly bundleIdentity: 'refuse' | 'digest';
}

/** What is asked of each signature: of one kind alone, the other kind is passed over. */
export type RequirementCheck =
  | ({ readonly kind: 'openpgp' } & SignatureCheck)
  | ({ readonly kind: 'sigstore' } & SigstoreCheck);

/** A requirement, and what the signatures that were looked at so far made of it. */
export interface RequirementProgress {
  readonly requirement: PolicyRequirement;
  /** Undefined where no signature can meet the requirement. */
  readonly check: RequirementCheck | undefined;
  readonly isMet: boolean;
  readonly attempts: readonly Attempt[];
}

/**
 * @param sigstore without it, Sigstore requirements stay open
 * @throws ConfigurationError for a key or certificate of a Sigstore requirement that cannot be read
 */
export function startRequirement(
  requirement: PolicyRequirement,
  keyrings: PolicyKeyrings,
  sigstore?: SigstoreMaterial,
): RequirementProgress {
  return { requirement, check: toCheck(requirement, keyrings, sigstore), isMet: false, attempts: [] };
}

/** True for a requirement that OpenPGP signatures decide; the other key types are read by nobody. */
export function isCheckable(requirement: PolicyRequirement): requirement is SignedByRequirement {
  return requirement.type === 'signedBy' && requirement.keyType === 'GPGKeys';
}

/** True while a further signature could still meet the requirement. */
export function isWaiting({ check, isMet }: RequirementProgress): boolean {
  return check !== undefined && !isMet;
}

/** The first signature that holds is enough, as for containers/image; bad ones before it change nothing. */
export function considerSignature(
  progress: RequirementProgress,
  signature: UntrustedSignature,
  image: SignedImage,
  now: number,
): RequirementProgress {
  const { check, isMet } = progress;
  if (check === undefined || isMet) return progress;
  const kind = isSigstoreBlob(signature.untrustedBytes) ? 'sigstore' : 'openpgp';
  if (check.kind !== kind) return progress;
  const { attempt, holds } = evaluate(check, signature, image, now);
  return { ...progress, isMet: holds, attempts: [...progress.attempts, attempt] };
}

function evaluate(
  check: RequirementCheck,
  signature: UntrustedSignature,
  image: SignedImage,
  now: number,
): { readonly attempt: Attempt; readonly holds: boolean } {
  if (check.kind === 'openpgp') {
    const { attempt, verified } = evaluateImageSignature(signature, check, image, now);
    return { attempt, holds: verified !== undefined };
  }
  const { attempt, isMet } = evaluateSigstoreSignature(signature, check, image, now);
  return { attempt, holds: isMet };
}

function toCheck(
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
