import type { Digest } from '../../base/names/digest.ts';
import type { Pullspec } from '../../base/names/reference.ts';
import type { Manifest, RegistryClient } from '../../registry/client/registry-client.ts';

/** Where a release image is read from. What is read by digest has that digest, or the read fails: `ContentMismatch`. */
export interface ReleaseSource {
  /** The name of the image as the user gave it. */
  readonly description: string;
  /** Reads the manifest, or the one of a digest that it names. @throws StoreError, InputError `FileUnreadable` */
  readManifest(digest: Digest | undefined, signal: AbortSignal): Promise<Manifest>;
  /** Streams a blob to `read`, and returns its result once the whole blob is known to have its digest. */
  streamBlob<T>(
    digest: Digest,
    options: { readonly limitBytes: number; readonly signal: AbortSignal },
    read: (chunks: AsyncIterable<Uint8Array>) => Promise<T>,
  ): Promise<T>;
}

/** Opens a release image in a registry. A tag next to a digest is ignored. */
export function openRegistryRelease(
  { repository, digest: named, tag = 'latest', text }: Pullspec,
  registry: Pick<RegistryClient, 'readManifest' | 'streamBlob'>,
): ReleaseSource {
  return {
    description: text,
    readManifest: (digest, signal) => registry.readManifest(repository, digest ?? named ?? tag, signal),
    streamBlob: (digest, options, read) => registry.streamBlob(repository, digest, options, read),
  };
}
