import { StoreError } from '../../base/errors/store-error.ts';
import { isBundleType } from '../../crypto/sigstore/signature-blob.ts';
import { readOtherPredicate } from '../../crypto/sigstore/statement.ts';
import type { AttachmentReader, UntrustedAttachment } from '../../registry/attachments/attachment.ts';
import { findAttachments } from '../../registry/attachments/find-attachments.ts';
import type { UntrustedLayer } from '../../registry/attachments/read-signature-layers.ts';
import type { PushedBlob } from '../../registry/client/registry-pusher.ts';
import type { Reason } from '../../verdict/judge/verdict.ts';
import type { VerifiedState } from '../check/evidence.ts';
import { createSignatures, listLayers } from './merge-signatures.ts';
import {
  type AttachedImage,
  type AttachmentTrust,
  DAMAGE,
  type ReadAttachment,
  readAttachment,
  readEvidence,
} from './read-attachment.ts';

/** A manifest of signatures with its blobs. At least one of the signatures verifies. */
export interface VerifiedAttachment extends UntrustedAttachment {
  readonly blobs: readonly PushedBlob[];
}

export interface SelectedAttachments {
  /** The state of all of them together: `valid` if every requirement is satisfied. */
  readonly state: VerifiedState;
  readonly verified: readonly VerifiedAttachment[];
  /** Attachments of which no signature verifies. */
  readonly rejected: readonly { readonly location: string; readonly reasons: readonly Reason[] }[];
  readonly failed: readonly FailedAttachment[];
}

/** What could not be read, or was not. */
export interface FailedAttachment {
  readonly location: string;
  readonly message: string;
  /** Reading it again gives the same result. */
  readonly isDamaged?: boolean;
}

/** Reads the attachments of an image, and verifies each. @throws the abort reason of the signal */
export async function selectAttachments(
  image: AttachedImage,
  reader: AttachmentReader,
  trust: AttachmentTrust,
): Promise<SelectedAttachments> {
  const { digest, place } = image;
  const { signal } = trust;
  const verified: VerifiedAttachment[] = [];
  const good: ReadAttachment[] = [];
  const rejected: SelectedAttachments['rejected'][number][] = [];
  const failed: SelectedAttachments['failed'][number][] = [];
  const fail = (location: string, error: StoreError): void => {
    failed.push({ location, message: error.message, isDamaged: DAMAGE.has(error.code) });
  };
  for await (const entry of findAttachments(reader, place, digest, signal)) {
    if (entry.kind === 'absent') continue;
    if (entry.kind === 'failed') {
      fail(entry.location, entry.error);
      continue;
    }
    const { attachment } = entry;
    const { location } = attachment;
    const read = await readAttachment(reader, place, attachment, signal);
    if (read instanceof StoreError) {
      fail(location, read);
      continue;
    }
    if (read.missing !== undefined) fail(location, read.missing);
    const layers = read.layers.filter((layer) => !isOtherStatement(layer, read.blobs));
    // Provenance and the like: no signature, good or bad.
    if (layers.length === 0) continue;
    const evidence = await readEvidence(image, [read], trust);
    if (evidence.attempts.some(({ code }) => code === 'Verified')) {
      const whole = await toCopied(attachment, read, image, trust);
      if (whole === undefined) continue;
      verified.push(whole);
      good.push(read);
    } else if (read.missing === undefined) {
      rejected.push({ location, reasons: evidence.reasons });
    }
  }
  const { state } = await readEvidence(image, good, trust);
  return { state: toState(state, { rejected, failed }), verified, rejected, failed };
}

function isOtherStatement({ mediaType, digest }: UntrustedLayer, blobs: ReadAttachment['blobs']): boolean {
  const bytes = isBundleType(mediaType) ? blobs.get(digest) : undefined;
  return bytes !== undefined && readOtherPredicate(bytes) !== undefined;
}

/**
 * The attachment as it is copied. One of which something cannot be read is not copied whole: of the manifest at a tag a
 * new one is made of the signatures that verify, and a referrer is left out.
 */
async function toCopied(
  attachment: UntrustedAttachment,
  read: ReadAttachment,
  image: AttachedImage,
  trust: AttachmentTrust,
): Promise<VerifiedAttachment | undefined> {
  const blobs = [...read.blobs].map(([of, bytes]) => ({ digest: of, bytes }));
  if (read.missing === undefined) return { ...attachment, blobs };
  if (attachment.form !== 'tag') return undefined;
  const good = new Set<number>();
  for (const layer of read.layers) {
    const { attempts } = await readEvidence(image, [{ ...read, layers: [layer] }], trust);
    if (attempts.some(({ code }) => code === 'Verified')) good.add(layer.number);
  }
  const layers = listLayers(attachment.manifest).filter((_, at) => good.has(at + 1));
  const kept = read.layers.filter(({ number }) => good.has(number));
  const made = createSignatures(layers);
  const own = blobs.filter(({ digest }) => kept.some((layer) => layer.digest === digest));
  return { ...attachment, manifest: made.manifest, layers: kept, blobs: [...own, ...made.blobs] };
}

/** Signatures are not absent if one was rejected or could not be read. */
function toState(state: VerifiedState, found: Pick<SelectedAttachments, 'rejected' | 'failed'>): VerifiedState {
  if (state === 'valid' || state === 'unasked') return state;
  if (found.failed.length > 0) return 'failed';
  return found.rejected.length > 0 ? 'invalid' : state;
}
