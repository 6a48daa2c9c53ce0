import { isJsonObject, type JsonObject, type JsonValue } from '../../base/documents/json-value.ts';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { StoreError, type StoreErrorCode } from '../../base/errors/store-error.ts';
import { type Digest, isDigest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/reference.ts';
import { COSIGN_SIGNATURE_TYPE, formatSignatureBlob } from '../../crypto/sigstore/signature-blob.ts';
import { startDeadline, untilAborted } from '../../platform/time/deadline.ts';
import {
  NODES_REFUSE,
  type SignatureStore,
  STORE_TIMEOUT_MS,
  type StoreEntry,
} from '../../stores/port/signature-store.ts';
import type { Manifest } from '../client/registry-client.ts';
import { readFirst, resolveMirrors } from '../profile/mirrored-reader.ts';
import type { RegistryTrust } from '../profile/profile-registries.ts';
import { type AttachmentReader, MAX_TAG_LENGTH, toSignatureTag } from './attachment.ts';
import { parseAttachedManifest, readParsed } from './read-signature-layers.ts';

const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
/** Bytes of one layer that nodes read (containers/image, `MaxSignatureBodySize`). */
const MAX_NODE_LAYER_BYTES = 4 * 1024 * 1024;
/** Layers that are read to answer for nodes, which have no limit. */
export const MAX_NODE_LAYERS = 1024;

/**
 * What nodes read beside an image (containers/image, `appendSignaturesFromSigstoreAttachments`): the layers at its `.sig`
 * tag, all of them, and nothing that refers to it. One layer that they cannot read makes them refuse the image: then there
 * is no signature for them, and the message says so.
 *
 * @param open opens the registry of a repository; throws StoreError
 */
export function createNodeAttachmentStore(
  open: (repository: Repository) => Promise<AttachmentReader>,
  { description = 'attachments, as nodes read them' }: { readonly description?: string } = {},
): SignatureStore {
  return {
    description,
    async *fetchSignatures({ digest, repository }, signal) {
      signal.throwIfAborted();
      if (repository === undefined) {
        const error = new StoreError(
          'NotAllowed',
          'attachments lie beside an image, and the query names no repository',
        );
        yield { kind: 'failed', store: description, location: description, error };
        return;
      }
      const late = () => new StoreError('TimedOut', `${description}: not read within ${STORE_TIMEOUT_MS} ms`);
      const deadline = startDeadline(signal, STORE_TIMEOUT_MS, late);
      const location = `${repository}:${toSignatureTag(digest)}`;
      let entries: readonly StoreEntry[];
      try {
        const reader = await untilAborted(open(repository), deadline.signal);
        entries = await readAll(reader, repository, digest, description, deadline.signal);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof StoreError)) throw error;
        entries = [{ kind: 'failed', store: description, location, error }];
      } finally {
        deadline.clear();
      }
      yield* entries;
    },
  };
}

/**
 * The same where a node with the profile's mirror sets pulls: at the first place that has the image, and nowhere else. A
 * place before it that does not answer leaves it open which one that is.
 */
export function createProfileNodeAttachments(
  registries: { readonly openRegistry: (trust: RegistryTrust) => Promise<AttachmentReader> },
  trust: RegistryTrust,
): SignatureStore {
  const open = () => registries.openRegistry(trust);
  const store = createNodeAttachmentStore(open);
  return {
    description: store.description,
    async *fetchSignatures(query, signal) {
      const { digest, repository } = query;
      try {
        const places = repository === undefined ? [] : resolveMirrors(repository, trust.mirrorRules);
        const found = await readFirst(places, signal, async (place) => {
          await (await open()).readManifest(place, digest, signal);
          return place;
        });
        yield* store.fetchSignatures({ ...query, repository: found }, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof StoreError) && !(error instanceof ConfigurationError)) throw error;
        const failure = error instanceof StoreError ? error : new StoreError('NotAllowed', error.message);
        const location = `${repository ?? ''}@${digest}`;
        yield { kind: 'failed', store: store.description, location, error: failure };
      }
    },
  };
}

/** @throws StoreError of a registry that did not answer, or of more than is read */
async function readAll(
  reader: AttachmentReader,
  repository: Repository,
  digest: Digest,
  store: string,
  signal: AbortSignal,
): Promise<readonly StoreEntry[]> {
  const tag = toSignatureTag(digest);
  const location = `${repository}:${tag}`;
  const absent = { kind: 'absent', store, location } as const;
  if (tag.length > MAX_TAG_LENGTH) return [absent];
  const manifest = await readTagged(reader, repository, tag, signal);
  if (manifest === undefined) return [absent];
  const refuse = (fault: string): readonly StoreEntry[] => [
    { ...absent, message: `${NODES_REFUSE}${location} ${fault}` },
  ];
  if (manifest.mediaType !== OCI_MANIFEST) return refuse(`is of the type ${manifest.mediaType}`);
  const { layers } = readParsed(() => parseAttachedManifest(manifest), signal);
  if (!Array.isArray(layers)) return refuse('has no layers');
  if (layers.length > MAX_NODE_LAYERS) {
    throw new StoreError('LimitExceeded', `${location} has more than ${MAX_NODE_LAYERS} layers`);
  }
  const entries: StoreEntry[] = [];
  const payloads = new Map<Digest, Uint8Array | StoreError>();
  for (const [at, layer] of layers.entries()) {
    const read = readLayer(layer);
    if (read === undefined) return refuse(`has a layer ${at + 1} that is no descriptor`);
    const payload = payloads.get(read.digest) ?? (await tryBlob(reader, repository, read.digest, signal));
    payloads.set(read.digest, payload);
    if (payload instanceof StoreError) return refuse(`has a layer ${at + 1} that cannot be read: ${payload.message}`);
    // Any other layer is read, and passed over.
    if (read.mediaType !== COSIGN_SIGNATURE_TYPE) continue;
    const untrustedBytes = formatSignatureBlob({ mimeType: read.mediaType, payload, annotations: read.annotations });
    entries.push({ kind: 'signature', store, location: `${location}#${at + 1}`, untrustedBytes });
  }
  return [...entries, absent];
}

async function readTagged(
  reader: AttachmentReader,
  repository: Repository,
  tag: string,
  signal: AbortSignal,
): Promise<Manifest | undefined> {
  try {
    return await reader.readManifest(repository, tag, signal);
  } catch (error) {
    if (error instanceof StoreError && error.code === 'NotFound') return undefined;
    throw error;
  }
}

/** Faults of the content, which nodes meet as well. */
const DAMAGE: ReadonlySet<StoreErrorCode> = new Set(['NotFound', 'ContentMismatch', 'LimitExceeded']);

async function tryBlob(
  reader: AttachmentReader,
  repository: Repository,
  digest: Digest,
  signal: AbortSignal,
): Promise<Uint8Array | StoreError> {
  try {
    return await reader.readBlob(repository, digest, { limitBytes: MAX_NODE_LAYER_BYTES, signal });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof StoreError && DAMAGE.has(error.code)) return error;
    throw error;
  }
}

interface NodeLayer {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly annotations: ReadonlyMap<string, string>;
}

/** Undefined for what Go cannot read as a descriptor: an annotation that is no text is one. */
function readLayer(layer: JsonValue): NodeLayer | undefined {
  const { digest, mediaType = '', annotations }: JsonObject = isJsonObject(layer) ? layer : {};
  const given = annotations ?? {};
  if (typeof digest !== 'string' || !isDigest(digest) || typeof mediaType !== 'string' || !isJsonObject(given)) {
    return undefined;
  }
  const texts = Object.entries(given).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, value] as const] : [],
  );
  if (texts.length !== Object.keys(given).length) return undefined;
  return { digest, mediaType, annotations: new Map(texts) };
}
