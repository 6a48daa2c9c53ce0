import { type Repository, repositoryHost } from '../../lib/base/names/repository.ts';
import { createHttpClient } from '../../lib/platform/http/http-client.ts';
import { readProxy } from '../../lib/platform/lambda/environment.ts';
import { openSecret } from '../../lib/platform/secrets/secret-source.ts';
import { listBlobHosts } from '../../lib/registry/client/allowed-registries.ts';
import { parsePullSecret } from '../../lib/registry/client/pull-secret.ts';
import { createRegistryClient, type RegistryClient } from '../../lib/registry/client/registry-client.ts';
import { createRegistryPusher, type RegistryPusher } from '../../lib/registry/client/registry-pusher.ts';
import { toAllowedHosts } from '../../lib/registry/profile/profile-registries.ts';
import type { StoreOptions } from '../shell/options.ts';
import { MAX_KEY_FILE_BYTES, readInput } from '../shell/read-input.ts';
import { parseRegistryOrigin } from './parse-registry-origin.ts';

export interface MirrorRegistryOptions extends Pick<StoreOptions, 'allowPrivateStores' | 'tlsCa'> {
  readonly pullSecret?: string;
  /** `HOST=ORIGIN` each. */
  readonly registry: readonly string[];
  readonly allowRegistry: readonly string[];
}

/** `close` lets go of every connection. */
export interface OpenedMirrorRegistry {
  readonly client: RegistryClient;
  readonly pusher: RegistryPusher;
  readonly close: () => void;
}

/**
 * The registries of repositories that the user named, with the hosts named beside them; no profile adds to them. Nothing
 * is written until something is pushed. @throws InputError, ConfigurationError; StoreError for the pull secret
 */
export async function openMirrorRegistry(
  repositories: readonly Repository[],
  { tlsCa, allowRegistry, allowPrivateStores, pullSecret, registry }: MirrorRegistryOptions,
): Promise<OpenedMirrorRegistry> {
  const ca = tlsCa === undefined ? undefined : Buffer.from(await readInput(tlsCa, MAX_KEY_FILE_BYTES)).toString();
  const secret = pullSecret === undefined ? undefined : parsePullSecret(await openSecret(pullSecret)());
  const hosts = repositories.map(repositoryHost);
  const allowed = [...hosts, ...hosts.flatMap(listBlobHosts), ...allowRegistry];
  const http = createHttpClient({
    allowPrivateAddresses: allowPrivateStores === true,
    ca,
    proxy: readProxy(process.env),
  });
  const options = {
    http,
    allowedHosts: toAllowedHosts({ ...NO_PROFILE, registries: { allowed } }),
    pullSecret: secret,
    apiOrigins: new Map(registry.map(parseRegistryOrigin)),
  };
  return { client: createRegistryClient(options), pusher: createRegistryPusher(options), close: () => http.close() };
}

const NO_PROFILE = {
  profile: 'mirror',
  revision: '',
  pushSources: [],
  mirrorRules: [],
  storeAccess: { allowPrivateAddresses: false, allowLocal: false },
} as const;
