import { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/reference.ts';
import { formatSignatureBlob, MAX_SIGSTORE_SIGNATURE_BYTES } from '../../crypto/sigstore/signature-blob.ts';
import {
  type AttachmentReader,
  findAttachments,
  type UntrustedAttachment,
} from '../../registry/attachments/find-attachments.ts';
import {
  listManifestBlobs,
  readParsed,
  type UntrustedLayer,
} from '../../registry/attachments/read-signature-layers.ts';
import type { PushedBlob } from '../../registry/client/registry-pusher.ts';
import { NO_MANIFESTS } from '../../stores/open/open-stores.ts';
import type { SignatureStore } from '../../stores/port/signature-store.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import type { Reason } from '../../verdict/judge/verdict.ts';
import { type EvidenceState, readSigstoreEvidence } from '../check/evidence.ts';

/** An image with attachments: its place, and its name in policies. */
export interface AttachedImage {
  readonly digest: Digest;
  /** The name by which policies find it. */
  readonly repository: Repository;
  readonly place: Repository;
}

/** A manifest of signatures with its blobs. At least one of the signatures verifies. */
export interface VerifiedAttachment extends UntrustedAttachment {
  readonly blobs: readonly PushedBlob[];
}

export interface SelectedAttachments {
  /** The state of all of them together: `valid` if every requirement is satisfied. */
  readonly state: EvidenceState;
  readonly verified: readonly VerifiedAttachment[];
  /** Attachments of which no signature verifies. */
  readonly rejected: readonly { readonly location: string; readonly reasons: readonly Reason[] }[];
  readonly failed: readonly { readonly location: string; readonly message: string }[];
}

/** The trust that attachments are verified by. */
export interface AttachmentTrust {
  readonly prepared: PreparedTrust;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

/** A manifest with its blobs: read, and not verified. */
export interface ReadAttachment extends Pick<UntrustedAttachment, 'location' | 'layers'> {
  readonly blobs: ReadonlyMap<Digest, Uint8Array>;
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
  for await (const entry of findAttachments(reader, place, digest, signal)) {
    if (entry.kind === 'absent') continue;
    const read = entry.kind === 'failed' ? entry.error : await readAttachment(reader, place, entry.attachment, signal);
    if (read instanceof StoreError) {
      const { location } = entry.kind === 'failed' ? entry : entry.attachment;
      failed.push({ location, message: read.message });
    } else if (entry.kind === 'attachment') {
      const { location } = entry.attachment;
      const evidence = await readEvidence(image, [read], trust);
      if (!evidence.attempts.some(({ code }) => code === 'Verified')) {
        rejected.push({ location, reasons: evidence.reasons });
        continue;
      }
      const blobs = [...read.blobs].map(([of, bytes]) => ({ digest: of, bytes }));
      verified.push({ ...entry.attachment, blobs });
      good.push(read);
    }
  }
  const { state } = await readEvidence(image, good, trust);
  return { state: toState(state, { rejected, failed }), verified, rejected, failed };
}

/** Signatures are not absent if one was rejected or could not be read. */
function toState(state: EvidenceState, found: Pick<SelectedAttachments, 'rejected' | 'failed'>): EvidenceState {
  if (state === 'valid' || state === 'unasked') return state;
  if (found.failed.length > 0) return 'failed';
  return found.rejected.length > 0 ? 'invalid' : state;
}

/** Reads every blob that the manifest names. @returns the error of the first that cannot be read */
export async function readAttachment(
  reader: Pick<AttachmentReader, 'readBlob'>,
  place: Repository,
  { location, manifest, layers }: Pick<UntrustedAttachment, 'location' | 'manifest' | 'layers'>,
  signal: AbortSignal,
): Promise<ReadAttachment | StoreError> {
  try {
    const blobs = new Map<Digest, Uint8Array>();
    for (const digest of readParsed(() => listManifestBlobs(manifest), signal)) {
      const bytes = await reader.readBlob(place, digest, { limitBytes: MAX_SIGSTORE_SIGNATURE_BYTES, signal });
      blobs.set(digest, bytes);
    }
    return { location, layers, blobs };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof StoreError) return error;
    throw error;
  }
}

/** Checks signatures of an image that were read before. */
export async function readEvidence(
  { digest, repository }: Pick<AttachedImage, 'digest' | 'repository'>,
  attachments: readonly ReadAttachment[],
  { prepared, now, signal }: AttachmentTrust,
) {
  const store = createReadStore(attachments);
  // An attachment is judged for its own digest, also if that is an index.
  const places = { attachments: store, registry: NO_MANIFESTS };
  return await readSigstoreEvidence({ digest, repository, reader: 'host' }, prepared, places, now(), signal);
}

function createReadStore(attachments: readonly ReadAttachment[]): SignatureStore {
  const description = 'what was read';
  return {
    description,
    async *fetchSignatures(_query, signal) {
      signal.throwIfAborted();
      for (const { location, layers, blobs } of attachments) {
        for (const [index, layer] of layers.entries()) {
          const untrustedBytes = toBlob(layer, blobs);
          if (untrustedBytes === undefined) continue;
          yield { kind: 'signature', store: description, location: `${location}#${index + 1}`, untrustedBytes };
        }
      }
    },
  };
}

function toBlob({ digest, mediaType, annotations }: UntrustedLayer, blobs: ReadAttachment['blobs']) {
  const payload = blobs.get(digest);
  return payload === undefined ? undefined : formatSignatureBlob({ mimeType: mediaType, payload, annotations });
}
