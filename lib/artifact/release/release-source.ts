import type { Digest } from '../../base/names/digest.ts';
import type { Manifest } from '../../registry/client/registry-client.ts';

/** A release image where it lies. What is read by digest has that digest, or it is `ContentMismatch`. */
export interface ReleaseSource {
  /** As the user would name it again. */
  readonly description: string;
  /** The image's own manifest, or one that it names. @throws StoreError, InputError `FileUnreadable` */
  readManifest(digest: Digest | undefined, signal: AbortSignal): Promise<Manifest>;
  /** A blob as it comes; what `read` returns counts only when the whole blob had its digest. */
  streamBlob<T>(
    digest: Digest,
    options: { readonly limitBytes: number; readonly signal: AbortSignal },
    read: (chunks: AsyncIterable<Uint8Array>) => Promise<T>,
  ): Promise<T>;
}
