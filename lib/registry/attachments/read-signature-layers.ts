import { decodeUtf8 } from '../../base/documents/decode.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../base/documents/json-value.ts';
import { parseStrictJson } from '../../base/documents/parse-strict-json.ts';
import { evaluateCandidate } from '../../base/errors/evaluate-candidate.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { type Digest, isDigest } from '../../base/names/digest.ts';
import { COSIGN_SIGNATURE_TYPE, CosignAnnotation, isBundleType } from '../../crypto/sigstore/signature-blob.ts';
import type { Manifest } from '../client/registry-client.ts';

/** A layer whose media type is that of a signature or a bundle. */
export interface UntrustedLayer {
  /** Its place in the manifest, from 1. */
  readonly number: number;
  readonly digest: Digest;
  readonly mediaType: string;
  /** Those that verification reads. A manifest may have megabytes of others. */
  readonly annotations: ReadonlyMap<string, string>;
}

/** The signatures that a manifest names. */
interface SignatureLayers {
  /** In the order of the manifest, each once. */
  readonly layers: readonly UntrustedLayer[];
  /** Why further layers cannot be read. */
  readonly fault: StoreError | undefined;
}

/** The layers that are signatures or bundles. One that cannot be read hides no other. @throws StoreError `BodyInvalid` */
export function readSignatureLayers(manifest: Pick<Manifest, 'bytes'>): SignatureLayers {
  const { layers } = parseAttachedManifest(manifest);
  if (!Array.isArray(layers)) throw new StoreError('BodyInvalid', 'the manifest of signatures has no layers');
  const read = new Map<string, UntrustedLayer>();
  const unreadable: number[] = [];
  for (const [at, layer] of layers.entries()) {
    const described = describeLayer(layer);
    if (described === undefined) unreadable.push(at + 1);
    const signature = described === undefined ? undefined : toSignatureLayer(described, at + 1);
    if (signature === undefined) continue;
    const name = nameSignature(signature);
    // The same signature again: it is read once, and says nothing more.
    if (!read.has(name)) read.set(name, signature);
  }
  return { layers: [...read.values()], fault: toFault(unreadable) };
}

function toFault([first, ...others]: readonly number[]): StoreError | undefined {
  if (first === undefined) return undefined;
  const more = others.length === 0 ? 'has' : `and ${others.length} after it have`;
  return new StoreError('BodyInvalid', `its layer ${first} ${more} no digest or media type`);
}

function nameSignature({ digest, mediaType, annotations }: UntrustedLayer): string {
  return JSON.stringify([digest, mediaType, ...[...annotations].toSorted(([one], [other]) => (one < other ? -1 : 1))]);
}

interface DescribedLayer {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly annotations: JsonObject;
}

/** Undefined for a layer without digest or media type. */
function describeLayer(layer: JsonValue): DescribedLayer | undefined {
  const { digest, mediaType, annotations }: JsonObject = isJsonObject(layer) ? layer : {};
  const given = annotations ?? {};
  if (typeof digest !== 'string' || !isDigest(digest) || typeof mediaType !== 'string' || !isJsonObject(given)) {
    return undefined;
  }
  return { digest, mediaType, annotations: given };
}

const USEFUL: ReadonlySet<string> = new Set(Object.values(CosignAnnotation));

function toSignatureLayer(
  { digest, mediaType, annotations }: DescribedLayer,
  number: number,
): UntrustedLayer | undefined {
  if (mediaType !== COSIGN_SIGNATURE_TYPE && !isBundleType(mediaType)) return undefined;
  const texts = Object.entries(annotations).flatMap(([name, value]) =>
    USEFUL.has(name) && typeof value === 'string' ? [[name, value] as const] : [],
  );
  return { number, digest, mediaType, annotations: new Map(texts) };
}

/** Undefined if the layer is no signature, or cannot be read. */
export function readSignatureLayer(layer: JsonValue, number: number): UntrustedLayer | undefined {
  const described = describeLayer(layer);
  return described === undefined ? undefined : toSignatureLayer(described, number);
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
  const manifest = parseStrictJson(decodeUtf8(bytes));
  return isJsonObject(manifest) ? manifest : {};
}

/**
 * The blobs that a manifest of signatures names, each once. A registry accepts the manifest only with them.
 *
 * @throws StoreError `BodyInvalid`
 */
export function listManifestBlobs({ bytes, digest }: Pick<Manifest, 'bytes' | 'digest'>): readonly Digest[] {
  const { config, layers } = parseAttachedManifest({ bytes });
  if (!Array.isArray(layers)) throw new StoreError('BodyInvalid', `${digest} has no layers`);
  return [...new Set([config, ...layers].map((part) => readDigest(part, digest)))];
}

function readDigest(descriptor: JsonValue | undefined, manifest: Digest): Digest {
  const digest = descriptor !== undefined && isJsonObject(descriptor) ? descriptor['digest'] : undefined;
  if (typeof digest === 'string' && isDigest(digest)) return digest;
  throw new StoreError('BodyInvalid', `${manifest} names a blob without a digest`);
}
