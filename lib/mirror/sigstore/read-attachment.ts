import { StoreError, type StoreErrorCode } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/reference.ts';
import { formatSignatureBlob, MAX_SIGSTORE_SIGNATURE_BYTES } from '../../crypto/sigstore/signature-blob.ts';
import {
  type AttachmentReader,
  MAX_ATTACHED_SIGNATURES,
  type UntrustedAttachment,
} from '../../registry/attachments/attachment.ts';
import {
  listManifestBlobs,
  readParsed,
  type UntrustedLayer,
} from '../../registry/attachments/read-signature-layers.ts';
import { NO_MANIFESTS } from '../../stores/open/image-places.ts';
import type { SignatureStore } from '../../stores/port/signature-store.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import { readSigstoreEvidence } from '../check/evidence.ts';

/** An image with attachments: its place, and its name in policies. */
export interface AttachedImage {
  readonly digest: Digest;
  /** The name by which policies find it. */
  readonly repository: Repository;
  readonly place: Repository;
}

/** The trust that attachments are verified by. */
export interface AttachmentTrust {
  readonly prepared: PreparedTrust;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

/** A manifest with its blobs: read, and not verified. */
export interface ReadAttachment extends Pick<UntrustedAttachment, 'location' | 'layers'> {
  /** Those that could be read. */
  readonly blobs: ReadonlyMap<Digest, Uint8Array>;
  /** Why it is not whole: the first fault. */
  readonly missing?: StoreError | undefined;
}

/** Faults of stored content. Reading it again gives the same result. */
export const DAMAGE: ReadonlySet<StoreErrorCode> = new Set([
  'BodyInvalid',
  'ContentMismatch',
  'LimitExceeded',
  'NotFound',
]);

/**
 * Reads the blobs that a manifest names, those of its signatures first. What is damaged or too much hides no other.
 *
 * @returns the error of a registry that did not answer
 */
export async function readAttachment(
  reader: Pick<AttachmentReader, 'readBlob'>,
  place: Repository,
  { location, manifest, layers }: Pick<UntrustedAttachment, 'location' | 'manifest' | 'layers'>,
  signal: AbortSignal,
): Promise<ReadAttachment | StoreError> {
  const blobs = new Map<Digest, Uint8Array>();
  const missing: StoreError[] = [];
  const tryEach = async <T>(read: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      return await read();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof StoreError) || !DAMAGE.has(error.code)) throw error;
      missing.push(error);
      return undefined;
    }
  };
  try {
    const named = (await tryEach(() => readParsed(() => listManifestBlobs(manifest), signal))) ?? [];
    const wanted = [...new Set([...layers.map(({ digest }) => digest), ...named])];
    for (const digest of wanted.slice(0, MAX_ATTACHED_BLOBS)) {
      const options = { limitBytes: MAX_SIGSTORE_SIGNATURE_BYTES, signal };
      const bytes = await tryEach(() => reader.readBlob(place, digest, options));
      if (bytes !== undefined) blobs.set(digest, bytes);
    }
    if (wanted.length > MAX_ATTACHED_BLOBS) {
      missing.push(new StoreError('LimitExceeded', `it names more than ${MAX_ATTACHED_BLOBS} blobs`));
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof StoreError) return error;
    throw error;
  }
  const [first] = missing;
  return { location, layers, blobs, ...(first === undefined ? {} : { missing: first }) };
}

/** Blobs read of one manifest of signatures: as many as signatures, and its configuration. */
const MAX_ATTACHED_BLOBS = MAX_ATTACHED_SIGNATURES + 1;

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
