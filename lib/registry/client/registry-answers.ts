import { hash } from 'node:crypto';
import { decodeUtf8 } from '../../base/documents/decode.ts';
import { findOtherSpelling, isJsonObject, type JsonObject } from '../../base/documents/json-value.ts';
import { parseStrictJson } from '../../base/documents/parse-strict-json.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { type Digest, isDigest } from '../../base/names/digest.ts';
import type { HttpResponse } from '../../platform/http/http-client.ts';
import { toShownUrl } from '../../platform/http/http-url.ts';
import { toRetryAfterSeconds } from '../../platform/time/retries.ts';

const UNAVAILABLE: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/**
 * Refuses every status but 200. Only the registry itself, at `registryOrigin`, can say that something is absent: a 404 of
 * a token service or of a storage that it redirects to is a fault. The body is not quoted: it could repeat a credential.
 *
 * @throws StoreError `NotFound`, `AccessDenied` (401, 403), `Unavailable` (429, gateway failures) or `StatusUnexpected`.
 */
export function checkStatus(response: HttpResponse, registryOrigin?: string): void {
  const { status, url } = response;
  if (status === 200) return;
  const message = `${toShownUrl(url)}: HTTP status ${status}`;
  if (status === 404 && url.origin === registryOrigin) throw new StoreError('NotFound', message);
  if (status === 401 || status === 403) throw new StoreError('AccessDenied', message);
  if (UNAVAILABLE.has(status)) {
    throw new StoreError('Unavailable', message, {
      retryAfterSeconds: toRetryAfterSeconds(response.headers['retry-after']),
    });
  }
  throw new StoreError('StatusUnexpected', message);
}

/** The requested digest and the registry's own. Either may be missing, and neither is trusted. */
interface UntrustedDigests {
  readonly asked: Digest | undefined;
  /** The `Docker-Content-Digest` header. */
  readonly header: string | undefined;
}

/**
 * The digest of the received bytes: the requested one, else the one in the header, else SHA-256. Each is recalculated with
 * its own algorithm. @throws StoreError `ContentMismatch` if one differs.
 */
export function verifyContent(bytes: Uint8Array, { asked, header }: UntrustedDigests): Digest {
  if (asked !== undefined) checkDigest(bytes, asked, 'asked for');
  if (header === undefined) return asked ?? calculateDigest(bytes, 'sha256');
  if (!isDigest(header)) throw new StoreError('ContentMismatch', 'the Docker-Content-Digest header is not a digest');
  checkDigest(bytes, header, 'in the Docker-Content-Digest header');
  return asked ?? header;
}

function checkDigest(bytes: Uint8Array, digest: Digest, whence: string): void {
  const actual = calculateDigest(bytes, digest.slice(0, digest.indexOf(':')));
  if (actual !== digest) {
    throw new StoreError('ContentMismatch', `the content has the digest ${actual}; ${whence} was ${digest}`);
  }
}

function calculateDigest(bytes: Uint8Array, algorithm: string): Digest {
  const text = `${algorithm}:${hash(algorithm, bytes)}`;
  if (!isDigest(text)) throw new StoreError('ContentMismatch', `${algorithm} is not a digest's algorithm`);
  return text;
}

/** The supported media types, in the order of `Accept`. Schema 1 is not supported. */
export const MANIFEST_MEDIA_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
] as const;

export type ManifestMediaType = (typeof MANIFEST_MEDIA_TYPES)[number];

const LISTS: ReadonlySet<ManifestMediaType> = new Set([MANIFEST_MEDIA_TYPES[0], MANIFEST_MEDIA_TYPES[2]]);

/** The media type of a `Content-Type` without parameters; undefined if it is not supported. */
export function toManifestMediaType(contentType: string | undefined): ManifestMediaType | undefined {
  const essence = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  return MANIFEST_MEDIA_TYPES.find((mediaType) => mediaType === essence);
}

/**
 * Compares the media type with the content. The digest covers the content and not the header, so a document must not be an
 * image for one reader and an index for another (CVE-2021-41190). @throws StoreError `BodyInvalid`.
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
 * for containers/image. Undefined for an unsupported manifest, such as schema 1.
 *
 * @throws StoreError `BodyInvalid` for content that is both an image and an index, and for content that is not strict JSON:
 *   a node may still read an index in it
 */
export function detectManifestType(bytes: Uint8Array): ManifestMediaType | undefined {
  const manifest = parseManifest(bytes);
  const claimed = MANIFEST_MEDIA_TYPES.find((mediaType) => mediaType === manifest['mediaType']);
  const isIndex = Object.hasOwn(manifest, 'manifests');
  if (claimed === undefined && !isIndex && !Object.hasOwn(manifest, 'config')) return undefined;
  const mediaType = claimed ?? MANIFEST_MEDIA_TYPES[isIndex ? 0 : 1];
  checkManifest(bytes, mediaType);
  return mediaType;
}

function parseManifest(bytes: Uint8Array): JsonObject {
  return withKnownSpelling(parseObject(bytes, 'the manifest'));
}

/** An object in strict JSON. @throws StoreError `BodyInvalid` that says of what */
export function parseObject(bytes: Uint8Array, name: string): JsonObject {
  try {
    const value = parseStrictJson(decodeUtf8(bytes));
    if (isJsonObject(value)) return value;
  } catch (cause) {
    throw new StoreError('BodyInvalid', `${name} is not strict JSON`, { cause });
  }
  throw new StoreError('BodyInvalid', `${name} is not an object`);
}

/** What tells images from indexes, as nodes read it. */
const KIND_MEMBERS = ['schemaVersion', 'mediaType', 'manifests', 'config', 'layers', 'fsLayers', 'signatures'];

function withKnownSpelling(manifest: JsonObject): JsonObject {
  const other = findOtherSpelling(manifest, KIND_MEMBERS);
  if (other === undefined) return manifest;
  throw invalid(`has the member ${JSON.stringify(other)}, spelled in another way`);
}

function invalid(fault: string, cause?: unknown): StoreError {
  return new StoreError('BodyInvalid', `the manifest ${fault}`, cause === undefined ? {} : { cause });
}
