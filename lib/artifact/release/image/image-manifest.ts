import { isJsonObject, type JsonValue } from '../../../base/documents/json-value.ts';
import { type Digest, isDigest } from '../../../base/names/digest.ts';
import { MAX_LAYERS } from './limits.ts';
import { readJsonObject } from './read-json-object.ts';
import { ReleaseError } from './release-error.ts';

/** What a manifest says of a blob: nothing of it is known to be so. */
export interface BlobDescriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
}

export interface ImageManifest {
  readonly config: BlobDescriptor;
  /** From the bottom to the top. */
  readonly layers: readonly BlobDescriptor[];
}

const CONFIG_TYPES: readonly string[] = [
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
];

/** The blobs that an image's manifest names. @throws ReleaseError `ImageUnsupported`, `LimitExceeded` */
export function parseImageManifest(bytes: Uint8Array): ImageManifest {
  const { config, layers, schemaVersion } = readJsonObject(bytes, 'the manifest', 'ImageUnsupported');
  if (schemaVersion !== 2) throw unsupported('its schema version is not 2');
  if (!Array.isArray(layers)) throw unsupported('it has no list of layers');
  if (layers.length > MAX_LAYERS) throw new ReleaseError('LimitExceeded', `it has more than ${MAX_LAYERS} layers`);
  const parsed = readDescriptor(config, 'config');
  if (!CONFIG_TYPES.includes(parsed.mediaType)) {
    throw unsupported(`config.mediaType ${JSON.stringify(parsed.mediaType)} is not that of a container image`);
  }
  return { config: parsed, layers: layers.map((layer, index) => readDescriptor(layer, `layers[${index}]`)) };
}

function readDescriptor(value: JsonValue | undefined, path: string): BlobDescriptor {
  if (!isJsonObject(value)) throw unsupported(`${path} is not an object`);
  const { mediaType, digest, size } = value;
  if (typeof mediaType !== 'string' || mediaType.length > 256)
    throw unsupported(`${path}.mediaType is not a short text`);
  if (typeof digest !== 'string' || !isDigest(digest)) throw unsupported(`${path}.digest is not a digest`);
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw unsupported(`${path}.size is not a number of bytes`);
  }
  return { mediaType, digest, size };
}

function unsupported(fault: string): ReleaseError {
  return new ReleaseError('ImageUnsupported', `the manifest is not one that is read: ${fault}`);
}
