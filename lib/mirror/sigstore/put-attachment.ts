import { StoreError } from '../../base/errors/store-error.ts';
import type { Repository } from '../../base/names/repository.ts';
import { type AttachmentReader, findAttachments } from '../../registry/attachments/find-attachments.ts';
import type { UntrustedLayer } from '../../registry/attachments/read-signature-layers.ts';
import type { Manifest } from '../../registry/client/registry-client.ts';
import type { PushedBlob } from '../../registry/client/registry-pusher.ts';
import { type AttachmentDestination, listReferrer } from './list-referrer.ts';
import {
  type AttachedImage,
  type AttachmentTrust,
  readAttachment,
  readEvidence,
  type VerifiedAttachment,
} from './select-attachments.ts';

/**
 * `held`: it was there. `replaced`: the tag named something else, of which nothing else verifies. `conflict`: the tag
 * names something with other signatures that verify, and nothing was written.
 */
export type PutOutcome = 'copied' | 'held' | 'replaced' | 'conflict';

export interface PutOptions {
  /** Put it in the place of other signatures that verify too. */
  readonly replace: boolean;
}

/**
 * Puts one attachment beside an image, byte for byte: blobs, then the manifest, then what lists it. Cut off at any point,
 * nothing names what is not there. No registry writes a tag on a condition: of two that write at once, the last one wins.
 *
 * @throws StoreError; the abort reason of the signal
 */
export async function putAttachment(
  attachment: VerifiedAttachment,
  image: AttachedImage,
  destination: AttachmentDestination,
  trust: AttachmentTrust,
  { replace }: PutOptions,
): Promise<PutOutcome> {
  const { reader, pusher } = destination;
  const { place } = image;
  const { form, tag, manifest } = attachment;
  const { signal } = trust;
  const reference = tag ?? manifest.digest;
  const current = await readCurrent(reader, place, reference, signal);
  const isSame = current?.digest === manifest.digest;
  const isOther = current !== undefined && !isSame;
  if (isOther && !replace && (await hasOtherSignatures(attachment, image, reader, trust))) return 'conflict';
  let isWhole = isSame;
  for (const blob of attachment.blobs) {
    if (isSame && (await hasBlob(reader, place, blob, signal))) continue;
    await pusher.pushBlob(place, blob, signal);
    isWhole = false;
  }
  if (!isWhole) await pusher.pushManifest(place, manifest, { tag, signal });
  const isListed = form === 'cosign' || (await listReferrer(manifest, image, destination, signal));
  if (isOther) return 'replaced';
  return isWhole && isListed ? 'held' : 'copied';
}

async function readCurrent(
  reader: AttachmentReader,
  place: Repository,
  reference: string,
  signal: AbortSignal,
): Promise<Pick<Manifest, 'digest'> | undefined> {
  try {
    return await reader.readManifest(place, reference, signal);
  } catch (error) {
    if (error instanceof StoreError && error.code === 'NotFound') return undefined;
    throw error;
  }
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

/** What is there and cannot be read could be signatures: a failure keeps it, and is the caller's to see. */
async function hasOtherSignatures(
  attachment: VerifiedAttachment,
  image: AttachedImage,
  reader: AttachmentReader,
  trust: AttachmentTrust,
): Promise<boolean> {
  const ours = new Set(attachment.layers.map(nameLayer));
  for await (const entry of findAttachments(reader, image.place, image.digest, trust.signal)) {
    if (entry.kind === 'failed') throw entry.error;
    // The first is what the tag names.
    if (entry.kind === 'absent') return false;
    const layers = entry.attachment.layers.filter((layer) => !ours.has(nameLayer(layer)));
    const read = await readAttachment(reader, image.place, entry.attachment, trust.signal);
    if (read instanceof StoreError) throw read;
    const { attempts } = await readEvidence(image, [{ ...read, layers }], trust);
    return attempts.some(({ code }) => code === 'Verified');
  }
  return false;
}

function nameLayer({ digest, annotations }: UntrustedLayer): string {
  return JSON.stringify([digest, ...[...annotations].toSorted(([one], [other]) => (one < other ? -1 : 1))]);
}
