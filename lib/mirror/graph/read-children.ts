import { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/repository.ts';
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
  /** Lists whose children are not known, each with why: a failed one keeps no other from being read. */
  readonly failures: readonly { readonly release: Release; readonly error: StoreError }[];
}

/** What the update service calls the architecture of a release that is a list. */
const MULTI = 'multi';

/** True for a release that graphs call one of several architectures: only then is a registry asked. */
export function isMultiArchitecture({ architectures }: Release): boolean {
  return architectures.includes(MULTI);
}

/**
 * Asks for the children of all releases that are lists, at the repositories that the graphs name, in that order.
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
  let failure = new StoreError('NotFound', `${digest}: no repository is known`);
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

/** Who knows the manifests of a multi-architecture list. */
export interface ChildrenReader {
  /** Nothing for what is no list. @throws StoreError; the abort reason of the signal */
  readChildren(repository: Repository, digest: Digest, signal: AbortSignal): Promise<readonly ChildManifest[]>;
}

/** @param open gives what reads from the registry of a repository, or throws StoreError */
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
