import { isJsonObject } from '../../base/documents/json-value.ts';
import { StoreError, type StoreErrorCode } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/reference.ts';
import { COSIGN_REFERRER_TYPE, isBundleType } from '../../crypto/sigstore/signature-blob.ts';
import {
  INDEX_MEDIA_TYPE,
  MAX_REFERRERS,
  parseDescriptors,
  type ReferrerList,
  type UntrustedDescriptor,
} from '../client/list-referrers.ts';
import type { Manifest } from '../client/registry-client.ts';
import {
  type AttachmentEntry,
  type AttachmentReader,
  attempt,
  type FailedEntry,
  type SignatureBudget,
  toReferrersTag,
  toUnread,
  type UntrustedAttachment,
} from './attachment.ts';
import { parseAttachedManifest, readParsed, readSignatureLayers } from './read-signature-layers.ts';

const EMPTY_TYPE = 'application/vnd.oci.empty.v1+json';
const MANIFEST_TYPES: readonly string[] = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];

/** Finds signatures among what refers to an image: by the referrers API, or the tag that stands for it. */
export async function* findReferrers(
  reader: AttachmentReader,
  repository: Repository,
  digest: Digest,
  budget: SignatureBudget,
  signal: AbortSignal,
): AsyncGenerator<AttachmentEntry> {
  const listed = await listAll(reader, repository, digest, signal);
  if ('kind' in listed) {
    yield listed;
    return;
  }
  const { location, descriptors, fault } = listed;
  // Each once: a list may name a manifest again.
  const candidates = [...new Map(descriptors.filter(mayBeSignature).map((one) => [one.digest, one])).values()];
  for (const [at, descriptor] of candidates.entries()) {
    if (budget.isSpent()) {
      yield toUnread(location, descriptor.digest, candidates.length - at - 1);
      break;
    }
    const entry = await readReferrer(reader, repository, digest, descriptor, signal);
    if (entry === undefined) continue;
    if (entry.kind !== 'attachment') {
      budget.spend();
      yield entry;
      continue;
    }
    const { attachment, fault: ofLayer } = entry;
    const { kept, unread } = budget.take(attachment.layers, attachment.location);
    yield { kind: 'attachment', attachment: { ...attachment, layers: kept } };
    if (ofLayer !== undefined) yield { kind: 'failed', location: attachment.location, error: ofLayer };
    if (unread !== undefined) yield unread;
  }
  yield fault === undefined ? { kind: 'absent', location } : { kind: 'failed', location, error: fault };
}

interface Listed extends ReferrerList {
  readonly location: string;
}

/** Of a registry that answers otherwise than the API does: its list may be under the tag. */
const NO_ANSWER: ReadonlySet<StoreErrorCode> = new Set(['BodyInvalid', 'StatusUnexpected']);

/**
 * What refers to an image. A registry without the API says 404. Others answer with another status or a page: then the
 * tag is read as well, and the answer stays a fault, since a working API could have listed more.
 */
async function listAll(
  reader: AttachmentReader,
  repository: Repository,
  digest: Digest,
  signal: AbortSignal,
): Promise<Listed | Exclude<AttachmentEntry, { kind: 'attachment' }>> {
  const location = `${repository}@${digest} (referrers)`;
  const byApi = await attempt(location, signal, async () => ({
    list: await reader.listReferrers(repository, digest, signal),
  }));
  if ('list' in byApi && byApi.list !== undefined) return { location, ...byApi.list };
  const isOther = 'kind' in byApi && byApi.kind === 'failed' && NO_ANSWER.has(byApi.error.code);
  if ('kind' in byApi && !isOther) return byApi;
  const tag = toReferrersTag(digest);
  const at = `${repository}:${tag}`;
  const byTag = await attempt(at, signal, async () =>
    readParsed(() => listTagged, signal)(await reader.readManifest(repository, tag, signal), at),
  );
  if (!('kind' in byApi)) return byTag;
  return 'kind' in byTag ? byApi : { ...byTag, fault: 'error' in byApi ? byApi.error : byTag.fault };
}

/** @throws StoreError `BodyInvalid` */
function listTagged({ bytes, mediaType }: Manifest, location: string): Listed {
  if (mediaType !== INDEX_MEDIA_TYPE) throw new StoreError('BodyInvalid', `${location} is not an index`);
  const list = parseDescriptors(bytes, location);
  if (list.descriptors.length <= MAX_REFERRERS) return { location, ...list };
  const reason = `${location} lists more than ${MAX_REFERRERS} referrers; no further one is read`;
  return {
    location,
    descriptors: list.descriptors.slice(0, MAX_REFERRERS),
    fault: new StoreError('LimitExceeded', reason),
  };
}

/**
 * The artifact type of a list is a hint: older registries leave it out, and cosign 2.6 writes its bundles into the list
 * under the tag by the type of their empty configuration.
 */
function mayBeSignature({ mediaType, artifactType }: UntrustedDescriptor): boolean {
  if (!MANIFEST_TYPES.includes(mediaType)) return false;
  return artifactType === undefined || artifactType === EMPTY_TYPE || isSignatureType(artifactType);
}

function isSignatureType(artifactType: string): boolean {
  return artifactType === COSIGN_REFERRER_TYPE || isBundleType(artifactType);
}

interface ReadReferrer {
  readonly kind: 'attachment';
  readonly attachment: UntrustedAttachment;
  readonly fault: StoreError | undefined;
}

/** Undefined if it is no signature. */
async function readReferrer(
  reader: AttachmentReader,
  repository: Repository,
  image: Digest,
  { digest, artifactType }: UntrustedDescriptor,
  signal: AbortSignal,
): Promise<ReadReferrer | FailedEntry | undefined> {
  const location = `${repository}@${digest}`;
  const entry = await attempt(location, signal, async () => {
    const manifest = await reader.readManifest(repository, digest, signal);
    const isClaimed = artifactType !== undefined && isSignatureType(artifactType);
    return { found: readParsed(() => parseReferrer(manifest, { image, location, isClaimed }), signal) };
  });
  if ('found' in entry) return entry.found;
  if (entry.kind === 'failed') return entry;
  // A listed manifest that is missing is a failure: the signature could have been in it.
  const error = new StoreError('BodyInvalid', `${location} is listed, and the registry does not have it`);
  return { kind: 'failed', location, error };
}

interface Claim {
  readonly image: Digest;
  readonly location: string;
  /** Whether the list says that it is a signature. */
  readonly isClaimed: boolean;
}

/** @throws StoreError `BodyInvalid` */
function parseReferrer(manifest: Manifest, { image, location, isClaimed }: Claim): ReadReferrer | undefined {
  const { subject = null } = parseAttachedManifest(manifest);
  const { layers, fault } = readSignatureLayers(manifest);
  const form = layers.every(({ mediaType }) => isBundleType(mediaType)) ? 'bundle' : 'referrer';
  if (layers.length === 0 && fault === undefined && !isClaimed) return undefined;
  if (layers.length === 0) throw fault ?? new StoreError('BodyInvalid', `${location} has no signature`);
  // As cosign has it: one manifest for each bundle.
  if (form === 'bundle' && layers.length !== 1) {
    throw new StoreError('BodyInvalid', `${location} does not have one bundle`);
  }
  if (!isJsonObject(subject) || subject['digest'] !== image) {
    throw new StoreError('BodyInvalid', `${location} does not name ${image} as its subject`);
  }
  return { kind: 'attachment', attachment: { form, location, manifest, layers }, fault };
}
