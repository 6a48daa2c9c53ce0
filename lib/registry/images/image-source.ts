import type { Digest } from '../../base/names/digest.ts';
import type { SignatureKind, StoreEntry } from '../../stores/port/signature-store.ts';
import type { PolicyImage } from '../../trust/policy/image-policy.ts';

/** An image where it lies, with the signatures that belong to it: all of it is read, none of it trusted. */
export interface ImageSource {
  /** As containers/image writes it: transport, then place. */
  readonly description: string;
  /** What a policy finds the image by. */
  readonly image: PolicyImage;
  /**
   * The manifest of the image, or of an image of the index that it is: at most `MAX_MANIFEST_BYTES`, which nobody has
   * vouched for.
   *
   * @throws InputError `FileUnreadable` for what is on disk; StoreError for what a registry answers, and
   * `ContentMismatch` wherever the bytes are not those of the digest that names them
   */
  readManifest(signal: AbortSignal, instance?: Digest): Promise<Uint8Array>;
  /**
   * The signatures of the manifest, or of an image of the index that it is, at least those of the kinds that are wanted.
   * Throws as a SignatureStore does.
   */
  readSignatures(
    image: { readonly digest: Digest; readonly isInstance: boolean },
    signal: AbortSignal,
    kinds?: readonly SignatureKind[],
  ): AsyncIterable<StoreEntry>;
}
