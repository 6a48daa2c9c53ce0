import type { PolicyRequirement, SignedByRequirement } from '../image-policy/policy-requirement.ts';
import { indexKeyring } from '../openpgp/indexed-keyring.ts';
import type { PreparedKeyring } from '../openpgp/prepared-keyring.ts';
import type { Attempt } from '../verification/verdict.ts';
import { evaluateImageSignature, type SignatureCheck, type UntrustedSignature } from './evaluate-image-signature.ts';
import { keySourceName } from './key-source-name.ts';
import type { SignedImage } from './requirement-result.ts';

/** Keyrings by the {@link keySourceName} of where they come from. */
export type PolicyKeyrings = ReadonlyMap<string, PreparedKeyring>;

/** A requirement, and what the signatures that were looked at so far made of it. */
export interface RequirementProgress {
  readonly requirement: PolicyRequirement;
  /** What is asked of each signature; undefined where no OpenPGP signature can meet the requirement. */
  readonly check: SignatureCheck | undefined;
  readonly isMet: boolean;
  readonly attempts: readonly Attempt[];
}

export function startRequirement(requirement: PolicyRequirement, keyrings: PolicyKeyrings): RequirementProgress {
  const check = isCheckable(requirement) ? toCheck(requirement, keyrings) : undefined;
  return { requirement, check, isMet: false, attempts: [] };
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
  if (progress.check === undefined || progress.isMet) return progress;
  const { attempt, verified } = evaluateImageSignature(signature, progress.check, image, now);
  return { ...progress, isMet: verified !== undefined, attempts: [...progress.attempts, attempt] };
}

/** All of a requirement's sources have to be there, as on a node, and any of their keys may have signed. */
function toCheck({ keys, signedIdentity }: SignedByRequirement, keyrings: PolicyKeyrings): SignatureCheck | undefined {
  const names = keys.map(keySourceName);
  const found = names.map((name) => keyrings.get(name)).filter((keyring) => keyring !== undefined);
  const certificates = found.flatMap((keyring) => keyring.certificates);
  if (found.length < keys.length || certificates.length === 0) return undefined;
  return { keyring: indexKeyring({ name: names.join(' or '), certificates }), signedIdentity };
}
