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
  switch (mediaType) {
    case 'application/vnd.oci.image.index.v1+json':
    case 'application/vnd.docker.distribution.manifest.list.v2+json':
      return readManifests(parseList(bytes));
    case 'application/vnd.oci.image.manifest.v1+json':
    case 'application/vnd.docker.distribution.manifest.v2+json':
      return [];
    default:
      throw invalid('is of a media type that is not read');
  }
}

function readManifests({ manifests }: JsonObject): readonly ChildManifest[] {
  if (!Array.isArray(manifests)) throw invalid('has no array of manifests');
  if (manifests.length > MAX_CHILDREN) {
    throw new StoreError('LimitExceeded', `the list names more than ${MAX_CHILDREN} manifests`);
  }
  const children = new Map<Digest, ChildManifest>();
  for (const [index, untrustedChild] of manifests.entries()) {
    const child = readChild(untrustedChild, `manifests[${index}]`);
    if (!children.has(child.digest)) children.set(child.digest, child);
  }
  return [...children.values()];
}

function readChild(untrustedChild: JsonValue, path: string): ChildManifest {
  if (!isJsonObject(untrustedChild)) throw invalid(`has ${path}, which is not an object`);
  const digest = readText(untrustedChild, 'digest', path);
  if (!isDigest(digest)) throw invalid(`has ${path}.digest, which is not a digest`);
  return {
    digest,
    mediaType: readText(untrustedChild, 'mediaType', path),
    platform: readPlatform(untrustedChild, path),
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
