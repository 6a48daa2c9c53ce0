import { hash } from 'node:crypto';
import { toPlaceFailure } from '../../base/errors/evaluate-candidate.ts';
import { StoreError, type StoreErrorCode } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { DockerReference } from '../../base/names/docker-reference.ts';
import type { Platform } from '../../base/names/platform.ts';
import type { Manifest } from '../../registry/client/registry-client.ts';
import { chooseImages, type ListedEntry } from '../../registry/images/choose-images.ts';
import { manifestDigest } from '../../registry/images/manifest-digest.ts';
import { invalidIndex, isArtefact, isIndexType, MAX_JUDGED_MANIFEST_BYTES } from '../../registry/images/read-index.ts';
import type { PolicyImage } from '../../trust/policy/image-policy.ts';
import type { Judgement } from '../judge/judge.ts';
import type { ImageResult, Outcome } from '../judge/verdict.ts';

/**
 * Whose reading of an index is judged. `node`: CRI-O, podman and `skopeo copy` run one image of an index, and its own
 * signatures decide. `host`: rpm-ostree and bootc fetch the OS image through the host's skopeo, which before version
 * 1.22.2 looks at the signatures of the index alone.
 */
export type ImageReader = 'node' | 'host';

/** An image that nodes run of what was asked for. */
export interface NodeImage {
  readonly digest: Digest;
  /** The platforms whose nodes run it; undefined for what is no image of an index. */
  readonly platforms: readonly string[] | undefined;
}

export interface JudgedImage extends NodeImage {
  readonly outcome: Outcome;
}

/** Each entry of an index with its result; nothing for an image that is in no index. */
export function toImageResults(judged: readonly JudgedImage[], others: readonly ListedEntry[]): readonly ImageResult[] {
  const images = judged.flatMap(({ digest, platforms, outcome }) =>
    platforms === undefined ? [] : [{ digest, platforms, outcome }],
  );
  const listed = others.map(({ digest, platform }) => ({
    digest,
    platforms: platform === undefined ? [] : [platform],
  }));
  return images.length === 0 ? [] : [...images, ...listed];
}

/** The images that nodes run, or what comes of every requirement because they are not known. */
export interface NodeImages {
  readonly images: readonly NodeImage[];
  /** Entries of the index that no node of these platforms runs. */
  readonly others: readonly ListedEntry[];
  /** The manifest that was asked for, and of an index those of the images: evidence of a record. Empty where none was read. */
  readonly manifests: readonly Manifest[];
  readonly fault?: Judgement | undefined;
}

/** The manifest as it was asked for, without looking into it. */
export function asAsked(digest: Digest): NodeImages {
  return { images: [{ digest, platforms: undefined }], others: [], manifests: [] };
}

/**
 * Reads the manifest of a digest, and of an index the images that nodes of the platforms would choose. Bytes that are of
 * another digest, or are no usable index, are a rejection; a manifest that is absent or out of reach leaves everything
 * indeterminate.
 *
 * @param read answers with the bytes of a digest, and has recalculated it
 * @param platforms undefined: every `linux/*` platform that the index names
 * @throws the abort reason of the signal
 */
export async function readNodeImages(
  digest: Digest,
  platforms: readonly Platform[] | undefined,
  read: (digest: Digest) => Promise<Manifest>,
  signal: AbortSignal,
): Promise<NodeImages> {
  try {
    const manifest = await read(digest);
    checkSize([manifest]);
    if (!isIndexType(manifest.mediaType)) return { ...asAsked(digest), manifests: [manifest] };
    const chosen = chooseImages(manifest, platforms);
    const manifests = [manifest];
    const images: NodeImage[] = [];
    const others = [...chosen.others];
    // Each is read: what an index calls an image may be an index by its contents, which no node runs.
    for (const { digest: named, platforms: names, isFallback } of chosen.images) {
      const child = await read(named);
      if (isIndexType(child.mediaType)) throw invalidIndex(`${named} is called an image, and is an index itself`);
      manifests.push(child);
      checkSize(manifests);
      if (isFallback && isArtefact(child)) others.push({ digest: named, platform: undefined });
      else images.push({ digest: named, platforms: names });
    }
    return { images, others, manifests };
  } catch (error) {
    signal.throwIfAborted();
    return { ...asAsked(digest), fault: toFault(digest, toPlaceFailure(`the manifests of ${digest}`, error)) };
  }
}

function checkSize(manifests: readonly Manifest[]): void {
  if (manifests.reduce((sum, { bytes }) => sum + bytes.length, 0) <= MAX_JUDGED_MANIFEST_BYTES) return;
  throw new StoreError('LimitExceeded', `the manifests are longer than ${MAX_JUDGED_MANIFEST_BYTES} bytes together`);
}

function toFault(digest: Digest, { code, message }: StoreError): Judgement {
  if (code === 'ContentMismatch') return { outcome: 'rejected', reasons: [{ code, message }] };
  if (code === 'BodyInvalid') {
    return { outcome: 'rejected', reasons: [{ code: 'PolicyRejects', message: `${digest}: ${message}` }] };
  }
  if (code === 'LimitExceeded') {
    return { outcome: 'indeterminate', reasons: [{ code, message: `${digest}: ${message}` }] };
  }
  return { outcome: 'indeterminate', reasons: [{ ...unread(digest, message), remedy: toReadingRemedy(code) }] };
}

/** What to do about a manifest that was not read; a registry that answered is not to be asked again. */
export function toReadingRemedy(code: StoreErrorCode): string {
  if (code === 'NotFound') return NAME_ANOTHER;
  if (code === 'AccessDenied') return GIVE_CREDENTIAL;
  return code === 'NotAllowed' ? NAME_HOST : MAKE_REACHABLE;
}

const NAME_ANOTHER =
  'the registry answered, and does not have it: compare the name with what the registry lists, or name a mirror that has it in a mirror set; a private repository also says so without its credential';
const GIVE_CREDENTIAL = 'give the credential of the registry in the pull secret';
const NAME_HOST = 'name the registry’s host in registries.allowed of the Profile, or in a mirror set';
const MAKE_REACHABLE =
  'retry; if it still fails, make the registry reachable from here, or name a mirror in a mirror set';

function unread(digest: Digest, message: string): { readonly code: 'StoreUnavailable'; readonly message: string } {
  return {
    code: 'StoreUnavailable',
    message: `the manifest ${digest} could not be read, so the images that nodes would run are not known: ${message}`,
  };
}

/** An image by its name and the digest of its bytes. */
interface NamedManifest {
  /** As asked for; undefined for an image that has no name, such as a directory. */
  readonly reference: DockerReference | undefined;
  readonly digest: Digest;
}

/** What signatures are compared with. @throws StoreError `ContentMismatch` where the reference names another digest */
export function toSignedImage(untrustedManifest: Uint8Array, image: PolicyImage): NamedManifest {
  const digest = manifestDigest(untrustedManifest);
  const reference = 'reference' in image ? image.reference : undefined;
  const named = reference?.digest;
  if (named !== undefined && named !== digest && named !== digestAs(named, untrustedManifest)) {
    throw new StoreError('ContentMismatch', `the manifest has the digest ${digest}; asked for was ${named}`);
  }
  return { reference, digest };
}

/** By the other digest's algorithm; for SHA-256 `manifestDigest` has the say, and this must not widen it. */
function digestAs(other: Digest, bytes: Uint8Array): string | undefined {
  const algorithm = other.slice(0, other.indexOf(':'));
  return algorithm === 'sha256' ? undefined : `${algorithm}:${hash(algorithm, bytes, 'hex')}`;
}
