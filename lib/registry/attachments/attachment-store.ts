import { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/repository.ts';
import {
  CosignAnnotation,
  formatSignatureBlob,
  MAX_SIGSTORE_SIGNATURE_BYTES,
} from '../../crypto/sigstore/signature-blob.ts';
import { startDeadline, untilAborted } from '../../platform/time/deadline.ts';
import { createFailingStore } from '../../stores/port/failing-store.ts';
import { type SignatureStore, STORE_TIMEOUT_MS, type StoreEntry } from '../../stores/port/signature-store.ts';
import { type AttachmentReader, findAttachments, type UntrustedAttachment } from './find-attachments.ts';
import { readParsed } from './read-signature-layers.ts';

interface AttachmentOptions {
  /** What the evidence calls the store; the repository unless told. */
  readonly description?: string | undefined;
  readonly storeTimeoutMs?: number | undefined;
}

/**
 * The Sigstore signatures that a registry holds beside an image, each in the form in which containers/image stores one
 * (formats F7): a cosign signature with its annotations, or a bundle.
 *
 * @param open opens the registry of a repository; throws StoreError when it may not be contacted
 */
export function createAttachmentStore(
  open: (repository: Repository) => Promise<AttachmentReader>,
  { description = 'attachments', storeTimeoutMs = STORE_TIMEOUT_MS }: AttachmentOptions = {},
): SignatureStore {
  return {
    description,
    fetchSignatures(query, signal) {
      const { digest, repository } = query;
      if (repository === undefined) {
        const error = new StoreError('NotAllowed', 'attachments lie beside an image, and no repository was asked for');
        return createFailingStore(description, error).fetchSignatures(query, signal);
      }
      return readAll(open, { digest, repository }, description, storeTimeoutMs, signal);
    },
  };
}

async function* readAll(
  open: (repository: Repository) => Promise<AttachmentReader>,
  { digest, repository }: { readonly digest: Digest; readonly repository: Repository },
  store: string,
  timeoutMs: number,
  signal: AbortSignal,
): AsyncGenerator<StoreEntry> {
  const late = (): StoreError => new StoreError('TimedOut', `${store} was not read to its end within ${timeoutMs} ms`);
  const deadline = startDeadline(signal, timeoutMs, late);
  let location: string = `${repository}@${digest}`;
  try {
    const reader = await untilAborted(open(repository), deadline.signal);
    for await (const entry of findAttachments(reader, repository, digest, deadline.signal)) {
      if (entry.kind === 'attachment') {
        location = entry.attachment.location;
        yield* readLayers(reader, repository, entry.attachment, store, deadline.signal);
      } else {
        yield { ...entry, store };
      }
    }
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof StoreError)) throw error;
    yield { kind: 'failed', store, location, error };
  } finally {
    deadline.clear();
  }
}

async function* readLayers(
  reader: AttachmentReader,
  repository: Repository,
  { location, layers }: UntrustedAttachment,
  store: string,
  signal: AbortSignal,
): AsyncGenerator<StoreEntry> {
  for (const [index, { digest, mediaType, annotations }] of layers.entries()) {
    // Layers of one manifest may be the same bytes with other annotations.
    const at = `${location}#${index + 1}`;
    try {
      const options = { limitBytes: MAX_SIGSTORE_SIGNATURE_BYTES, signal };
      const payload = await reader.readBlob(repository, digest, options);
      const untrustedBytes = readParsed(
        () => formatSignatureBlob({ mimeType: mediaType, payload, annotations: keepUseful(annotations) }),
        signal,
      );
      yield { kind: 'signature', store, location: at, untrustedBytes };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof StoreError)) throw error;
      // A layer that is named and not there is no absence: the signature could have been in it.
      yield { kind: 'failed', store, location: at, error };
    }
  }
}

const USEFUL: ReadonlySet<string> = new Set(Object.values(CosignAnnotation));

/** A manifest may have megabytes of others, which nobody reads and a record would keep. */
function keepUseful(annotations: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map([...annotations].filter(([name]) => USEFUL.has(name)));
}
