import type { Digest } from '../../base/names/digest.ts';
import type { Outcome, Reason } from '../../verdict/judge/verdict.ts';
import type { Platform } from './image/image-config.ts';
import type { ReleaseComponent } from './image/image-references.ts';
import type { ReleaseFault } from './image/release-error.ts';
import type { ReleaseSource } from './release-source.ts';

/** What a decision about one image came to. */
export interface Verification {
  readonly outcome: Outcome;
  readonly reasons: readonly Reason[];
}

/** What decides about images; asked a few at a time. */
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
  /** As `release-metadata` says, else as the references are named. */
  readonly version?: string;
  readonly components: readonly InspectedComponent[];
  readonly faults: readonly ReleaseFault[];
}

export interface ReleaseInspection {
  /** Rejected for a fault, for a component that is not by digest, and for one that does not verify. */
  readonly outcome: Outcome;
  readonly release: string;
  /** Of the manifest that was asked for: an image's, or the list's. Missing where it was not that of its digest. */
  readonly digest?: Digest;
  readonly verification?: Verification;
  readonly images: readonly InspectedImage[];
  readonly faults: readonly ReleaseFault[];
}
