import { isSigstoreBlob } from '../../crypto/sigstore/signature-blob.ts';
import type { PolicyRequirement } from '../../trust/policy/policy-requirement.ts';
import {
  type PolicyKeyrings,
  type RequirementCheck,
  type SigstoreMaterial,
  toRequirementCheck,
} from '../../trust/policy/requirement-check.ts';
import { evaluateImageSignature, type UntrustedSignature } from './evaluate-image-signature.ts';
import { evaluateSigstoreSignature } from './evaluate-sigstore-signature.ts';
import type { SignedImage } from './requirement-result.ts';
import type { Attempt } from './verdict.ts';

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
  return { requirement, check: toRequirementCheck(requirement, keyrings, sigstore), isMet: false, attempts: [] };
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
