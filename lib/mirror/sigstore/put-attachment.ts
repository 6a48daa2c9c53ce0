import { StoreError } from '../../base/errors/store-error.ts';
import type { Repository } from '../../base/names/repository.ts';
import { type AttachmentReader, toSignatureTag } from '../../registry/attachments/find-attachments.ts';
import type { PushedBlob } from '../../registry/client/registry-pusher.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import { addSignatures } from './add-signatures.ts';
import { listReferrer } from './list-referrer.ts';
import type { AttachedImage, AttachmentTrust, VerifiedAttachment } from './select-attachments.ts';
import { type AttachmentDestination, readTag } from './update-tag.ts';

/**
 * `held`: all that verifies was there. `merged`: the tag named other signatures, and names them and these now.
 * `replaced`: the tag named something else, which the caller gave up. `conflict`: what the tag names is not known here,
 * or cannot be kept beside these signatures, and nothing was written.
 */
export type PutOutcome = 'copied' | 'held' | 'merged' | 'replaced' | 'conflict';

export interface PutResult {
  readonly outcome: PutOutcome;
  /** Of a conflict: why. */
  readonly message?: string;
}

export interface PutOptions extends AttachmentTrust {
  /** Put it in the place of whatever the tag names. */
  readonly replace: boolean;
  /** Those whose policies say whether what is there is a signature of the image. */
  readonly profiles: readonly PreparedTrust[];
}

/**
 * Puts one attachment beside an image: blobs, then the manifest, then what lists it. Cut off at any point, nothing names
 * what is not there. A tag that names nothing gets the manifest byte for byte. One that names other signatures keeps them
 * all, in front of those of this attachment that verify.
 *
 * @throws StoreError; the abort reason of the signal
 */
export async function putAttachment(
  attachment: VerifiedAttachment,
  image: AttachedImage,
  destination: AttachmentDestination,
  options: PutOptions,
): Promise<PutResult> {
  if (attachment.form === 'bundle') return { outcome: await putBundle(attachment, image, destination, options) };
  const { place } = image;
  const { replace, signal } = options;
  if (replace) return { outcome: await replaceSignatures(attachment, image, destination, options) };
  const { found, isWritten, conflict, needed } = await addSignatures(attachment, image, destination, options);
  if (conflict !== undefined) return { outcome: 'conflict', message: conflict };
  if (isWritten) return { outcome: found === 'nothing' ? 'copied' : 'merged' };
  return { outcome: (await pushMissing(destination, place, needed, true, signal)) ? 'copied' : 'held' };
}

/** A bundle has a manifest of its own, which is named by its digest: nothing else can be in its place. */
async function putBundle(
  { manifest, blobs }: VerifiedAttachment,
  image: AttachedImage,
  destination: AttachmentDestination,
  { signal }: AttachmentTrust,
): Promise<PutOutcome> {
  const { place } = image;
  const isThere = (await readTag(destination.reader, place, manifest.digest, signal)) !== undefined;
  const isWhole = !(await pushMissing(destination, place, blobs, isThere, signal)) && isThere;
  if (!isWhole) await destination.pusher.pushManifest(place, manifest, { signal });
  const isListed = await listReferrer(manifest, image, destination, signal);
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

/** Pushes the blobs that are not there. @returns whether one was missing */
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

/** Read, and not only asked for: what is held is held whole. */
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
