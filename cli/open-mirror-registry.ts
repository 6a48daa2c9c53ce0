import { type Repository, repositoryHost } from '../lib/pullspec/repository.ts';
import type { RegistryClient } from '../lib/registry/registry-client.ts';
import { listBlobHosts } from '../lib/registry/stream-blob-hosts.ts';
import { openRegistries } from './open-registries.ts';
import type { StoreOptions } from './options.ts';
import { MAX_KEY_FILE_BYTES, readInput } from './read-input.ts';

export interface MirrorRegistryOptions extends Pick<StoreOptions, 'allowPrivateStores' | 'tlsCa'> {
  readonly pullSecret?: string;
  /** `HOST=ORIGIN` each. */
  readonly registry: readonly string[];
  readonly allowRegistry: readonly string[];
}

/** The registries of repositories that the user named, with the hosts named beside them. @throws InputError */
export async function openMirrorRegistry(
  repositories: readonly Repository[],
  { tlsCa, allowRegistry, ...access }: MirrorRegistryOptions,
): Promise<{ readonly client: RegistryClient; readonly close: () => void }> {
  const ca = tlsCa === undefined ? undefined : Buffer.from(await readInput(tlsCa, MAX_KEY_FILE_BYTES)).toString();
  const hosts = repositories.map(repositoryHost);
  const registries = openRegistries(access);
  const client = await registries.openRegistry({
    profile: 'mirror',
    revision: '',
    pushSources: [],
    mirrorRules: [],
    registries: { allowed: [...hosts, ...hosts.flatMap(listBlobHosts), ...allowRegistry] },
    storeAccess: { allowPrivateAddresses: false, allowLocal: false, ca },
  });
  return { client, close: () => registries.close() };
}
