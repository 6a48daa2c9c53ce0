import { isJsonObject, type JsonObject, type JsonValue } from '../../base/documents/json-value.ts';
import { parseStrictJson } from '../../base/documents/parse-strict-json.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { type Digest, isDigest } from '../../base/names/digest.ts';
import type { Manifest } from '../client/registry-client.ts';

/** A manifest that a list names. */
export interface ChildManifest {
  readonly digest: Digest;
  /** As the list says; a list may name another list, or what is no image. */
  readonly mediaType: string;
  /** What it is for; undefined where the list does not say, and `unknown` as builders write it for attestations. */
  readonly platform: { readonly architecture: string; readonly os: string } | undefined;
  /** What it is where it is no image; missing where the list does not say. */
  readonly artifactType?: string;
}

/** What nodes make of a list. */
export interface ListedImages {
  /** Never empty; a node may choose each of them. */
  readonly images: readonly ChildManifest[];
  /** Attestations and other artefacts, which no node chooses. */
  readonly others: readonly ChildManifest[];
}

/** Manifests that one list may name. */
export const MAX_CHILDREN = 256;

const MAX_TEXT_LENGTH = 256;

/**
 * What an OCI index or a Docker manifest list names, each digest once; nothing for the manifest of an image.
 *
 * @param manifest held against its digest, as a registry client returns it
 * @throws StoreError `BodyInvalid`, or `LimitExceeded` for more than {@link MAX_CHILDREN}
 */
export function listChildren({ bytes, mediaType }: Pick<Manifest, 'bytes' | 'mediaType'>): readonly ChildManifest[] {
  if (LIST_TYPES.has(mediaType)) return readManifests(parseList(bytes));
  if (IMAGE_TYPES.has(mediaType)) return [];
  throw invalid('is of a media type that is not read');
}

/**
 * The images that a list names, of all platforms; undefined for the manifest of an image. A list in a list is refused,
 * whatever its platform, and so is a list without an image: to take either for complete would be to look at nothing.
 *
 * @throws StoreError as {@link listChildren}
 */
export function listImages(manifest: Pick<Manifest, 'bytes' | 'mediaType'>): ListedImages | undefined {
  if (IMAGE_TYPES.has(manifest.mediaType)) return undefined;
  const children = listChildren(manifest);
  const nested = children.find(({ mediaType }) => LIST_TYPES.has(mediaType));
  if (nested !== undefined) throw invalid(`names ${nested.digest}, which is a list: lists in lists are refused`);
  const images = children.filter(isImage);
  if (images.length === 0) throw invalid('names no image');
  const unknown = images.find(({ mediaType }) => !IMAGE_TYPES.has(mediaType));
  if (unknown !== undefined) throw invalid(`names ${unknown.digest}, which is ${unknown.mediaType} and no image`);
  return { images, others: children.filter((child) => !isImage(child)) };
}

/** What is for a platform is an image, whatever else it is said to be. Builders write `unknown` for what is none. */
function isImage({ platform, artifactType }: ChildManifest): boolean {
  if (platform === undefined) return artifactType === undefined;
  return platform.os !== 'unknown' && platform.architecture !== 'unknown';
}

const LIST_TYPES: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
]);
const IMAGE_TYPES: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
]);

function readManifests({ manifests }: JsonObject): readonly ChildManifest[] {
  if (!Array.isArray(manifests)) throw invalid('has no array of manifests');
  if (manifests.length > MAX_CHILDREN) {
    throw new StoreError('LimitExceeded', `the list names more than ${MAX_CHILDREN} manifests`);
  }
  const children = new Map<Digest, ChildManifest>();
  for (const [index, untrustedChild] of manifests.entries()) {
    const child = readChild(untrustedChild, `manifests[${index}]`);
    const known = children.get(child.digest);
    // Named twice, it is an image if it is one either time.
    if (known === undefined || (!isImage(known) && isImage(child))) children.set(child.digest, child);
  }
  return [...children.values()];
}

function readChild(untrustedChild: JsonValue, path: string): ChildManifest {
  if (!isJsonObject(untrustedChild)) throw invalid(`has ${path}, which is not an object`);
  const digest = readText(untrustedChild, 'digest', path);
  if (!isDigest(digest)) throw invalid(`has ${path}.digest, which is not a digest`);
  const { artifactType } = untrustedChild;
  return {
    digest,
    mediaType: readText(untrustedChild, 'mediaType', path),
    platform: readPlatform(untrustedChild, path),
    ...(typeof artifactType === 'string' && artifactType !== '' ? { artifactType } : {}),
  };
}

function readPlatform({ platform }: JsonObject, path: string): ChildManifest['platform'] {
  if (platform === undefined) return undefined;
  if (!isJsonObject(platform)) throw invalid(`has ${path}.platform, which is not an object`);
  const place = `${path}.platform`;
  return { architecture: readText(platform, 'architecture', place), os: readText(platform, 'os', place) };
}

function readText(object: JsonObject, member: string, path: string): string {
  const value = object[member];
  if (typeof value === 'string' && value !== '' && value.length <= MAX_TEXT_LENGTH) return value;
  throw invalid(`has ${path}.${member}, which is not a short text`);
}

function parseList(bytes: Uint8Array): JsonObject {
  try {
    const list = parseStrictJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
    if (isJsonObject(list)) return list;
  } catch (cause) {
    throw invalid('is not strict JSON', cause);
  }
  throw invalid('is not an object');
}

function invalid(fault: string, cause?: unknown): StoreError {
  return new StoreError('BodyInvalid', `the list ${fault}`, cause === undefined ? {} : { cause });
}
