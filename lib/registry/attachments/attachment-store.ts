import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/reference.ts';
import {
  formatSignatureBlob,
  isBundleType,
  MAX_SIGSTORE_SIGNATURE_BYTES,
  type UntrustedCosignSignature,
} from '../../crypto/sigstore/signature-blob.ts';
import { readOtherPredicate } from '../../crypto/sigstore/statement.ts';
import { startDeadline, untilAborted } from '../../platform/time/deadline.ts';
import { createFailingStore, createFallbackStore } from '../../stores/port/composites.ts';
import { type SignatureStore, STORE_TIMEOUT_MS, type StoreEntry } from '../../stores/port/signature-store.ts';
import { resolveMirrors } from '../profile/mirrored-reader.ts';
import type { RegistryTrust } from '../profile/profile-registries.ts';
import type { AttachmentReader, UntrustedAttachment } from './attachment.ts';
import { findAttachments } from './find-attachments.ts';
import { readParsed } from './read-signature-layers.ts';

const DESCRIPTION = 'attachments';

/**
 * The Sigstore signatures beside the images of a profile's repositories, read where a node with the profile's mirror
 * sets pulls: from each mirror in order, and from the source last. Only registries that the profile names are contacted.
 */
export function createProfileAttachments(registries: {
  readonly openRegistry: (trust: RegistryTrust) => Promise<AttachmentReader>;
}): (trust: RegistryTrust) => SignatureStore {
  return (trust) => {
    const at = (place: Repository): SignatureStore => {
      const store = createAttachmentStore(() => registries.openRegistry(trust), { description: place });
      // The query names the judged image; its attachments are read at this place.
      const fetchSignatures: SignatureStore['fetchSignatures'] = (query, signal) =>
        store.fetchSignatures({ ...query, repository: place }, signal);
      return { description: place, fetchSignatures };
    };
    return {
      description: DESCRIPTION,
      fetchSignatures(query, signal) {
        return openPlaces(trust, query.repository, at).fetchSignatures(query, signal);
      },
    };
  };
}

function openPlaces(
  { mirrorRules }: RegistryTrust,
  repository: Repository | undefined,
  at: (place: Repository) => SignatureStore,
): SignatureStore {
  if (repository === undefined) return refuse('attachments lie beside an image, and the query names no repository');
  try {
    const places = resolveMirrors(repository, mirrorRules).map(at);
    return places.length === 0
      ? refuse('the mirror sets name no mirror and forbid the source')
      : createFallbackStore(places);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return refuse(error.message);
  }
}

/** Failed, not absent: the place could have held the signature. */
function refuse(reason: string): SignatureStore {
  return createFailingStore(DESCRIPTION, new StoreError('NotAllowed', reason));
}

interface AttachmentOptions {
  /** The name of the store in the evidence. */
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
        const error = new StoreError(
          'NotAllowed',
          'attachments lie beside an image, and the query names no repository',
        );
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
  { form, location, layers }: UntrustedAttachment,
  store: string,
  signal: AbortSignal,
): AsyncGenerator<StoreEntry> {
  // Layers of one manifest may be the same bytes with other annotations.
  const read = new Map<Digest, Promise<Uint8Array>>();
  const readOnce = (digest: Digest): Promise<Uint8Array> => {
    const known = read.get(digest);
    if (known !== undefined) return known;
    const reading = reader.readBlob(repository, digest, { limitBytes: MAX_SIGSTORE_SIGNATURE_BYTES, signal });
    read.set(digest, reading);
    return reading;
  };
  for (const { number, digest, mediaType, annotations } of layers) {
    const at = `${location}#${number}`;
    try {
      const payload = await readOnce(digest);
      const layer = readParsed(() => toRead({ mimeType: mediaType, payload, annotations }), signal);
      yield { store, location: at, ...(layer.kind === 'signature' ? { ...layer, form } : layer) };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof StoreError)) throw error;
      // A layer that is named and missing is a failure: the signature could have been in it.
      yield { kind: 'failed', store, location: at, error };
    }
  }
}

type ReadLayer =
  | { readonly kind: 'signature'; readonly untrustedBytes: Uint8Array }
  | { readonly kind: 'absent'; readonly message: string };

/** Provenance and other statements are no signatures: with nothing else an image is not signed. */
function toRead(signature: UntrustedCosignSignature): ReadLayer {
  const other = isBundleType(signature.mimeType) ? readOtherPredicate(signature.payload) : undefined;
  if (other === undefined) return { kind: 'signature', untrustedBytes: formatSignatureBlob(signature) };
  const shown = other.length > MAX_SHOWN_PREDICATE ? `${other.slice(0, MAX_SHOWN_PREDICATE).toWellFormed()}…` : other;
  return { kind: 'absent', message: `a statement of ${JSON.stringify(shown)}, which is no signature` };
}

/** Characters of a predicate's type, normally a URL, in a message. */
const MAX_SHOWN_PREDICATE = 160;
