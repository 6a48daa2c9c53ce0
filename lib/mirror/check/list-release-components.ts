import { inspectRelease } from '../../artifact/release/inspect-release.ts';
import { openRegistryRelease } from '../../artifact/release/release-source.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import { parsePullspec } from '../../base/names/pullspec.ts';
import type { Repository } from '../../base/names/repository.ts';
import type { RegistryClient } from '../../registry/client/registry-client.ts';
import type { WantedComponent } from './check-mirror.ts';

/**
 * The components that a release image in a mirror is made of, read from its layers.
 *
 * @throws StoreError of the registry; `BodyInvalid` for contents with a fault, or a component that is not by digest
 */
export async function listReleaseComponents(
  registry: Pick<RegistryClient, 'readManifest' | 'streamBlob'>,
  mirror: Repository,
  digest: Digest,
  signal: AbortSignal,
): Promise<readonly WantedComponent[]> {
  const pullspec = parsePullspec(`${mirror}@${digest}`);
  const { images, faults } = await inspectRelease(openRegistryRelease(pullspec, registry), { signal });
  const [fault] = [...faults, ...images.flatMap((image) => image.faults)];
  if (fault !== undefined) throw new StoreError('BodyInvalid', `${pullspec.text}: ${fault.message}`);
  const components = images.flatMap((image) => image.components);
  if (components.length === 0) throw new StoreError('BodyInvalid', `${pullspec.text} names no component`);
  return components.map(({ name, pullspec: text, digest: pinned }) => {
    if (pinned === undefined) throw new StoreError('BodyInvalid', `${name} is not by digest: ${text}`);
    return { name, repository: parsePullspec(text).repository, digest: pinned };
  });
}
