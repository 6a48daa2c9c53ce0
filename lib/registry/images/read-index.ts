import { decodeUtf8 } from '../../base/documents/decode.ts';
import { findOtherSpelling, isJsonObject, type JsonObject, type JsonValue } from '../../base/documents/json-value.ts';
import { parseStrictJson } from '../../base/documents/parse-strict-json.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { type Digest, isDigest } from '../../base/names/digest.ts';
import type { Platform } from '../../base/names/platform.ts';
import { COSIGN_SIGNATURE_TYPE, isBundleType } from '../../crypto/sigstore/signature-blob.ts';
import type { Manifest } from '../client/registry-client.ts';

/** A manifest that an index names, as a node reads the entry. */
export interface IndexEntry {
  readonly digest: Digest;
  readonly mediaType: string;
  /** Undefined where the index names none. */
  readonly platform: Platform | undefined;
  /** Its layers are compressed by zstd, which nodes prefer. */
  readonly isZstd: boolean;
  /** Undefined where the index names none. Nodes ignore it when they choose. */
  readonly artifactType: string | undefined;
}

export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
export const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';

/** Manifests that one index may name. */
export const MAX_INDEX_ENTRIES = 256;
/** Bytes of the manifests that a decision rests on, which its record keeps. */
export const MAX_JUDGED_MANIFEST_BYTES = 512 * 1024;

const MAX_TEXT_LENGTH = 256;
const ZSTD_ANNOTATION = 'io.github.containers.compression.zstd';

export function isIndexType(mediaType: string): boolean {
  return mediaType === OCI_INDEX || mediaType === DOCKER_LIST;
}

/**
 * The entries of an OCI index or a Docker manifest list, in their order.
 *
 * @throws StoreError `BodyInvalid`; `LimitExceeded`
 */
export function readIndexEntries({ bytes }: { readonly bytes: Uint8Array }): readonly IndexEntry[] {
  const index = parseIndex(bytes);
  requireOneSpelling(index, INDEX_MEMBERS, 'it');
  const { manifests } = index;
  if (!Array.isArray(manifests)) throw invalidIndex('it has no array of manifests');
  if (manifests.length > MAX_INDEX_ENTRIES) {
    throw new StoreError('LimitExceeded', `the index names more than ${MAX_INDEX_ENTRIES} manifests`);
  }
  return manifests.map((untrusted, position) => readEntry(untrusted, `manifests[${position}]`));
}

function readEntry(untrusted: JsonValue, path: string): IndexEntry {
  if (!isJsonObject(untrusted)) throw invalidIndex(`${path} is not an object`);
  requireOneSpelling(untrusted, ENTRY_MEMBERS, path);
  const digest = readText(untrusted, 'digest', path);
  if (!isDigest(digest)) throw invalidIndex(`${path}.digest is not a digest`);
  const { annotations, artifactType, platform } = untrusted;
  return {
    digest,
    mediaType: readText(untrusted, 'mediaType', path),
    platform: platform === undefined || platform === null ? undefined : readPlatform(platform, `${path}.platform`),
    isZstd: isJsonObject(annotations) && annotations[ZSTD_ANNOTATION] === 'true',
    artifactType: typeof artifactType === 'string' && artifactType !== '' ? artifactType : undefined,
  };
}

/** A platform is never dropped for what it leaves out: an empty text matches no node, as in containers/image. */
function readPlatform(platform: JsonValue, path: string): Platform {
  if (!isJsonObject(platform)) throw invalidIndex(`${path} is not an object`);
  requireOneSpelling(platform, PLATFORM_MEMBERS, path);
  return {
    os: readOptionalText(platform, 'os', path),
    architecture: readOptionalText(platform, 'architecture', path),
    variant: readOptionalText(platform, 'variant', path),
  };
}

function readOptionalText(object: JsonObject, member: string, path: string): string {
  return object[member] === undefined || object[member] === '' ? '' : readText(object, member, path);
}

function readText(object: JsonObject, member: string, path: string): string {
  const value = object[member];
  if (typeof value === 'string' && value !== '' && value.length <= MAX_TEXT_LENGTH) return value;
  throw invalidIndex(`${path}.${member} is not a text of 1 to ${MAX_TEXT_LENGTH} characters`);
}

/**
 * Whether the manifest of an entry is an artefact by its contents, which nodes refuse to run: its configuration is not that
 * of an image. What the index says of the entry does not count.
 *
 * @throws StoreError `BodyInvalid`
 */
export function isArtefact({ bytes, mediaType }: { readonly bytes: Uint8Array; readonly mediaType: string }): boolean {
  if (mediaType !== OCI_MANIFEST) return false;
  const manifest = parseIndex(bytes);
  requireOneSpelling(manifest, ['config'], 'an entry’s manifest');
  const { config } = manifest;
  if (!isJsonObject(config)) return false;
  requireOneSpelling(config, ['mediaType'], 'the configuration of an entry’s manifest');
  const { mediaType: type } = config;
  return typeof type === 'string' && type !== '' && !IMAGE_CONFIGURATIONS.includes(type);
}

const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const IMAGE_CONFIGURATIONS: readonly string[] = [
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
];

function parseIndex(bytes: Uint8Array): JsonObject {
  try {
    const index = parseStrictJson(decodeUtf8(bytes));
    if (isJsonObject(index)) return index;
  } catch (cause) {
    throw invalidIndex('it is not strict JSON in UTF-8', cause);
  }
  throw invalidIndex('it is not an object');
}

const INDEX_MEMBERS = ['schemaVersion', 'mediaType', 'manifests'];
const ENTRY_MEMBERS = ['mediaType', 'digest', 'platform', 'annotations'];
const PLATFORM_MEMBERS = ['os', 'architecture', 'variant'];

function requireOneSpelling(object: JsonObject, known: readonly string[], path: string): void {
  const other = findOtherSpelling(object, known);
  if (other === undefined) return;
  throw invalidIndex(`${path} has the member ${JSON.stringify(other)}, spelled in another way`);
}

export function invalidIndex(fault: string, cause?: unknown): StoreError {
  return new StoreError('BodyInvalid', `the index is refused: ${fault}`, cause === undefined ? {} : { cause });
}

/** Layers of statements about images: in-toto ones of BuildKit and cosign, bare or in their envelope. */
const STATEMENT_TYPES: readonly string[] = ['application/vnd.in-toto+json', 'application/vnd.dsse.envelope.v1+json'];

/** What a manifest is: something that a node may run, or something about an image. */
export interface ManifestUse {
  readonly kind: 'image' | 'attachment';
  /** Whether a node would run it if it were asked to, since nodes look at no type of a layer. */
  readonly mayRun: boolean;
  /** What it says that it is about; undefined where it says nothing. */
  readonly subject: Digest | undefined;
}

/**
 * Tells an attachment from an image by the manifest's contents, whatever an event or a list says of it. An attachment is
 * an artefact, whose configuration is not that of an image, or has nothing but signatures and statements as layers. What
 * cannot be told is an image, which is judged.
 */
export function readManifestUse(manifest: Pick<Manifest, 'bytes' | 'mediaType'>): ManifestUse {
  const content = parseObject(manifest.bytes);
  const { subject: named = null } = content;
  const digest = isJsonObject(named) ? named['digest'] : undefined;
  const subject = typeof digest === 'string' && isDigest(digest) ? digest : undefined;
  const isIndex = isIndexType(manifest.mediaType);
  const mayRun = isIndex || (isJsonObject(content['config'] ?? null) && !isNoImage(manifest));
  const isAttachment = !isIndex && (isNoImage(manifest) || hasAttachedLayersAlone(content));
  return { kind: isAttachment ? 'attachment' : 'image', mayRun, subject };
}

function isNoImage(manifest: Pick<Manifest, 'bytes' | 'mediaType'>): boolean {
  try {
    return isArtefact(manifest);
  } catch (error) {
    if (error instanceof StoreError) return false;
    throw error;
  }
}

function hasAttachedLayersAlone({ layers = null }: JsonObject): boolean {
  return (
    Array.isArray(layers) && layers.length > 0 && layers.every((layer) => isJsonObject(layer) && isAttached(layer))
  );
}

function isAttached({ mediaType }: JsonObject): boolean {
  if (typeof mediaType !== 'string') return false;
  return mediaType === COSIGN_SIGNATURE_TYPE || isBundleType(mediaType) || STATEMENT_TYPES.includes(mediaType);
}

/** Empty for what is no object in strict JSON. */
function parseObject(bytes: Uint8Array): JsonObject {
  try {
    const value = parseStrictJson(decodeUtf8(bytes));
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}
