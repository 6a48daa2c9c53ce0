import { isJsonObject, type JsonObject, type JsonValue } from '../../base/documents/json-value.ts';
import { parseStrictJson } from '../../base/documents/parse-strict-json.ts';
import { evaluateCandidate } from '../../base/errors/evaluate-candidate.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { type Digest, isDigest } from '../../base/names/digest.ts';
import { BUNDLE_TYPE, COSIGN_SIGNATURE_TYPE } from '../../crypto/sigstore/signature-blob.ts';
import type { Manifest } from '../client/registry-client.ts';

/** A layer that is said to be a signature or a bundle. */
export interface UntrustedLayer {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly annotations: ReadonlyMap<string, string>;
}

/** Layers of one `.sig` manifest that are read, as signatures of a lookaside. */
export const MAX_ATTACHED_SIGNATURES = 128;

/** The layers that are signatures or bundles, and may be read. @throws StoreError `BodyInvalid`, `LimitExceeded` */
export function readSignatureLayers(manifest: Pick<Manifest, 'bytes'>): readonly UntrustedLayer[] {
  const { layers } = parseAttachedManifest(manifest);
  if (!Array.isArray(layers)) throw new StoreError('BodyInvalid', 'the manifest of signatures has no layers');
  const read = layers.flatMap((layer) => readSignatureLayer(layer) ?? []);
  if (read.length <= MAX_ATTACHED_SIGNATURES) return read;
  throw new StoreError('LimitExceeded', `the manifest has more than ${MAX_ATTACHED_SIGNATURES} signatures`);
}

/** Undefined for a layer that is no signature. @throws StoreError `BodyInvalid` */
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
 * Parses one manifest or layer, which is one candidate: whatever it makes throw is a failure of its own, and what lies
 * beside it is still read.
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

/** Strict JSON already: the registry client has read it. */
export function parseAttachedManifest({ bytes }: Pick<Manifest, 'bytes'>): JsonObject {
  const manifest = parseStrictJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  return isJsonObject(manifest) ? manifest : {};
}

/**
 * The blobs that a manifest of signatures names, each once: without them no registry takes it.
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
