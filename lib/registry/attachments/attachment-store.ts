import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/reference.ts';
import {
  CosignAnnotation,
  formatSignatureBlob,
  MAX_SIGSTORE_SIGNATURE_BYTES,
} from '../../crypto/sigstore/signature-blob.ts';
import { startDeadline, untilAborted } from '../../platform/time/deadline.ts';
import { createFailingStore, createFallbackStore } from '../../stores/port/composites.ts';
import { type SignatureStore, STORE_TIMEOUT_MS, type StoreEntry } from '../../stores/port/signature-store.ts';
import { resolveMirrors } from '../profile/mirrored-reader.ts';
import type { ProfileRegistries, RegistryTrust } from '../profile/profile-registries.ts';
import { type AttachmentReader, findAttachments, type UntrustedAttachment } from './find-attachments.ts';
import { readParsed } from './read-signature-layers.ts';

const DESCRIPTION = 'attachments';

/**
 * The Sigstore signatures beside the images of a profile's repositories, read where a node with the profile's mirror
 * sets pulls: from each mirror in order, and from the source last. Only registries that the profile names are contacted.
 */
export function createProfileAttachments(
  registries: Pick<ProfileRegistries, 'openRegistry'>,
): (trust: RegistryTrust) => SignatureStore {
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
      // A layer that is named and missing is a failure: the signature could have been in it.
      yield { kind: 'failed', store, location: at, error };
    }
  }
}

const USEFUL: ReadonlySet<string> = new Set(Object.values(CosignAnnotation));

/** Drops all other annotations: a manifest may have megabytes of them, which a record would keep. */
function keepUseful(annotations: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map([...annotations].filter(([name]) => USEFUL.has(name)));
}
