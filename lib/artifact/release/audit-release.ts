import { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import { parseReference, type Repository } from '../../base/names/reference.ts';
import { runBounded } from '../../platform/queues/run-bounded.ts';
import { listImages } from '../../registry/images/list-children.ts';
import type { ManifestReader } from '../../registry/profile/profile-registries.ts';
import type { SignatureStore } from '../../stores/port/signature-store.ts';
import type { ReadyTrust } from '../../trust/source/trust-source.ts';
import { allOf } from '../../verdict/judge/outcome.ts';
import type { Outcome } from '../../verdict/judge/verdict.ts';
import { type AuditException, findException } from './audit-exceptions.ts';
import { type AuditedStore, auditStore } from './audit-store.ts';

/** The architectures of release tags, as `VERSION-ARCHITECTURE`. */
export const RELEASE_ARCHITECTURES: readonly string[] = ['x86_64', 'aarch64', 'ppc64le', 's390x', 'multi'];

/** Digests and stores that are read at a time. */
const CONCURRENCY = 8;

export interface AuditRequest {
  readonly version: string;
  readonly repository: Repository;
  /** Whose tags have to be there; undefined for every architecture of which there is a tag. */
  readonly architectures?: readonly string[] | undefined;
  readonly reader: ManifestReader;
  /** Each is audited by itself. */
  readonly stores: readonly SignatureStore[];
  readonly trust: ReadyTrust;
  readonly exceptions: readonly AuditException[];
  readonly now: Date;
  readonly signal: AbortSignal;
  readonly onAudited?: ((done: number, total: number) => void) | undefined;
}

/** An image of the release in every store. */
export interface AuditedImage {
  readonly architecture: string;
  readonly part: 'image' | 'list' | 'child';
  /** `os/architecture` of a child. */
  readonly platform?: string | undefined;
  readonly pullspec: string;
  readonly digest: Digest;
  readonly outcome: Outcome;
  readonly stores: readonly AuditedStore[];
}

/** A tag that is not there, or whose manifest cannot be read. */
interface AuditedTag {
  readonly tag: string;
  readonly outcome: Outcome;
  readonly code: 'TagMissing' | 'StoreUnavailable';
  readonly message: string;
  readonly exception?: AuditException | undefined;
}

export interface ReleaseAudit {
  readonly schema: 1;
  readonly version: string;
  readonly repository: Repository;
  readonly profile: string;
  readonly trustRevision: string;
  readonly auditedAt: string;
  readonly outcome: Outcome;
  readonly images: readonly AuditedImage[];
  readonly tags: readonly AuditedTag[];
}

type Found = Omit<AuditedImage, 'outcome' | 'stores'>;

/**
 * Reads the tags of a release, the list and its children, and verifies every signature of each in every store by itself:
 * what a publisher has to know, and a cluster, for which one store and one signature suffice, does not find out.
 *
 * @throws the abort reason of the signal
 */
export async function auditRelease(request: AuditRequest): Promise<ReleaseAudit> {
  const { version, repository, trust, now, stores, signal, onAudited } = request;
  const wanted = request.architectures ?? RELEASE_ARCHITECTURES;
  const read = await runBounded(wanted, CONCURRENCY, async (architecture) => await findImages(architecture, request));
  const found = read.flatMap(({ images }) => images);
  const tags = read.flatMap(({ tag }) => (tag === undefined ? [] : [tag]));
  const pairs = found.flatMap((image) => stores.map((store) => ({ image, store })));
  let done = 0;
  const audited = await runBounded(pairs, CONCURRENCY, async ({ image, store }) => {
    const result = await auditStore(image.digest, store, { ...request, tag: toTag(version, image) });
    done += 1;
    onAudited?.(done, pairs.length);
    return { image, result: excuse(result, image.architecture, request) };
  });
  signal.throwIfAborted();
  const images = found.map((image): AuditedImage => {
    const own = audited.filter((one) => one.image === image).map(({ result }) => result);
    return { ...image, outcome: own.length === 0 ? 'rejected' : allOf(own.map(({ outcome }) => outcome)), stores: own };
  });
  const outcomes = [...images, ...tags].map(({ outcome }) => outcome);
  // No image at all shows nothing, unless the registry did not say what there is.
  const isEmpty = images.length === 0 && tags.every(({ code }) => code === 'TagMissing');
  return {
    schema: 1,
    version,
    repository,
    profile: trust.prepared.profile,
    trustRevision: trust.prepared.revision,
    auditedAt: now.toISOString(),
    outcome: allOf(isEmpty ? [...outcomes, 'rejected'] : outcomes),
    images,
    tags,
  };
}

/** The tag that signatures of an image may name; a child has none. */
function toTag(version: string, { part, architecture }: Found): string | undefined {
  return part === 'child' ? undefined : `${version}-${architecture}`;
}

function excuse(result: AuditedStore, architecture: string, { version, exceptions }: AuditRequest): AuditedStore {
  if (result.state !== 'absent') return result;
  const missing = { version, architecture, store: result.store, code: 'SignatureNotFound' };
  const exception = findException(exceptions, missing);
  return exception === undefined ? result : { ...result, outcome: 'accepted', exception };
}

interface FoundImages {
  readonly images: readonly Found[];
  readonly tag?: AuditedTag;
}

async function findImages(architecture: string, request: AuditRequest): Promise<FoundImages> {
  const { version, repository, reader, signal, exceptions, architectures } = request;
  const tag = `${version}-${architecture}`;
  try {
    const digest = await reader.resolveTag(repository, tag, signal);
    const manifest = await reader.readManifest(repository, digest, signal);
    const listed = listImages(manifest);
    const whole = { architecture, pullspec: `${repository}:${tag}`, digest } as const;
    const children = (listed?.images ?? []).map((child): Found => ({
      architecture,
      part: 'child',
      platform: child.platform === undefined ? undefined : `${child.platform.os}/${child.platform.architecture}`,
      pullspec: `${repository}@${child.digest}`,
      digest: child.digest,
    }));
    return { images: [{ ...whole, part: listed === undefined ? 'image' : 'list' }, ...children] };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    if (error.code !== 'NotFound') {
      return { images: [], tag: { tag, outcome: 'indeterminate', code: 'StoreUnavailable', message: error.message } };
    }
    const exception = findException(exceptions, { version, architecture, code: 'TagMissing' });
    // Not every release is made for every architecture: only one that was named has to be there.
    const outcome = architectures === undefined || exception !== undefined ? 'accepted' : 'rejected';
    const message = `${repository} has no tag ${tag}`;
    return { images: [], tag: { tag, outcome, code: 'TagMissing', message, exception } };
  }
}

/** Whether a version is of a form that tags have. */
export function isReleaseVersion(text: string): boolean {
  try {
    return (
      /^[0-9]+\.[0-9]+\.[0-9]+/.test(text) && parseReference(`registry.invalid/a/b:${text}-multi`).tag !== undefined
    );
  } catch {
    return false;
  }
}
