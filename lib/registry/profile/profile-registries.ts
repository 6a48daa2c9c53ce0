import { type Repository, repositoryHost } from '../../base/names/reference.ts';
import { parseEcrHost, parseRegistryHost } from '../../base/names/registry-host.ts';
import { createHttpClient, type HttpClient, type HttpSender } from '../../platform/http/http-client.ts';
import type { ProxyOptions } from '../../platform/http/routes.ts';
import type { SecretSource } from '../../platform/secrets/secret-source.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import type { PullSecret } from '../client/pull-secret.ts';
import { createRegistryClient, type RegistryClient } from '../client/registry-client.ts';

/** The registries of profiles, each contacted by the rules of its profile. */
export interface ProfileRegistries {
  /** Opens the registry of a repository. @throws StoreError when the pull secret cannot be read */
  open(trust: RegistryTrust, repository: Repository): Promise<ManifestReader>;
  /** Always opens the registry's own API, the only one with attachments of images. @throws StoreError */
  openRegistry(trust: RegistryTrust): Promise<RegistryClient>;
  close(): void;
}

export type ManifestReader = Pick<RegistryClient, 'resolveTag' | 'readManifest'>;
export type RegistryTrust = Pick<
  PreparedTrust,
  'profile' | 'revision' | 'pushSources' | 'registries' | 'mirrorRules' | 'storeAccess'
>;

export interface RegistriesOptions {
  readonly proxy?: ProxyOptions | undefined;
  readonly pullSecret?: SecretSource<PullSecret> | undefined;
  /** The operator's `http(s)://host[:port]` for the API of a registry, by its host. Only for one machine's own runs. */
  readonly apiOrigins?: ReadonlyMap<string, string> | undefined;
  /** Allows private addresses even if the profile does not: for runs on the operator's own machine. */
  readonly allowPrivateAddresses?: boolean | undefined;
  /** Reads repositories of Amazon ECR by AWS's own API. Undefined: by the registry's API. */
  readonly ecr?: ManifestReader | undefined;
}

/** The hosts that Docker Hub's repositories need: its API and its token service. */
const DOCKER_HUB_HOSTS = ['registry-1.docker.io', 'auth.docker.io'];

interface Opened {
  readonly revision: string;
  readonly secret: PullSecret | undefined;
  readonly http: HttpClient;
  readonly client: RegistryClient;
}

/** Keeps the connections of a profile while its trust and the pull secret stay the same. */
export function createProfileRegistries(options: RegistriesOptions): ProfileRegistries {
  const { proxy, pullSecret, apiOrigins, allowPrivateAddresses, ecr } = options;
  const opened = new Map<string, Opened>();
  const openRegistry = async (trust: RegistryTrust): Promise<RegistryClient> => {
    const secret = await pullSecret?.read();
    const kept = opened.get(trust.profile);
    if (kept?.revision === trust.revision && kept.secret === secret) return kept.client;
    const { storeAccess } = trust;
    const http: HttpClient & HttpSender = createHttpClient({
      allowPrivateAddresses: storeAccess.allowPrivateAddresses || allowPrivateAddresses === true,
      ca: storeAccess.ca,
      proxy,
    });
    const client = createRegistryClient({
      http,
      allowedHosts: toAllowedHosts(trust),
      pullSecret: secret,
      apiOrigins,
    });
    opened.set(trust.profile, { revision: trust.revision, secret, http, client });
    kept?.http.close();
    return client;
  };
  return {
    openRegistry,
    async open(trust, repository) {
      const host = repositoryHost(repository);
      // The client refuses any other host before it contacts anything.
      const isAllowed = ecr !== undefined && toAllowedHosts(trust).includes(host);
      const isEcr = isAllowed && parseEcrHost(host) !== undefined && apiOrigins?.has(host) !== true;
      return isEcr ? ecr : await openRegistry(trust);
    },
    close() {
      for (const { http } of opened.values()) http.close();
      opened.clear();
    },
  };
}

/** The hosts of push sources and mirror sets and those that the profile allows, each once in its parsed spelling. */
export function toAllowedHosts({ pushSources, registries, mirrorRules }: RegistryTrust): readonly string[] {
  const mirrors = mirrorRules.flatMap((rule) => rule.mirrors.map((mirror) => mirror.split('/', 1)[0] ?? ''));
  const named = [...pushSources.map(({ registry }) => registry), ...registries.allowed, ...mirrors];
  // A wildcard names no host. Mirrors are parsed here, since they are stored as their document spells them.
  const hosts = new Set(named.filter((host) => !host.startsWith('*')).map(parseRegistryHost));
  return [...new Set([...hosts, ...(hosts.has('docker.io') ? DOCKER_HUB_HOSTS : [])])];
}
