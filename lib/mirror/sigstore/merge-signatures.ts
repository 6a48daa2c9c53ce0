import { hash } from 'node:crypto';
import { isJsonObject, type JsonObject, type JsonValue } from '../../base/documents/json-value.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { type Digest, isDigest, parseDigest } from '../../base/names/digest.ts';
import { MAX_SIGSTORE_SIGNATURE_BYTES } from '../../crypto/sigstore/signature-blob.ts';
import { MAX_ATTACHED_SIGNATURES } from '../../registry/attachments/attachment.ts';
import { readSignatureLayer, type UntrustedLayer } from '../../registry/attachments/read-signature-layers.ts';
import { MAX_MANIFEST_BYTES, type Manifest } from '../../registry/client/registry-client.ts';
import type { PushedBlob } from '../../registry/client/registry-pusher.ts';
import { parseRewritten } from './update-tag.ts';

/** A layer of a manifest, with a name that distinguishes it from others. */
export interface NamedLayer {
  readonly name: string;
  readonly layer: JsonValue;
  /** Undefined if it is no signature. */
  readonly signature: UntrustedLayer | undefined;
}

/**
 * Every layer of a manifest, signature or not, readable or not. Two signatures may cover the same bytes: their annotations
 * differ.
 *
 * @throws StoreError `BodyInvalid`, `LimitExceeded` for a manifest that cannot be written again
 */
export function listLayers({ bytes, digest }: Pick<Manifest, 'bytes' | 'digest'>): readonly NamedLayer[] {
  const { layers } = parseRewritten(bytes, digest);
  if (!Array.isArray(layers)) throw new StoreError('BodyInvalid', `${digest} has no layers`);
  return layers.map((layer, at) => ({ name: nameLayer(layer), layer, signature: readSignatureLayer(layer, at + 1) }));
}

function nameLayer(layer: JsonValue): string {
  if (!isJsonObject(layer)) return JSON.stringify(layer);
  const { annotations = {}, digest = null, mediaType = null } = layer;
  const members = isJsonObject(annotations) ? Object.entries(annotations) : [];
  return JSON.stringify([mediaType, digest, ...members.toSorted(([one], [other]) => (one < other ? -1 : 1))]);
}

/** A manifest with further layers, and the blob that it needs in addition to theirs. */
export interface MergedSignatures {
  readonly manifest: Manifest;
  readonly blobs: readonly PushedBlob[];
}

/**
 * The manifest with layers added at its end. Only the layers in its configuration change too, as in cosign and
 * containers/image.
 *
 * @param blobs those that the manifest names
 * @throws StoreError `LimitExceeded` if the result would be too large to be read
 */
export function mergeSignatures(
  current: Manifest,
  blobs: ReadonlyMap<Digest, Uint8Array>,
  added: readonly NamedLayer[],
): MergedSignatures {
  const content = parseRewritten(current.bytes, current.digest);
  const layers = [...listLayers(current), ...added].map(({ layer }) => layer);
  if (layers.length > MAX_ATTACHED_SIGNATURES) {
    throw tooLarge(`${layers.length} signatures, and ${MAX_ATTACHED_SIGNATURES} are read`);
  }
  const config = extendConfig(content, blobs, added);
  const own = config === undefined ? {} : { config: config.descriptor };
  const bytes = Buffer.from(JSON.stringify({ ...content, ...own, layers }));
  if (bytes.length > MAX_MANIFEST_BYTES) {
    throw tooLarge(`a manifest of ${bytes.length} bytes, and ${MAX_MANIFEST_BYTES} are read`);
  }
  const { mediaType } = current;
  const manifest: Manifest = { bytes, mediaType, digest: toDigest(bytes) };
  return { manifest, blobs: config === undefined ? [] : [config.blob] };
}

/**
 * A manifest of these signatures alone, as cosign writes one: for a manifest that cannot be copied whole.
 *
 * @throws StoreError `LimitExceeded`
 */
export function createSignatures(layers: readonly NamedLayer[]): MergedSignatures {
  const config = {
    architecture: '',
    created: NEVER,
    history: [],
    os: '',
    rootfs: { type: 'layers', diff_ids: [] },
    config: {},
  };
  const bytes = Buffer.from(JSON.stringify(config));
  const digest = toDigest(bytes);
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const descriptor = { mediaType: 'application/vnd.oci.image.config.v1+json', size: bytes.length, digest };
  const empty = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, config: descriptor, layers: [] }));
  return mergeSignatures({ bytes: empty, mediaType, digest: toDigest(empty) }, new Map([[digest, bytes]]), layers);
}

/** The time of a layer, for those who compare what two builds made. */
const NEVER = '0001-01-01T00:00:00Z';

/** Undefined for a configuration that lists no layers, which is kept. */
function extendConfig(
  { config }: JsonObject,
  blobs: ReadonlyMap<Digest, Uint8Array>,
  added: readonly NamedLayer[],
): { readonly descriptor: JsonObject; readonly blob: PushedBlob } | undefined {
  if (config === undefined || !isJsonObject(config)) return undefined;
  const { digest } = config;
  const before = typeof digest === 'string' && isDigest(digest) ? blobs.get(digest) : undefined;
  const content = before === undefined ? undefined : parseConfig(before);
  const { rootfs = null, history } = content ?? {};
  if (content === undefined || !isJsonObject(rootfs) || !Array.isArray(rootfs['diff_ids'])) return undefined;
  // A payload is not compressed, so its digest is the digest of its content.
  const digests = added.flatMap(({ layer }) => (isJsonObject(layer) ? (layer['digest'] ?? []) : []));
  const diffIds = [...rootfs['diff_ids'], ...digests];
  const entries = digests.map(() => ({ created: NEVER }));
  const more = Array.isArray(history) ? { history: [...history, ...entries] } : {};
  const bytes = Buffer.from(JSON.stringify({ ...content, ...more, rootfs: { ...rootfs, diff_ids: diffIds } }));
  if (bytes.length > MAX_SIGSTORE_SIGNATURE_BYTES) return undefined;
  const blob = { digest: toDigest(bytes), bytes };
  return { descriptor: { ...config, digest: blob.digest, size: bytes.length }, blob };
}

/** Undefined if it is no JSON, as some tools write it. */
function parseConfig(bytes: Uint8Array): JsonObject | undefined {
  try {
    return parseRewritten(bytes, 'the configuration');
  } catch (error) {
    if (error instanceof StoreError) return undefined;
    throw error;
  }
}

function tooLarge(size: string): StoreError {
  return new StoreError('LimitExceeded', `with those of this copy it has ${size}`);
}

function toDigest(bytes: Uint8Array): Digest {
  return parseDigest(`sha256:${hash('sha256', bytes)}`);
}
