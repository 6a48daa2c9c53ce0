import { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/repository.ts';
import { runBounded } from '../../platform/queues/run-bounded.ts';
import type { RegistryClient } from '../../registry/client/registry-client.ts';
import { listChildren } from '../../registry/images/list-children.ts';
import type { WantedComponent, WantedRelease } from '../check/check-mirror.ts';
import type { CopiedImage } from './copy-attachments.ts';

export interface FindRequest {
  readonly releases: readonly WantedRelease[];
  /** Where their signatures are read, and where they go. */
  readonly from: Repository;
  readonly to: Repository;
  readonly registry: Pick<RegistryClient, 'readManifest'>;
  /** Undefined: components are left out. */
  readonly components?: CopiedComponents | undefined;
  readonly concurrency: number;
  readonly signal: AbortSignal;
}

export interface CopiedComponents {
  /** Read where the release names them. */
  readonly to: Repository;
  readonly list: (release: Digest, signal: AbortSignal) => Promise<readonly WantedComponent[]>;
}

export interface FoundImages {
  /** Releases, the images of lists among them, then components, each once. */
  readonly images: readonly CopiedImage[];
  /** Releases that could not be read: which images or components belong to them is not known. */
  readonly unread: readonly { readonly digest: Digest; readonly message: string }[];
}

/** The images whose signatures a mirror of these releases needs. @throws the abort reason of the signal */
export async function findCopiedImages(request: FindRequest): Promise<FoundImages> {
  const { releases, concurrency } = request;
  const unread: FoundImages['unread'][number][] = [];
  const found = await runBounded(releases, concurrency, async (release) => {
    try {
      return await findOf(release, request);
    } catch (error) {
      request.signal.throwIfAborted();
      if (!(error instanceof StoreError)) throw error;
      unread.push({ digest: release.digest, message: error.message });
      return [toImage(release, request)];
    }
  });
  const byPlace = new Map(found.flat().map((image) => [`${image.to}@${image.digest}`, image]));
  return { images: [...byPlace.values()], unread };
}

async function findOf(release: WantedRelease, request: FindRequest): Promise<readonly CopiedImage[]> {
  const { registry, from, components, signal } = request;
  const manifest = await registry.readManifest(from, release.digest, signal);
  const children = listChildren(manifest).filter(({ platform }) => platform?.architecture !== 'unknown');
  const own = [release, ...children.map(({ digest }) => ({ ...release, digest }))].map((one) => toImage(one, request));
  if (components === undefined) return own;
  const parts = await components.list(release.digest, signal);
  return [
    ...own,
    ...parts.map(({ name, repository, digest }) => ({
      digest,
      repository,
      place: repository,
      to: components.to,
      names: [name],
    })),
  ];
}

function toImage({ digest, repository, versions }: WantedRelease, { from, to }: FindRequest): CopiedImage {
  return { digest, repository, place: from, to, names: versions };
}
