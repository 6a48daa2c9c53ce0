import { hash } from 'node:crypto';
import { isJsonObject, type JsonObject, type JsonValue } from '../../base/documents/json-value.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { parseDigest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/reference.ts';
import { BUNDLE_TYPE, COSIGN_REFERRER_TYPE } from '../../crypto/sigstore/signature-blob.ts';
import { type AttachmentReader, toReferrersTag, toSignatureTag } from '../../registry/attachments/attachment.ts';
import { INDEX_MEDIA_TYPE, MAX_REFERRERS, parseDescriptors } from '../../registry/client/list-referrers.ts';
import { MAX_MANIFEST_BYTES, type Manifest } from '../../registry/client/registry-client.ts';
import type { PushedBlob } from '../../registry/client/registry-pusher.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import { addSignatures } from './add-signatures.ts';
import type { AttachedImage, AttachmentTrust } from './read-attachment.ts';
import type { VerifiedAttachment } from './select-attachments.ts';
import { type AttachmentDestination, parseRewritten, readTag, type TagStep, updateTag } from './update-tag.ts';

/**
 * `held`: every signature that verifies was there. `merged`: the tag named other signatures, and now names both.
 * `replaced`: the tag named something else, which the caller chose to replace. `conflict`: the tag's content is unknown here
 * or cannot be merged, and nothing was written.
 */
type PutOutcome = 'copied' | 'held' | 'merged' | 'replaced' | 'conflict';

export interface PutResult {
  readonly outcome: PutOutcome;
  /** The reason of a conflict. */
  readonly message?: string;
}

interface PutOptions extends AttachmentTrust {
  /** Replace the content of the tag. */
  readonly replace: boolean;
  /** Profiles whose policies verify the signatures at the destination. */
  readonly profiles: readonly PreparedTrust[];
}

/**
 * Puts one attachment beside an image: blobs, then the manifest, then its entry in a list. Cut off at any point, no name
 * refers to missing content. A new tag gets the manifest byte for byte. A tag with other signatures keeps them all, before
 * those of this attachment that verify.
 *
 * @throws StoreError; the abort reason of the signal
 */
export async function putAttachment(
  attachment: VerifiedAttachment,
  image: AttachedImage,
  destination: AttachmentDestination,
  options: PutOptions,
): Promise<PutResult> {
  if (attachment.form !== 'tag') return { outcome: await putReferrer(attachment, image, destination, options) };
  const { place } = image;
  const { replace, signal } = options;
  if (replace) return { outcome: await replaceSignatures(attachment, image, destination, options) };
  const { found, isWritten, conflict, needed } = await addSignatures(attachment, image, destination, options);
  if (conflict !== undefined) return { outcome: 'conflict', message: conflict };
  if (isWritten) return { outcome: found === 'nothing' ? 'copied' : 'merged' };
  return { outcome: (await pushMissing(destination, place, needed, true, signal)) ? 'copied' : 'held' };
}

/** The manifest of a referrer is named by its digest, so it replaces nothing. @throws StoreError */
export async function putReferrer(
  { form, manifest, blobs }: Pick<VerifiedAttachment, 'form' | 'manifest' | 'blobs'>,
  image: Pick<AttachedImage, 'digest' | 'place'>,
  destination: AttachmentDestination,
  { signal }: Pick<AttachmentTrust, 'signal'>,
): Promise<'copied' | 'held'> {
  const { place } = image;
  const isThere = (await readTag(destination.reader, place, manifest.digest, signal)) !== undefined;
  const isWhole = !(await pushMissing(destination, place, blobs, isThere, signal)) && isThere;
  if (!isWhole) await destination.pusher.pushManifest(place, manifest, { signal });
  const artifactType = form === 'bundle' ? BUNDLE_TYPE : COSIGN_REFERRER_TYPE;
  const isListed = await listReferrer({ ...manifest, artifactType }, image, destination, signal);
  return isWhole && isListed ? 'held' : 'copied';
}

async function replaceSignatures(
  { manifest, blobs }: VerifiedAttachment,
  { digest, place }: AttachedImage,
  destination: AttachmentDestination,
  { signal }: AttachmentTrust,
): Promise<PutOutcome> {
  const tag = toSignatureTag(digest);
  const current = await readTag(destination.reader, place, tag, signal);
  const isSame = current?.digest === manifest.digest;
  const isChanged = await pushMissing(destination, place, blobs, isSame, signal);
  if (isSame && !isChanged) return 'held';
  await destination.pusher.pushManifest(place, manifest, { tag, signal });
  return current === undefined || isSame ? 'copied' : 'replaced';
}

/** Pushes missing blobs. @returns whether one was missing */
async function pushMissing(
  { reader, pusher }: AttachmentDestination,
  place: Repository,
  blobs: readonly PushedBlob[],
  mayBeThere: boolean,
  signal: AbortSignal,
): Promise<boolean> {
  let isChanged = false;
  for (const blob of blobs) {
    if (mayBeThere && (await hasBlob(reader, place, blob, signal))) continue;
    await pusher.pushBlob(place, blob, signal);
    isChanged = true;
  }
  return isChanged;
}

/** Reads the blob instead of only probing it, so that it is known to be whole. */
async function hasBlob(
  reader: AttachmentReader,
  place: Repository,
  { digest, bytes }: PushedBlob,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await reader.readBlob(place, digest, { limitBytes: bytes.length, signal });
    return true;
  } catch (error) {
    if (error instanceof StoreError && error.code === 'NotFound') return false;
    throw error;
  }
}

/**
 * Ensures that a referrer of an image is listed: by the registry, or else in the index under the image's tag (OCI
 * distribution 1.1, "Referrers Tag Schema"). Other entries of the index are kept.
 *
 * @returns whether it was listed already
 * @throws StoreError; `BodyInvalid` when the tag names something else, or the registry does not list what it has
 */
async function listReferrer(
  { bytes, digest, mediaType, artifactType }: Manifest & { readonly artifactType: string },
  { digest: image, place }: Pick<AttachedImage, 'digest' | 'place'>,
  destination: AttachmentDestination,
  signal: AbortSignal,
): Promise<boolean> {
  const listed = await destination.reader.listReferrers(place, image, signal);
  if (listed !== undefined) {
    if (listed.descriptors.some((one) => one.digest === digest)) return true;
    if (listed.fault !== undefined) throw listed.fault;
    throw new StoreError('BodyInvalid', `${place} does not list ${digest}, which refers to ${image}`);
  }
  const entry = { mediaType, digest, size: bytes.length, artifactType };
  const { isWritten } = await updateTag(place, toReferrersTag(image), destination, signal, async (current) =>
    addEntry(current, entry, `${place}:${toReferrersTag(image)}`),
  );
  return !isWritten;
}

/** The index with one more entry; done if it has the entry. @throws StoreError */
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
    throw new StoreError('LimitExceeded', `${name} lists ${manifests.length} referrers, and no more are read`);
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
  const { fault } = parseDescriptors(bytes, name);
  if (fault !== undefined) throw fault;
  const index = parseRewritten(bytes, name);
  const { manifests } = index;
  if (mediaType === INDEX_MEDIA_TYPE && Array.isArray(manifests)) return { index, manifests };
  throw new StoreError('BodyInvalid', `${name} is not an index`);
}
