import { StoreError, type StoreErrorCode } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/reference.ts';
import { runBounded } from '../../platform/queues/run-bounded.ts';
import type { RegistryClient } from '../../registry/client/registry-client.ts';
import { listImages } from '../../registry/images/list-children.ts';
import type { WantedComponent, WantedRelease } from '../check/check-mirror.ts';
import type { CopiedImage } from './copy-attachments.ts';

export interface FindRequest {
  readonly releases: readonly WantedRelease[];
  /** The repository that signatures are read from, and the one they are copied to. */
  readonly from: Repository;
  readonly to: Repository;
  readonly registry: Pick<RegistryClient, 'readManifest'>;
  /** Undefined: only releases. */
  readonly components?: CopiedComponents | undefined;
  readonly concurrency: number;
  readonly signal: AbortSignal;
}

export interface CopiedComponents {
  /** Signatures are read at the repositories that the release names. */
  readonly to: Repository;
  readonly list: (release: Digest, signal: AbortSignal) => Promise<readonly WantedComponent[]>;
}

export interface FoundImages {
  /** Releases, then components, each followed by its own images if it is a list. Each once under each name. */
  readonly images: readonly CopiedImage[];
  /** Releases and components that could not be read. Their images are unknown. */
  readonly unread: readonly UnreadImage[];
}

export interface UnreadImage {
  readonly digest: Digest;
  /** A code such as `BodyInvalid` if reading again gives the same result, as for a list in a list. */
  readonly code: StoreErrorCode;
  readonly message: string;
}

/** The images whose signatures a mirror of these releases needs. @throws the abort reason of the signal */
export async function findCopiedImages(request: FindRequest): Promise<FoundImages> {
  const { releases, concurrency, components, from, to } = request;
  const unread: UnreadImage[] = [];
  const own = await runBounded(releases, concurrency, async ({ digest, repository, versions: names }) => {
    return await findListed({ digest, repository, place: from, to, names }, request, unread);
  });
  const parts = components === undefined ? [] : await findComponents(components, request, unread);
  // The same digest under another name is another image: other signatures may verify for it.
  const byName = new Map(
    [...own, ...parts].flat().map((image) => {
      const { to: place, digest, repository } = image;
      return [`${place}@${digest} ${repository} ${image.place}`, image] as const;
    }),
  );
  return { images: [...byName.values()], unread };
}

async function findComponents(
  { to, list }: CopiedComponents,
  request: FindRequest,
  unread: UnreadImage[],
): Promise<readonly (readonly CopiedImage[])[]> {
  const { releases, concurrency, signal } = request;
  const lists = await runBounded(releases, concurrency, async ({ digest }) => {
    // A release that could not be read is not read again.
    if (unread.some((one) => one.digest === digest)) return [];
    return (await attempt(digest, unread, signal, async () => await list(digest, signal))) ?? [];
  });
  const wanted = new Map(lists.flat().map((part) => [`${part.repository}@${part.digest}`, part]));
  return await runBounded([...wanted.values()], concurrency, async ({ name, repository, digest }) => {
    return await findListed({ digest, repository, place: repository, to, names: [name] }, request, unread);
  });
}

/** An image, and its own images if it is a list. */
async function findListed(
  image: CopiedImage,
  { registry, signal }: FindRequest,
  unread: UnreadImage[],
): Promise<readonly CopiedImage[]> {
  const { digest, place, names } = image;
  const read = async () => listImages(await registry.readManifest(place, digest, signal));
  const { images = [] } = (await attempt(digest, unread, signal, read)) ?? {};
  const children = images.map((child) => {
    const { architecture } = child.platform ?? {};
    const named = architecture === undefined ? names : names.map((name) => `${name} ${architecture}`);
    return { ...image, digest: child.digest, names: named };
  });
  return [image, ...children];
}

/** Undefined after a failure, which is added to `unread`. */
async function attempt<T>(
  digest: Digest,
  unread: UnreadImage[],
  signal: AbortSignal,
  read: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof StoreError)) throw error;
    unread.push({ digest, code: error.code, message: error.message });
    return undefined;
  }
}
