import { isJsonObject, type JsonObject, type JsonValue } from '../../base/documents/json-value.ts';
import { parseStrictJson } from '../../base/documents/parse-strict-json.ts';
import { evaluateCandidate } from '../../base/errors/evaluate-candidate.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { type Digest, isDigest } from '../../base/names/digest.ts';
import { BUNDLE_TYPE, COSIGN_SIGNATURE_TYPE } from '../../crypto/sigstore/signature-blob.ts';
import type { Manifest } from '../client/registry-client.ts';

/** A layer whose media type is that of a signature or a bundle. */
export interface UntrustedLayer {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly annotations: ReadonlyMap<string, string>;
}

/** Layers read of one `.sig` manifest, as many as signatures of a lookaside. */
export const MAX_ATTACHED_SIGNATURES = 128;

/** The layers that are signatures or bundles. @throws StoreError `BodyInvalid`, `LimitExceeded` */
export function readSignatureLayers(manifest: Pick<Manifest, 'bytes'>): readonly UntrustedLayer[] {
  const { layers } = parseAttachedManifest(manifest);
  if (!Array.isArray(layers)) throw new StoreError('BodyInvalid', 'the manifest of signatures has no layers');
  const read = layers.flatMap((layer) => readSignatureLayer(layer) ?? []);
  if (read.length <= MAX_ATTACHED_SIGNATURES) return read;
  throw new StoreError('LimitExceeded', `the manifest has more than ${MAX_ATTACHED_SIGNATURES} signatures`);
}

/** Undefined if the layer is no signature. @throws StoreError `BodyInvalid` */
export function readSignatureLayer(layer: JsonValue): UntrustedLayer | undefined {
  const { digest, mediaType, annotations = {} }: JsonObject = isJsonObject(layer) ? layer : {};
  if (typeof digest !== 'string' || !isDigest(digest) || typeof mediaType !== 'string' || !isJsonObject(annotations)) {
    throw new StoreError('BodyInvalid', 'the manifest of signatures has a layer without digest or media type');
  }
  if (mediaType !== COSIGN_SIGNATURE_TYPE && mediaType !== BUNDLE_TYPE) return undefined;
  const texts = Object.entries(annotations).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, value] as const] : [],
  );
  return { digest, mediaType, annotations: new Map(texts) };
}

/**
 * Parses one manifest or layer. Any error that it causes is its own failure, and the others are still read.
 *
 * @throws StoreError; the abort reason of the signal
 */
export function readParsed<T>(parse: () => T, signal: AbortSignal): T {
  const result = evaluateCandidate(() => toStoreErrorOr(parse), signal);
  if (result.kind === 'evaluated') {
    if (result.value instanceof StoreError) throw result.value;
    return result.value;
  }
  const { message, note = '' } = result.rejection;
  throw new StoreError('BodyInvalid', `${message}; ${note}`);
}

function toStoreErrorOr<T>(parse: () => T): T | StoreError {
  try {
    return parse();
  } catch (error) {
    if (error instanceof StoreError) return error;
    throw error;
  }
}

/** The registry client has already checked that it is strict JSON. */
export function parseAttachedManifest({ bytes }: Pick<Manifest, 'bytes'>): JsonObject {
  const manifest = parseStrictJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  return isJsonObject(manifest) ? manifest : {};
}

/**
 * The blobs that a manifest of signatures names, each once. A registry accepts the manifest only with them.
 *
 * @throws StoreError `BodyInvalid`; `LimitExceeded` for more than {@link MAX_ATTACHED_SIGNATURES} layers
 */
export function listManifestBlobs({ bytes, digest }: Pick<Manifest, 'bytes' | 'digest'>): readonly Digest[] {
  const { config, layers } = parseAttachedManifest({ bytes });
  if (!Array.isArray(layers)) throw new StoreError('BodyInvalid', `${digest} has no layers`);
  if (layers.length > MAX_ATTACHED_SIGNATURES) {
    throw new StoreError('LimitExceeded', `${digest} has more than ${MAX_ATTACHED_SIGNATURES} layers`);
  }
  return [...new Set([config, ...layers].map((part) => readDigest(part, digest)))];
}

function readDigest(descriptor: JsonValue | undefined, manifest: Digest): Digest {
  const digest = descriptor !== undefined && isJsonObject(descriptor) ? descriptor['digest'] : undefined;
  if (typeof digest === 'string' && isDigest(digest)) return digest;
  throw new StoreError('BodyInvalid', `${manifest} names a blob without a digest`);
}
