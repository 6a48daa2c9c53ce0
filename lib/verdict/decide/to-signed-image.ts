import { hash } from 'node:crypto';
import { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { DockerReference } from '../../base/names/docker-reference.ts';
import { manifestDigest } from '../../registry/images/manifest-digest.ts';
import type { PolicyImage } from '../../trust/policy/image-policy.ts';

/** An image by its name and the digest of its bytes. */
export interface NamedManifest {
  /** As asked for; undefined for an image that has no name, such as a directory. */
  readonly reference: DockerReference | undefined;
  readonly digest: Digest;
}

/** What signatures are compared with. @throws StoreError `ContentMismatch` where the reference names another digest */
export function toSignedImage(untrustedManifest: Uint8Array, image: PolicyImage): NamedManifest {
  const digest = manifestDigest(untrustedManifest);
  const reference = 'reference' in image ? image.reference : undefined;
  const named = reference?.digest;
  if (named !== undefined && named !== digest && named !== digestAs(named, untrustedManifest)) {
    throw new StoreError('ContentMismatch', `the manifest has the digest ${digest}; asked for was ${named}`);
  }
  return { reference, digest };
}

/** By the other digest's algorithm; for SHA-256 `manifestDigest` has the say, and this must not widen it. */
function digestAs(other: Digest, bytes: Uint8Array): string | undefined {
  const algorithm = other.slice(0, other.indexOf(':'));
  return algorithm === 'sha256' ? undefined : `${algorithm}:${hash(algorithm, bytes, 'hex')}`;
}
