import type { Digest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/repository.ts';
import { INDEX_MEDIA_TYPE } from '../client/list-referrers.ts';
import type { Manifest } from '../client/registry-client.ts';

/** What names a manifest in an OCI layout: its repository, with the tag, or with the digest for a referrer. */
export const REFERENCE_ANNOTATION = 'org.opencontainers.image.ref.name';

/** A manifest of signatures as a layout holds it. */
export interface LayoutAttachment {
  readonly repository: Repository;
  readonly tag?: string | undefined;
  readonly manifest: Manifest;
  readonly blobs: readonly { readonly digest: Digest; readonly bytes: Uint8Array }[];
}

/** The contents of an OCI layout: the same attachments in any order, the same bytes. */
export interface LayoutFiles {
  readonly index: Uint8Array;
  readonly layout: Uint8Array;
  /** Each once. */
  readonly blobs: ReadonlyMap<Digest, Uint8Array>;
}

/** An OCI layout (image-spec 1.1) of attachments, that other tools read too. */
export function toLayoutFiles(attachments: readonly LayoutAttachment[]): LayoutFiles {
  const blobs = new Map<Digest, Uint8Array>();
  const entries = new Map<string, object>();
  for (const { repository, tag, manifest, blobs: own } of attachments) {
    const { digest, bytes, mediaType } = manifest;
    const name = tag === undefined ? `${repository}@${digest}` : `${repository}:${tag}`;
    entries.set(name, { mediaType, digest, size: bytes.length, annotations: { [REFERENCE_ANNOTATION]: name } });
    blobs.set(digest, bytes);
    for (const blob of own) blobs.set(blob.digest, blob.bytes);
  }
  const manifests = [...entries].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, entry]) => entry);
  const index = { schemaVersion: 2, mediaType: INDEX_MEDIA_TYPE, manifests };
  return {
    index: new TextEncoder().encode(`${JSON.stringify(index)}\n`),
    layout: new TextEncoder().encode('{"imageLayoutVersion":"1.0.0"}'),
    blobs,
  };
}
