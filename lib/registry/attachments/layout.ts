import { isJsonObject, type JsonObject, type JsonValue } from '../../base/documents/json-value.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { type Digest, isDigest } from '../../base/names/digest.ts';
import { parseReference, type Repository } from '../../base/names/reference.ts';
import { INDEX_MEDIA_TYPE } from '../client/list-referrers.ts';
import { checkManifest, parseObject, toManifestMediaType, verifyContent } from '../client/registry-answers.ts';
import type { Manifest } from '../client/registry-client.ts';
import { type AttachmentReader, toSignatureTag } from './attachment.ts';

/** The name of a manifest in an OCI layout: its repository with the tag, or with the digest for a referrer. */
const REFERENCE_ANNOTATION = 'org.opencontainers.image.ref.name';

/** A manifest of signatures as a layout holds it. */
export interface LayoutAttachment {
  readonly repository: Repository;
  readonly tag?: string | undefined;
  readonly manifest: Manifest;
  readonly blobs: readonly { readonly digest: Digest; readonly bytes: Uint8Array }[];
}

/** The files of an OCI layout. Their bytes do not depend on the order of the attachments. */
interface LayoutFiles {
  readonly index: Uint8Array;
  readonly layout: Uint8Array;
  /** Each once. */
  readonly blobs: ReadonlyMap<Digest, Uint8Array>;
}

/** An OCI layout (image-spec 1.1) of attachments, which other tools can read. */
export function toLayoutFiles(attachments: readonly LayoutAttachment[]): LayoutFiles {
  const blobs = new Map<Digest, Uint8Array>();
  const entries = new Map<string, object>();
  for (const { repository, tag, manifest, blobs: own } of attachments) {
    const { digest, bytes, mediaType } = manifest;
    const name = tag === undefined ? `${repository}@${digest}` : `${repository}:${tag}`;
    entries.set(name, { mediaType, digest, size: bytes.length, annotations: { [REFERENCE_ANNOTATION]: name } });
    blobs.set(digest, bytes);
    for (const blob of own) blobs.set(blob.digest, blob.bytes);
  }
  const manifests = [...entries].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, entry]) => entry);
  const index = { schemaVersion: 2, mediaType: INDEX_MEDIA_TYPE, manifests };
  return {
    index: new TextEncoder().encode(`${JSON.stringify(index)}\n`),
    layout: new TextEncoder().encode('{"imageLayoutVersion":"1.0.0"}'),
    blobs,
  };
}

/** A layout, read like a registry with the referrers API. */
export interface LayoutReader extends AttachmentReader {
  /** The images that have attachments, each once, in the order of the index. */
  readonly images: readonly { readonly repository: Repository; readonly digest: Digest }[];
}

/** Manifests that one layout may list. */
const MAX_LAYOUT_MANIFESTS = 100_000;

interface Entry {
  readonly repository: Repository;
  readonly tag: string | undefined;
  readonly digest: Digest;
  /** The image that it is attached to. */
  readonly image: Digest;
  readonly manifest: Manifest;
}

/**
 * @param readBlob undefined for a missing blob
 * @throws StoreError `BodyInvalid` for an invalid index, or an entry that is no signature of an image;
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
      const descriptors = found.map(({ manifest: { mediaType, digest: named } }) => ({
        mediaType,
        digest: named,
        artifactType: undefined,
      }));
      return { descriptors };
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

function invalid(name: string, fault: string, cause?: unknown): StoreError {
  return new StoreError('BodyInvalid', `${name} ${fault}`, cause === undefined ? {} : { cause });
}
