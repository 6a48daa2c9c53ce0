import type { Digest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/repository.ts';
import { type ChildManifest, listChildren } from '../../registry/images/list-children.ts';
import type { ManifestReader } from '../../registry/profile/profile-registries.ts';

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
