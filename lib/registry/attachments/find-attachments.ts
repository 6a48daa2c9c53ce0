import { isJsonObject, type JsonValue } from '../../base/documents/json-value.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/reference.ts';
import { BUNDLE_TYPE } from '../../crypto/sigstore/signature-blob.ts';
import {
  INDEX_MEDIA_TYPE,
  MAX_REFERRERS,
  parseDescriptors,
  type UntrustedDescriptor,
} from '../client/list-referrers.ts';
import type { Manifest, RegistryClient } from '../client/registry-client.ts';
import {
  parseAttachedManifest,
  readParsed,
  readSignatureLayers,
  type UntrustedLayer,
} from './read-signature-layers.ts';

/** Reads attachments from a repository's registry. */
export type AttachmentReader = Pick<RegistryClient, 'readManifest' | 'readBlob' | 'listReferrers'>;

/** A manifest with signatures beside an image. It has its digest; its content is untrusted. */
export interface UntrustedAttachment {
  /** `cosign`: layers of payloads, under the image's `.sig` tag. `bundle`: one layer, and the image as its subject. */
  readonly form: 'cosign' | 'bundle';
  readonly location: string;
  /** The tag that names it; missing if the referrers API names it by digest. */
  readonly tag?: string | undefined;
  readonly manifest: Manifest;
  /** Those of its layers that are signatures. */
  readonly layers: readonly UntrustedLayer[];
}

export type AttachmentEntry =
  | { readonly kind: 'attachment'; readonly attachment: UntrustedAttachment }
  | { readonly kind: 'absent'; readonly location: string }
  | { readonly kind: 'failed'; readonly location: string; readonly error: StoreError };

/** Bundles read for one image. */
export const MAX_BUNDLES = 128;

/** Characters of a tag (OCI distribution). */
const MAX_TAG_LENGTH = 128;
const EMPTY_TYPE = 'application/vnd.oci.empty.v1+json';
const MANIFEST_TYPES: readonly string[] = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];

/** The tag of an image's cosign signatures. For long digests it exceeds the length of a tag. */
export function toSignatureTag(digest: Digest): string {
  return `${digest.replace(':', '-')}.sig`;
}

/** The tag that lists an image's referrers in a registry without the API, shortened by OCI distribution 1.1. */
export function toReferrersTag(digest: Digest): string {
  const [algorithm = '', hex = ''] = digest.split(':');
  return `${algorithm.slice(0, 32)}-${hex.slice(0, 64)}`;
}

/**
 * Finds the Sigstore signatures of an image in a repository: the manifest at its `.sig` tag, then bundles by the referrers
 * API or its tag. Each is read on demand. Throws nothing but the signal's abort reason.
 */
export async function* findAttachments(
  reader: AttachmentReader,
  repository: Repository,
  digest: Digest,
  signal: AbortSignal,
): AsyncGenerator<AttachmentEntry> {
  const tag = toSignatureTag(digest);
  const location = `${repository}:${tag}`;
  // A name that is too long for a tag, as for a SHA-512 digest, cannot have been pushed.
  if (tag.length > MAX_TAG_LENGTH) yield { kind: 'absent', location };
  else yield await readSignatures(reader, repository, tag, signal);
  yield* findBundles(reader, repository, digest, signal);
}

function readSignatures(
  reader: AttachmentReader,
  repository: Repository,
  tag: string,
  signal: AbortSignal,
): Promise<AttachmentEntry> {
  const location = `${repository}:${tag}`;
  return attempt(location, signal, async () => {
    const manifest = await reader.readManifest(repository, tag, signal);
    return {
      kind: 'attachment',
      attachment: {
        form: 'cosign',
        location,
        tag,
        manifest,
        layers: readParsed(() => readSignatureLayers(manifest), signal),
      },
    };
  });
}

async function* findBundles(
  reader: AttachmentReader,
  repository: Repository,
  digest: Digest,
  signal: AbortSignal,
): AsyncGenerator<AttachmentEntry> {
  const listed = await attempt(`${repository}@${digest} (referrers)`, signal, () =>
    listBundles(reader, repository, digest, signal),
  );
  if ('kind' in listed) {
    yield listed;
    return;
  }
  const { location, descriptors } = listed;
  let found = 0;
  for (const descriptor of descriptors.filter(mayBeBundle)) {
    if (found === MAX_BUNDLES) {
      const error = new StoreError('LimitExceeded', `more than ${MAX_BUNDLES} bundles; no further one is read`);
      yield { kind: 'failed', location, error };
      return;
    }
    const entry = await readBundle(reader, repository, digest, descriptor, signal);
    if (entry === undefined) continue;
    found += 1;
    yield entry;
  }
  yield { kind: 'absent', location };
}

interface Listed {
  readonly location: string;
  readonly descriptors: readonly UntrustedDescriptor[];
}

/** @throws StoreError `NotFound` if the registry has neither the API nor the tag */
async function listBundles(
  reader: AttachmentReader,
  repository: Repository,
  digest: Digest,
  signal: AbortSignal,
): Promise<Listed> {
  const descriptors = await reader.listReferrers(repository, digest, signal);
  if (descriptors !== undefined) return { location: `${repository}@${digest} (referrers)`, descriptors };
  const tag = toReferrersTag(digest);
  const location = `${repository}:${tag}`;
  const { bytes, mediaType } = await reader.readManifest(repository, tag, signal);
  if (mediaType !== INDEX_MEDIA_TYPE) throw new StoreError('BodyInvalid', `${location} is not an index`);
  const tagged = parseDescriptors(bytes, location);
  if (tagged.length <= MAX_REFERRERS) return { location, descriptors: tagged };
  throw new StoreError('LimitExceeded', `${location} lists more than ${MAX_REFERRERS} referrers`);
}

/**
 * The artifact type of a list is a hint: older registries leave it out, and cosign 2.6 writes its bundles into the list
 * under the tag by the type of their empty configuration.
 */
function mayBeBundle({ mediaType, artifactType }: UntrustedDescriptor): boolean {
  if (!MANIFEST_TYPES.includes(mediaType)) return false;
  return artifactType === undefined || artifactType === EMPTY_TYPE || artifactType === BUNDLE_TYPE;
}

/** Undefined if it is no bundle. */
async function readBundle(
  reader: AttachmentReader,
  repository: Repository,
  digest: Digest,
  { digest: bundle, artifactType }: UntrustedDescriptor,
  signal: AbortSignal,
): Promise<AttachmentEntry | undefined> {
  const location = `${repository}@${bundle}`;
  const entry = await attempt(location, signal, async () => {
    const manifest = await reader.readManifest(repository, bundle, signal);
    const { subject, layers } = readParsed(() => readBundleManifest(manifest), signal);
    if (layers.length === 0 && artifactType !== BUNDLE_TYPE) return undefined;
    if (layers.length !== 1) throw new StoreError('BodyInvalid', `${location} does not have one bundle`);
    if (!isJsonObject(subject) || subject['digest'] !== digest) {
      throw new StoreError('BodyInvalid', `${location} does not name ${digest} as its subject`);
    }
    return { kind: 'attachment', attachment: { form: 'bundle', location, manifest, layers } } as const;
  });
  if (entry?.kind !== 'absent') return entry;
  // A listed manifest that is missing is a failure: the signature could have been in it.
  const error = new StoreError('BodyInvalid', `${location} is listed, and the registry does not have it`);
  return { kind: 'failed', location, error };
}

function readBundleManifest(manifest: Manifest): {
  readonly subject: JsonValue;
  readonly layers: readonly UntrustedLayer[];
} {
  const { subject = null } = parseAttachedManifest(manifest);
  return { subject, layers: readSignatureLayers(manifest).filter(({ mediaType }) => mediaType === BUNDLE_TYPE) };
}

async function attempt<T>(
  location: string,
  signal: AbortSignal,
  read: () => Promise<T>,
): Promise<T | Exclude<AttachmentEntry, { kind: 'attachment' }>> {
  try {
    return await read();
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof StoreError)) throw error;
    return error.code === 'NotFound' ? { kind: 'absent', location } : { kind: 'failed', location, error };
  }
}
