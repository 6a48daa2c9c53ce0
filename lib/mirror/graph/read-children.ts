import { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/reference.ts';
import { runBounded } from '../../platform/queues/run-bounded.ts';
import { type ChildManifest, listChildren } from '../../registry/images/list-children.ts';
import type { ManifestReader } from '../../registry/profile/profile-registries.ts';
import type { Release } from './list-releases.ts';

interface ReadChildrenOptions {
  readonly reader: ChildrenReader;
  /** Lists read at a time. */
  readonly concurrency: number;
  readonly signal: AbortSignal;
}

interface ReleaseChildren {
  /** By the digest of the list. */
  readonly children: ReadonlyMap<Digest, readonly ChildManifest[]>;
  /** Lists whose children could not be read. One failure does not stop the others. */
  readonly failures: readonly { readonly release: Release; readonly error: StoreError }[];
}

/** The update service's name for the architecture of a list. */
const MULTI = 'multi';

/** Whether graphs call the release multi-architecture. Only then is a registry contacted. */
export function isMultiArchitecture({ architectures }: Release): boolean {
  return architectures.includes(MULTI);
}

/**
 * Reads the children of all releases that are lists, from the repositories that the graphs name, in that order.
 *
 * @throws the abort reason of the signal
 */
export async function readChildren(
  releases: readonly Release[],
  { reader, concurrency, signal }: ReadChildrenOptions,
): Promise<ReleaseChildren> {
  const children = new Map<Digest, readonly ChildManifest[]>();
  const failures: { readonly release: Release; readonly error: StoreError }[] = [];
  await runBounded(releases.filter(isMultiArchitecture), concurrency, async (release) => {
    const read = await readFirst(release, reader, signal);
    if (read instanceof StoreError) failures.push({ release, error: read });
    else children.set(release.digest, read);
  });
  return { children, failures };
}

/** The first answer, else the last failure. */
async function readFirst(
  { digest, repositories }: Release,
  reader: ChildrenReader,
  signal: AbortSignal,
): Promise<readonly ChildManifest[] | StoreError> {
  let failure = new StoreError('NotFound', `${digest}: the graphs name no repository`);
  for (const repository of repositories) {
    try {
      return await reader.readChildren(repository, digest, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof StoreError)) throw error;
      failure = error;
    }
  }
  return failure;
}

/** Reads the manifests that a multi-architecture list names. */
export interface ChildrenReader {
  /** Empty for an image. @throws StoreError; the abort reason of the signal */
  readChildren(repository: Repository, digest: Digest, signal: AbortSignal): Promise<readonly ChildManifest[]>;
}

/** @param open opens the registry of a repository; throws StoreError */
export function createRegistryChildren(
  open: (repository: Repository) => Promise<Pick<ManifestReader, 'readManifest'>>,
): ChildrenReader {
  return {
    async readChildren(repository, digest, signal) {
      const registry = await open(repository);
      return listChildren(await registry.readManifest(repository, digest, signal));
    },
  };
}
