import { isJsonObject, type JsonObject } from '../../base/documents/json-value.ts';
import { parseStrictJson } from '../../base/documents/parse-strict-json.ts';
import { StoreError } from '../../base/errors/store-error.ts';

/** What is read, and asked for in this order; the old schema 1 is not. */
export const MANIFEST_MEDIA_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
] as const;

export type ManifestMediaType = (typeof MANIFEST_MEDIA_TYPES)[number];

const LISTS: ReadonlySet<ManifestMediaType> = new Set([MANIFEST_MEDIA_TYPES[0], MANIFEST_MEDIA_TYPES[2]]);

/** The media type of a `Content-Type`, its parameters left out; undefined when it is none that is read. */
export function toManifestMediaType(contentType: string | undefined): ManifestMediaType | undefined {
  const essence = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  return MANIFEST_MEDIA_TYPES.find((mediaType) => mediaType === essence);
}

/**
 * Holds the media type against the content, which the digest covers and the header does not: no document passes for
 * an image here and for an index there (CVE-2021-41190). @throws StoreError `BodyInvalid`.
 */
export function checkManifest(bytes: Uint8Array, mediaType: ManifestMediaType): void {
  const manifest = parseManifest(bytes);
  const claimed = manifest['mediaType'];
  if (claimed !== undefined && claimed !== mediaType) throw invalid(`is sent as ${mediaType} but says otherwise`);
  const hasManifests = Object.hasOwn(manifest, 'manifests');
  const hasLayers = Object.hasOwn(manifest, 'layers') || Object.hasOwn(manifest, 'config');
  if (hasManifests !== LISTS.has(mediaType) || hasLayers === hasManifests) {
    throw invalid(`is sent as ${mediaType} but does not have its members`);
  }
}

/**
 * The media type of a manifest that no registry sent, by its content: without the member `mediaType` it is an OCI one, as
 * for containers/image. Undefined for what is no manifest that is read, such as the old schema 1.
 *
 * @throws StoreError `BodyInvalid` for what could be an image here and an index there
 */
export function detectManifestType(bytes: Uint8Array): ManifestMediaType | undefined {
  let manifest: JsonObject;
  try {
    manifest = parseManifest(bytes);
  } catch (error) {
    if (error instanceof StoreError) return undefined;
    throw error;
  }
  const claimed = MANIFEST_MEDIA_TYPES.find((mediaType) => mediaType === manifest['mediaType']);
  const isIndex = Object.hasOwn(manifest, 'manifests');
  if (claimed === undefined && !isIndex && !Object.hasOwn(manifest, 'config')) return undefined;
  const mediaType = claimed ?? MANIFEST_MEDIA_TYPES[isIndex ? 0 : 1];
  checkManifest(bytes, mediaType);
  return mediaType;
}

function parseManifest(bytes: Uint8Array): JsonObject {
  try {
    const manifest = parseStrictJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
    if (isJsonObject(manifest)) return manifest;
  } catch (cause) {
    throw invalid('is not strict JSON', cause);
  }
  throw invalid('is not an object');
}

function invalid(fault: string, cause?: unknown): StoreError {
  return new StoreError('BodyInvalid', `the manifest ${fault}`, cause === undefined ? {} : { cause });
}
