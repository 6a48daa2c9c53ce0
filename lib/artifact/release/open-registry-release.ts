import type { Pullspec } from '../../base/names/pullspec.ts';
import type { RegistryClient } from '../../registry/client/registry-client.ts';
import type { ReleaseSource } from './release-source.ts';

/** A release image in a registry. A tag beside a digest is left out, as everywhere. */
export function openRegistryRelease(
  { repository, digest: named, tag = 'latest', text }: Pullspec,
  registry: Pick<RegistryClient, 'readManifest' | 'streamBlob'>,
): ReleaseSource {
  return {
    description: text,
    readManifest: (digest, signal) => registry.readManifest(repository, digest ?? named ?? tag, signal),
    streamBlob: (digest, options, read) => registry.streamBlob(repository, digest, options, read),
  };
}
