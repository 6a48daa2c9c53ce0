import { type Repository, repositoryHost } from '../../base/names/reference.ts';
import { parseEcrHost, parseRegistryHost } from '../../base/names/registry-host.ts';
import type { AwsSettings } from '../../platform/aws/aws-settings.ts';
import { createHttpClient } from '../../platform/http/http-client.ts';
import { createKeptClients, type Retirable } from '../../platform/http/kept-clients.ts';
import type { ProxyOptions } from '../../platform/http/routes.ts';
import type { SecretSource } from '../../platform/secrets/secret-source.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import type { PullSecret } from '../client/pull-secret.ts';
import { createRegistryClient, type RegistryClient } from '../client/registry-client.ts';
import type { EcrReader } from './ecr-registry.ts';

/** The registries of profiles, each contacted by the rules of its profile. */
export interface ProfileRegistries {
  /** Opens the registry of a repository. @throws StoreError when the pull secret cannot be read */
  open(trust: RegistryTrust, repository: Repository): Promise<ManifestReader>;
  /** Opens a client that also reads attachments of images. @throws StoreError */
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
  /** Opens what reads repositories of Amazon ECR by AWS's own API. Undefined: they are read by the registry's API. */
  readonly openEcr?: (() => Promise<EcrReader>) | undefined;
}

/** The hosts that Docker Hub's repositories need: its API and its token service. */
const DOCKER_HUB_HOSTS = ['registry-1.docker.io', 'auth.docker.io'];

interface Ecr {
  readonly reader: EcrReader;
  readonly hosts: readonly string[];
}

interface Opened extends Retirable {
  readonly client: RegistryClient;
}

/**
 * Keeps the connections of a profile while its trust and the pull secret stay the same. When they change, calls under
 * way finish with the client that they have.
 */
export function createProfileRegistries(options: RegistriesOptions): ProfileRegistries {
  const { proxy, pullSecret, apiOrigins, allowPrivateAddresses, openEcr } = options;
  const opened = createKeptClients<Opened>();
  /** The registries of ECR that AWS's API is asked about. The client refuses any other host before it contacts anything. */
  const listEcrHosts = (trust: RegistryTrust): readonly string[] =>
    openEcr === undefined
      ? []
      : toAllowedHosts(trust).filter((host) => parseEcrHost(host) !== undefined && apiOrigins?.has(host) !== true);
  const openRegistry = async (trust: RegistryTrust): Promise<RegistryClient> => {
    const hosts = listEcrHosts(trust);
    const [secret, ecr] = await Promise.all([pullSecret?.read(), hosts.length === 0 ? undefined : openEcr?.()]);
    const open = () => openClient(trust, secret, ecr === undefined ? undefined : { reader: ecr, hosts });
    return opened.get(trust.profile, [trust.revision, secret], open).client;
  };
  const openClient = (trust: RegistryTrust, secret: PullSecret | undefined, ecr: Ecr | undefined): Opened => {
    const { storeAccess } = trust;
    const http = createHttpClient({
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
    const isRead = (repository: Repository): boolean =>
      ecr?.hosts.includes(repositoryHost(repository)) === true && isByRole(secret, repository);
    const extended = ecr?.reader.extend(client, http, isRead) ?? client;
    return { client: extended, retire: http.retire, close: () => http.close() };
  };
  return {
    openRegistry,
    async open(trust, repository) {
      if (!listEcrHosts(trust).includes(repositoryHost(repository))) return await openRegistry(trust);
      const secret = await pullSecret?.read();
      const ecr = isByRole(secret, repository) ? await openEcr?.() : undefined;
      return ecr ?? (await openRegistry(trust));
    },
    close: opened.close,
  };
}

/** A credential that the operator gives for a repository comes before the role. */
function isByRole(secret: PullSecret | undefined, repository: Repository): boolean {
  return secret?.findCredential(repository) === undefined;
}

/** Reads ECR as the role of a function may. It is loaded when a profile names a registry of ECR. */
export function openEcrByRole(readSettings: () => AwsSettings): () => Promise<EcrReader> {
  return async () => (await import('./ecr-registry.ts')).createEcrReader(readSettings);
}

/** The hosts of push sources and mirror sets and those that the profile allows, each once in its parsed spelling. */
export function toAllowedHosts({ pushSources, registries, mirrorRules }: RegistryTrust): readonly string[] {
  const mirrors = mirrorRules.flatMap((rule) => rule.mirrors.map((mirror) => mirror.split('/', 1)[0] ?? ''));
  const named = [...pushSources.map(({ registry }) => registry), ...registries.allowed, ...mirrors];
  // A wildcard names no host. Mirrors are parsed here, since they are stored as their document spells them.
  const hosts = new Set(named.filter((host) => !host.startsWith('*')).map(parseRegistryHost));
  return [...new Set([...hosts, ...(hosts.has('docker.io') ? DOCKER_HUB_HOSTS : [])])];
}
