import { StoreError } from '../../lib/base/errors/store-error.ts';
import { isDigest } from '../../lib/base/names/digest.ts';
import type { ManifestMediaType } from '../../lib/registry/client/registry-answers.ts';
import type { ManifestSource } from '../../lib/registry/client/registry-client.ts';

export interface MemoryManifests extends ManifestSource {
  /** `repository@digest` of what was read, in order. */
  readonly read: readonly string[];
}

const IMAGE: ManifestMediaType = 'application/vnd.oci.image.manifest.v1+json';

/** Manifests by digest, behind the contract of a registry; every other digest is that of an image in no index. */
export function createMemoryManifests(
  contents: Readonly<
    Record<string, { readonly bytes: Uint8Array; readonly mediaType: ManifestMediaType } | StoreError>
  > = {},
): MemoryManifests {
  const read: string[] = [];
  return {
    read,
    async readManifest(repository, digest, signal) {
      signal.throwIfAborted();
      await Promise.resolve();
      if (!isDigest(digest)) throw new StoreError('NotFound', `no ${digest}`);
      read.push(`${repository}@${digest}`);
      const found = contents[digest];
      if (found instanceof StoreError) throw found;
      return { bytes: Buffer.from('{}'), mediaType: IMAGE, ...found, digest };
    },
  };
}
