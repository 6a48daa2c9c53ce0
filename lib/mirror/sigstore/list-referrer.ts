import { hash } from 'node:crypto';
import { isJsonObject, type JsonObject, type JsonValue } from '../../base/documents/json-value.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { parseDigest } from '../../base/names/digest.ts';
import { BUNDLE_TYPE } from '../../crypto/sigstore/signature-blob.ts';
import { toReferrersTag } from '../../registry/attachments/find-attachments.ts';
import { INDEX_MEDIA_TYPE, MAX_REFERRERS, parseDescriptors } from '../../registry/client/list-referrers.ts';
import { MAX_MANIFEST_BYTES, type Manifest } from '../../registry/client/registry-client.ts';
import { parseRewritten } from './parse-rewritten.ts';
import type { AttachedImage } from './select-attachments.ts';
import { type AttachmentDestination, type TagStep, updateTag } from './update-tag.ts';

/**
 * Sees to it that what refers to an image is listed: by the registry, or else in the index under the image's tag (OCI
 * distribution 1.1, "Referrers Tag Schema"), whose other entries stay as they are.
 *
 * @returns whether it was listed already
 * @throws StoreError; `BodyInvalid` when the tag names something else, or the registry does not list what it has
 */
export async function listReferrer(
  { bytes, digest, mediaType }: Manifest,
  { digest: image, place }: Pick<AttachedImage, 'digest' | 'place'>,
  destination: AttachmentDestination,
  signal: AbortSignal,
): Promise<boolean> {
  const listed = await destination.reader.listReferrers(place, image, signal);
  if (listed !== undefined) {
    if (listed.some((one) => one.digest === digest)) return true;
    throw new StoreError('BodyInvalid', `${place} does not list ${digest}, which refers to ${image}`);
  }
  const entry = { mediaType, digest, size: bytes.length, artifactType: BUNDLE_TYPE };
  const { isWritten } = await updateTag(place, toReferrersTag(image), destination, signal, async (current) =>
    addEntry(current, entry, `${place}:${toReferrersTag(image)}`),
  );
  return !isWritten;
}

/** The index with one more entry; done when it has it. @throws StoreError */
function addEntry(
  current: Manifest | undefined,
  entry: JsonObject & { readonly digest: string },
  name: string,
): TagStep<undefined> {
  const { index, manifests } = current === undefined ? EMPTY_INDEX : readIndex(current, name);
  if (manifests.some((one) => isJsonObject(one) && one['digest'] === entry.digest)) {
    return { kind: 'done', result: undefined };
  }
  if (manifests.length >= MAX_REFERRERS) {
    throw new StoreError('LimitExceeded', `${name} lists ${manifests.length} things; no further one is read`);
  }
  const content = Buffer.from(JSON.stringify({ ...index, manifests: [...manifests, entry] }));
  if (content.length > MAX_MANIFEST_BYTES) {
    throw new StoreError(
      'LimitExceeded',
      `${name} would have ${content.length} bytes, and ${MAX_MANIFEST_BYTES} are read`,
    );
  }
  const digest = parseDigest(`sha256:${hash('sha256', content)}`);
  return { kind: 'write', manifest: { bytes: content, mediaType: INDEX_MEDIA_TYPE, digest }, blobs: [] };
}

const EMPTY_INDEX = { index: { schemaVersion: 2, mediaType: INDEX_MEDIA_TYPE }, manifests: [] } as const;

function readIndex(
  { bytes, mediaType }: Manifest,
  name: string,
): { readonly index: JsonObject; readonly manifests: readonly JsonValue[] } {
  parseDescriptors(bytes, name);
  const index = parseRewritten(bytes, name);
  const { manifests } = index;
  if (mediaType === INDEX_MEDIA_TYPE && Array.isArray(manifests)) return { index, manifests };
  throw new StoreError('BodyInvalid', `${name} is not an index`);
}
