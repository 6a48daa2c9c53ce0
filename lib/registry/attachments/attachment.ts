import { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { Manifest, RegistryClient } from '../client/registry-client.ts';
import type { UntrustedLayer } from './read-signature-layers.ts';

/** Reads attachments from a repository's registry. */
export type AttachmentReader = Pick<RegistryClient, 'readManifest' | 'readBlob' | 'listReferrers'>;

/**
 * How a registry holds signatures beside an image. `tag`: layers of payloads, under the image's `.sig` tag. `referrer`: the
 * same layers, in a manifest with the image as its subject. `bundle`: one Sigstore bundle, in such a manifest.
 */
export type AttachmentForm = 'tag' | 'referrer' | 'bundle';

/** A manifest with signatures beside an image. It has its digest; its content is untrusted. */
export interface UntrustedAttachment {
  readonly form: AttachmentForm;
  readonly location: string;
  /** The tag that names it; missing for a referrer, which is named by digest. */
  readonly tag?: string | undefined;
  readonly manifest: Manifest;
  /** Those of its layers that are signatures and are read, in the order of the manifest. */
  readonly layers: readonly UntrustedLayer[];
}

export type AttachmentEntry =
  | { readonly kind: 'attachment'; readonly attachment: UntrustedAttachment }
  | { readonly kind: 'absent'; readonly location: string }
  | FailedEntry;

/** What could not be read, or is not read. It could have held the signature. */
export interface FailedEntry {
  readonly kind: 'failed';
  readonly location: string;
  readonly error: StoreError;
}

/** Characters of a tag (OCI distribution). */
export const MAX_TAG_LENGTH = 128;

/** The tag of an image's cosign signatures. For long digests it exceeds the length of a tag. */
export function toSignatureTag(digest: Digest): string {
  return `${digest.replace(':', '-')}.sig`;
}

/** The tag that lists an image's referrers in a registry without the API, shortened by OCI distribution 1.1. */
export function toReferrersTag(digest: Digest): string {
  const [algorithm = '', hex = ''] = digest.split(':');
  return `${algorithm.slice(0, 32)}-${hex.slice(0, 64)}`;
}

/** The answer of one read; absent or failed for the store's own error. @throws the signal's abort reason */
export async function attempt<T extends object>(
  location: string,
  signal: AbortSignal,
  read: () => Promise<T>,
): Promise<T | Exclude<AttachmentEntry, { kind: 'attachment' }>> {
  try {
    return await read();
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof StoreError)) throw error;
    return error.code === 'NotFound' ? { kind: 'absent', location } : { kind: 'failed', location, error };
  }
}

/**
 * Signatures read of one image, in all forms together. Nodes have no limit here: an image with more that is signed by a
 * later one leaves the result open, and never says that the image is not signed.
 */
export const MAX_ATTACHED_SIGNATURES = 256;

/** What may still be read of one image. */
export interface SignatureBudget {
  /** Takes the first signatures of a manifest, as many as are left, and says which are not read. */
  take(
    layers: readonly UntrustedLayer[],
    location: string,
  ): { readonly kept: readonly UntrustedLayer[]; readonly unread: FailedEntry | undefined };
  /** Counts one that could not be read. */
  readonly spend: () => void;
  readonly isSpent: () => boolean;
}

export function createBudget(): SignatureBudget {
  let left = MAX_ATTACHED_SIGNATURES;
  return {
    take(layers, location) {
      const kept = layers.slice(0, Math.max(0, left));
      left -= kept.length;
      const [first, ...others] = layers.slice(kept.length);
      if (first === undefined) return { kept, unread: undefined };
      return { kept, unread: toUnread(location, `its layer ${first.number}`, others.length) };
    },
    spend: () => {
      left -= 1;
    },
    isSpent: () => left <= 0,
  };
}

/** What is not read: the first, and how many after it. */
export function toUnread(location: string, first: string, others: number): FailedEntry {
  const more = others === 0 ? 'is' : `and ${others} after it are`;
  const reason = `${first} ${more} not read: ${MAX_ATTACHED_SIGNATURES} signatures of an image are`;
  return { kind: 'failed', location, error: new StoreError('LimitExceeded', reason) };
}
