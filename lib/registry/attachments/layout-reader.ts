import { isJsonObject, type JsonObject, type JsonValue } from '../../base/documents/json-value.ts';
import { parseStrictJson } from '../../base/documents/parse-strict-json.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { type Digest, isDigest } from '../../base/names/digest.ts';
import { parseReference } from '../../base/names/reference.ts';
import type { Repository } from '../../base/names/repository.ts';
import { checkManifest, toManifestMediaType } from '../client/manifest-media-type.ts';
import type { Manifest } from '../client/registry-client.ts';
import { verifyContent } from '../client/verify-content.ts';
import { type AttachmentReader, toSignatureTag } from './find-attachments.ts';
import { REFERENCE_ANNOTATION } from './layout-files.ts';

/** What a layout holds, read as a registry with the referrers API is. */
export interface LayoutReader extends AttachmentReader {
  /** The images that something lies beside, each once, in the order of the index. */
  readonly images: readonly { readonly repository: Repository; readonly digest: Digest }[];
}

/** Manifests that one layout may list. */
export const MAX_LAYOUT_MANIFESTS = 100_000;

interface Entry {
  readonly repository: Repository;
  readonly tag: string | undefined;
  readonly digest: Digest;
  /** The image beside which it lies. */
  readonly image: Digest;
  readonly manifest: Manifest;
}

/**
 * @param readBlob undefined for what is not there
 * @throws StoreError `BodyInvalid` for an index that is none, or that lists what is no signature of an image;
 *   `ContentMismatch`, `LimitExceeded`
 */
export function openLayoutReader(
  untrustedIndex: Uint8Array,
  readBlob: (digest: Digest) => Uint8Array | undefined,
): LayoutReader {
  const entries = parseIndex(untrustedIndex).map((entry) => readEntry(entry, readBlob));
  const images = new Map(
    entries.map(({ repository, image: digest }) => [`${repository}@${digest}`, { repository, digest }]),
  );
  const byName = Map.groupBy(entries, ({ repository, tag, digest }) => `${repository} ${tag ?? digest}`);
  const bySubject = Map.groupBy(
    entries.filter(({ tag }) => tag === undefined),
    ({ repository, image }) => `${repository} ${image}`,
  );
  return {
    images: [...images.values()],
    async readManifest(repository, reference) {
      const [found] = byName.get(`${repository} ${reference}`) ?? [];
      if (found === undefined) throw new StoreError('NotFound', `the layout has no ${repository} ${reference}`);
      return found.manifest;
    },
    async readBlob(_repository, digest, { limitBytes }) {
      return readContent(digest, readBlob, limitBytes);
    },
    async listReferrers(repository, digest) {
      const found = bySubject.get(`${repository} ${digest}`) ?? [];
      return found.map(({ manifest: { mediaType, digest: named } }) => ({
        mediaType,
        digest: named,
        artifactType: undefined,
      }));
    },
  };
}

function parseIndex(untrustedBytes: Uint8Array): readonly JsonObject[] {
  const { manifests } = parseObject(untrustedBytes, 'the index');
  if (!Array.isArray(manifests)) throw invalid('the index', 'is not one');
  if (manifests.length > MAX_LAYOUT_MANIFESTS) {
    throw new StoreError('LimitExceeded', `the index lists more than ${MAX_LAYOUT_MANIFESTS} manifests`);
  }
  return manifests.map((entry) => (isJsonObject(entry) ? entry : {}));
}

function readEntry(
  { digest, mediaType, annotations }: JsonObject,
  readBlob: (digest: Digest) => Uint8Array | undefined,
): Entry {
  const name = annotations !== undefined && isJsonObject(annotations) ? annotations[REFERENCE_ANNOTATION] : undefined;
  const type = typeof mediaType === 'string' ? toManifestMediaType(mediaType) : undefined;
  if (typeof digest !== 'string' || !isDigest(digest) || typeof name !== 'string' || type === undefined) {
    throw invalid('the index', 'lists what has no digest, media type or reference');
  }
  const { repository, tag, digest: named } = parseName(name);
  const bytes = readContent(digest, readBlob);
  checkManifest(bytes, type);
  const manifest = { bytes, mediaType: type, digest };
  const image = tag === undefined ? toSubject(bytes, name) : toImage(tag);
  if (image === undefined || (tag === undefined) !== (named === digest))
    throw invalid(name, 'is no signature of an image');
  return { repository, tag, digest, image, manifest };
}

function parseName(name: string): ReturnType<typeof parseReference> {
  try {
    return parseReference(name);
  } catch (cause) {
    throw invalid(JSON.stringify(name.slice(0, 160)), 'is no reference', cause);
  }
}

function toImage(tag: string): Digest | undefined {
  const digest = tag.replace(/\.sig$/, '').replace('-', ':');
  return isDigest(digest) && toSignatureTag(digest) === tag ? digest : undefined;
}

function toSubject(bytes: Uint8Array, name: string): Digest | undefined {
  const { subject = null }: Readonly<Record<string, JsonValue>> = parseObject(bytes, name);
  const digest = isJsonObject(subject) ? subject['digest'] : undefined;
  return typeof digest === 'string' && isDigest(digest) ? digest : undefined;
}

function readContent(
  digest: Digest,
  readBlob: (digest: Digest) => Uint8Array | undefined,
  limitBytes = Number.POSITIVE_INFINITY,
): Uint8Array {
  const bytes = readBlob(digest);
  if (bytes === undefined) throw new StoreError('NotFound', `the layout has no blob ${digest}`);
  if (bytes.length > limitBytes) throw new StoreError('LimitExceeded', `${digest} has more than ${limitBytes} bytes`);
  verifyContent(bytes, { asked: digest, header: undefined });
  return bytes;
}

function parseObject(bytes: Uint8Array, name: string): JsonObject {
  try {
    const value = parseStrictJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
    if (isJsonObject(value)) return value;
  } catch (cause) {
    throw invalid(name, 'is not strict JSON', cause);
  }
  throw invalid(name, 'is not an object');
}

function invalid(name: string, fault: string, cause?: unknown): StoreError {
  return new StoreError('BodyInvalid', `${name} ${fault}`, cause === undefined ? {} : { cause });
}
