import { decodeUtf8 } from '../../../base/documents/decode.ts';
import {
  findOtherSpelling,
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '../../../base/documents/json-value.ts';
import { parseStrictJson, StrictJsonError } from '../../../base/documents/parse-strict-json.ts';
import { type Digest, isDigest } from '../../../base/names/digest.ts';
import { ReleaseError, type ReleaseFaultCode } from './release-error.ts';

/** A blob as a manifest describes it; nothing of it is verified. */
export interface BlobDescriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
}

interface ImageManifest {
  readonly config: BlobDescriptor;
  /** From the bottom to the top. */
  readonly layers: readonly BlobDescriptor[];
}

const MANIFEST = 'the manifest';
const CONFIG = 'the configuration';
/** Layers of an image: more than container runtimes stack. */
const MAX_LAYERS = 256;
const CONFIG_TYPES: readonly string[] = [
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
];

/** Parses the manifest of an image. @throws ReleaseError `ImageUnsupported`, `LimitExceeded` */
export function parseImageManifest(bytes: Uint8Array): ImageManifest {
  const manifest = readJsonObject(bytes, MANIFEST, 'ImageUnsupported');
  const { config, layers, schemaVersion } = requireOwn(manifest, ['config', 'layers', 'schemaVersion'], MANIFEST);
  if (schemaVersion !== 2) throw unsupported(MANIFEST, 'schemaVersion is not 2');
  if (!Array.isArray(layers)) throw unsupported(MANIFEST, 'layers is not a list');
  if (layers.length > MAX_LAYERS)
    throw new ReleaseError('LimitExceeded', `${MANIFEST} has more than ${MAX_LAYERS} layers`);
  const parsed = readDescriptor(config, 'config');
  if (!CONFIG_TYPES.includes(parsed.mediaType)) {
    throw unsupported(
      MANIFEST,
      `config.mediaType ${JSON.stringify(parsed.mediaType)} is not that of a container image`,
    );
  }
  return { config: parsed, layers: layers.map((layer, index) => readDescriptor(layer, `layers[${index}]`)) };
}

function readDescriptor(value: JsonValue | undefined, path: string): BlobDescriptor {
  if (!isJsonObject(value)) throw unsupported(MANIFEST, `${path} is not an object`);
  const { mediaType, digest, size } = requireOwn(value, ['mediaType', 'digest', 'size'], MANIFEST);
  if (typeof mediaType !== 'string' || mediaType.length > 256)
    throw unsupported(MANIFEST, `${path}.mediaType is not a media type`);
  if (typeof digest !== 'string' || !isDigest(digest)) throw unsupported(MANIFEST, `${path}.digest is not a digest`);
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw unsupported(MANIFEST, `${path}.size is not a number of bytes`);
  }
  return { mediaType, digest, size };
}

export interface Platform {
  readonly architecture: string;
  readonly os: string;
}

export interface ImageConfig {
  readonly platform: Platform;
  /** The digest of each unpacked layer, from the bottom to the top. */
  readonly diffIds: readonly Digest[];
}

/** Parses the configuration of an image with this number of layers. @throws ReleaseError `ImageUnsupported` */
export function parseImageConfig(bytes: Uint8Array, layers: number): ImageConfig {
  const config = readJsonObject(bytes, CONFIG, 'ImageUnsupported');
  const { architecture, os, rootfs } = requireOwn(config, ['architecture', 'os', 'rootfs'], CONFIG);
  if (!isShortText(architecture) || !isShortText(os)) throw unsupported(CONFIG, 'architecture or os is missing');
  if (!isJsonObject(rootfs) || rootfs['type'] !== 'layers') throw unsupported(CONFIG, 'rootfs.type is not layers');
  const { diff_ids: diffIds } = requireOwn(rootfs, ['type', 'diff_ids'], CONFIG);
  if (!Array.isArray(diffIds) || !diffIds.every((id) => typeof id === 'string' && isDigest(id))) {
    throw unsupported(CONFIG, 'rootfs.diff_ids is not a list of digests');
  }
  if (diffIds.length !== layers) {
    throw unsupported(CONFIG, `it has ${diffIds.length} layers, the manifest ${layers}`);
  }
  return { platform: { architecture, os }, diffIds };
}

function requireOwn(object: JsonObject, known: readonly string[], file: string): JsonObject {
  return requireSpelling(object, known, file, 'ImageUnsupported');
}

function isShortText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= 64;
}

function unsupported(file: string, fault: string): ReleaseError {
  return new ReleaseError('ImageUnsupported', `${file} is not supported: ${fault}`);
}

/**
 * Refuses a member in another case: `oc` and HyperShift are written in Go and take `Tags` for `tags`, so that they would
 * read another release. @throws ReleaseError of this code that names the file
 */
export function requireSpelling(
  object: JsonObject,
  known: readonly string[],
  file: string,
  code: ReleaseFaultCode,
): JsonObject {
  const other = findOtherSpelling(object, known);
  if (other === undefined) return object;
  throw new ReleaseError(code, `${file} has the member ${JSON.stringify(other)}, spelled in another way`);
}

/** Parses a strict JSON object in UTF-8. @throws ReleaseError of this code that names the file */
export function readJsonObject(bytes: Uint8Array, file: string, code: ReleaseFaultCode): JsonObject {
  try {
    const value = parseStrictJson(decodeUtf8(bytes));
    if (isJsonObject(value)) return value;
  } catch (cause) {
    // The decoder throws a TypeError for bytes that are not UTF-8.
    if (!(cause instanceof StrictJsonError || cause instanceof TypeError)) throw cause;
    throw new ReleaseError(code, `${file} is not strict JSON: ${cause.message}`, { cause });
  }
  throw new ReleaseError(code, `${file} is not a JSON object`);
}
