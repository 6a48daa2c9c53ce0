import { InputError } from '../../base/errors/input-error.ts';
import {
  type DockerReference,
  formatDockerReference,
  isNameOnly,
  parseDockerReference,
} from '../../base/names/docker-reference.ts';
import { remapReference } from './remap-reference.ts';
import type { SignedIdentity } from './signed-identity.ts';

/**
 * Whether a signature's `docker-reference` is one that an identity accepts for an image. The digest is not looked at:
 * that the signature, the manifest and the image's own digest agree is for the caller to verify. An image of a
 * directory has no reference, and only `exactReference` and `exactRepository` accept a signature for it.
 */
export function matchesIdentity(
  identity: SignedIdentity,
  image: DockerReference | undefined,
  untrustedSignedReference: string,
): boolean {
  try {
    return matches(identity, image, parseDockerReference(untrustedSignedReference));
  } catch (error) {
    // What is no reference matches nothing.
    if (error instanceof InputError) return false;
    throw error;
  }
}

function matches(identity: SignedIdentity, image: DockerReference | undefined, signed: DockerReference): boolean {
  switch (identity.type) {
    case 'matchExact':
      return image !== undefined && isExactly(image, signed);
    case 'matchRepoDigestOrExact':
      return image !== undefined && isRepositoryOfDigestOrExactly(image, signed);
    case 'matchRepository':
      return image !== undefined && image.name === signed.name;
    case 'exactReference':
      return isExactly(parseDockerReference(identity.dockerReference), signed);
    case 'exactRepository':
      return parseDockerReference(identity.dockerRepository).name === signed.name;
    case 'remapIdentity':
      return image !== undefined && isRepositoryOfDigestOrExactly(remapReference(identity, image), signed);
    default:
      return false;
  }
}

function isExactly(intended: DockerReference, signed: DockerReference): boolean {
  // Without a tag and a digest on both sides, equality would say nothing about which image was signed.
  if (isNameOnly(intended) || isNameOnly(signed)) return false;
  return formatDockerReference(intended) === formatDockerReference(signed);
}

function isRepositoryOfDigestOrExactly(intended: DockerReference, signed: DockerReference): boolean {
  if (intended.tag !== undefined) return isExactly(intended, signed);
  // The digest names the image, so any tag of the same repository may have been signed.
  return intended.digest !== undefined && !isNameOnly(signed) && intended.name === signed.name;
}
