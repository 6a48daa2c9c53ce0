import { hash } from 'node:crypto';
import { isJsonObject, type JsonObject, type JsonValue } from '../../base/documents/json-value.ts';
import { parseStrictJson } from '../../base/documents/parse-strict-json.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { parseDigest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/repository.ts';
import { BUNDLE_TYPE } from '../../crypto/sigstore/cosign-signature.ts';
import { type AttachmentReader, toReferrersTag } from '../../registry/attachments/find-attachments.ts';
import { INDEX_MEDIA_TYPE, MAX_REFERRERS, parseDescriptors } from '../../registry/client/list-referrers.ts';
import type { Manifest } from '../../registry/client/registry-client.ts';
import type { RegistryPusher } from '../../registry/client/registry-pusher.ts';
import type { AttachedImage } from './select-attachments.ts';

/** A registry that takes attachments. */
export interface AttachmentDestination {
  readonly reader: AttachmentReader;
  readonly pusher: RegistryPusher;
}

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
  { reader, pusher }: AttachmentDestination,
  signal: AbortSignal,
): Promise<boolean> {
  const listed = await reader.listReferrers(place, image, signal);
  if (listed !== undefined) {
    if (listed.some((one) => one.digest === digest)) return true;
    throw new StoreError('BodyInvalid', `${place} does not list ${digest}, which refers to ${image}`);
  }
  const tag = toReferrersTag(image);
  const { index, manifests } = await readIndex(reader, place, tag, signal);
  if (manifests.some((one) => isJsonObject(one) && one['digest'] === digest)) return true;
  if (manifests.length >= MAX_REFERRERS) {
    throw new StoreError('LimitExceeded', `${place}:${tag} lists ${manifests.length} things; no further one is read`);
  }
  const entry = { mediaType, digest, size: bytes.length, artifactType: BUNDLE_TYPE };
  const content = Buffer.from(JSON.stringify({ ...index, manifests: [...manifests, entry] }));
  const updated: Manifest = {
    bytes: content,
    mediaType: INDEX_MEDIA_TYPE,
    digest: parseDigest(`sha256:${hash('sha256', content)}`),
  };
  await pusher.pushManifest(place, updated, { tag, signal });
  return false;
}

async function readIndex(
  reader: AttachmentDestination['reader'],
  place: Repository,
  tag: string,
  signal: AbortSignal,
): Promise<{
  readonly index: JsonObject;
  readonly manifests: readonly JsonValue[];
}> {
  try {
    const { bytes, mediaType } = await reader.readManifest(place, tag, signal);
    parseDescriptors(bytes, `${place}:${tag}`);
    const index = parseStrictJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
    const manifests = isJsonObject(index) ? index['manifests'] : undefined;
    if (mediaType !== INDEX_MEDIA_TYPE || !isJsonObject(index) || !Array.isArray(manifests)) {
      throw new StoreError('BodyInvalid', `${place}:${tag} is not an index`);
    }
    return { index, manifests };
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'NotFound') throw error;
    return { index: { schemaVersion: 2, mediaType: INDEX_MEDIA_TYPE }, manifests: [] };
  }
}
