import type { Digest } from '../../base/names/digest.ts';
import type { Pullspec } from '../../base/names/reference.ts';
import type { Manifest, RegistryClient } from '../../registry/client/registry-client.ts';
import type { Outcome, Reason } from '../../verdict/judge/verdict.ts';
import type { Platform } from './image/image-manifest.ts';
import type { ReleaseComponent } from './image/image-references.ts';
import type { ReleaseFault } from './image/release-error.ts';

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

/** The decision about one image. */
export interface Verification {
  readonly outcome: Outcome;
  readonly reasons: readonly Reason[];
}

/** Decides about the release and its components, a few at a time. */
export interface ReleaseVerifier {
  /** @param source where the release was read: it has the manifests that a decision needs */
  readonly release: (digest: Digest, source: Pick<ReleaseSource, 'readManifest'>) => Promise<Verification>;
  readonly component: (pullspec: string) => Promise<Verification>;
}

export interface InspectedComponent extends ReleaseComponent {
  readonly verification?: Verification;
}

/** The release image for one platform. */
export interface InspectedImage {
  readonly digest: Digest;
  readonly platform?: Platform;
  /** From `release-metadata`, or else from `image-references`. */
  readonly version?: string;
  readonly components: readonly InspectedComponent[];
  readonly faults: readonly ReleaseFault[];
}

export interface ReleaseInspection {
  /** Rejected for a fault, a component without a digest, or one that does not verify. */
  readonly outcome: Outcome;
  readonly release: string;
  /** The digest of the release's manifest or list; missing if the manifest could not be read. */
  readonly digest?: Digest;
  readonly verification?: Verification;
  readonly images: readonly InspectedImage[];
  readonly faults: readonly ReleaseFault[];
}
