import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { type Repository, repositoryHost } from '../../base/names/reference.ts';
import { parseRegistryHost } from '../../base/names/registry-host.ts';
import { toShownUrl } from '../../platform/http/http-url.ts';

/** The hosts that a registry client may contact. No answer of a peer adds to them. */
export interface AllowedRegistries {
  /** The origin of the API of a repository's registry. @throws StoreError `NotAllowed`. */
  toOrigin(repository: Repository): string;
  /**
   * Checks the token service in a registry's challenge: it must be on an allowed host and use https. http is allowed if the
   * operator allows it for the host and the registry uses http too. @throws StoreError `NotAllowed`.
   */
  readonly checkRealm: (registry: URL, realm: URL) => void;
  /** Checks a redirect to another origin: only to an allowed host over https. @throws StoreError `RedirectRefused`. */
  readonly checkRedirect: (from: URL, to: URL) => void;
}

export interface AllowedHosts {
  /** `host[:port]` of registries, token services and redirect targets alike. */
  readonly allowedHosts: readonly string[];
  /** Those of them that use http. */
  readonly plainHttpHosts?: readonly string[] | undefined;
  /** The operator's origins for the API of allowed registries, by host. */
  readonly apiOrigins?: ReadonlyMap<string, string> | undefined;
}

/** Docker Hub's repositories are named by a host that has no registry API. */
const API_HOSTS: ReadonlyMap<string, string> = new Map([['docker.io', 'registry-1.docker.io']]);

/** @throws ConfigurationError `DocumentInvalid` when one of them is not a host. */
export function createAllowedRegistries(options: AllowedHosts): AllowedRegistries {
  const hosts = new Set(options.allowedHosts.map(parseHost));
  const plainHosts = new Set((options.plainHttpHosts ?? []).map(parseHost).filter((host) => hosts.has(host)));
  const elsewhere = new Map([...(options.apiOrigins ?? [])].filter(([host]) => hosts.has(host)));
  const origins = new Set([
    ...[...hosts].map((host) => toHostOrigin('https', host)),
    ...[...plainHosts].map((host) => toHostOrigin('http', host)),
    ...elsewhere.values(),
  ]);
  return {
    toOrigin(repository) {
      const host = repositoryHost(repository);
      const origin = elsewhere.get(host);
      if (origin !== undefined) return origin;
      const apiHost = API_HOSTS.get(host) ?? host;
      for (const needed of new Set([host, apiHost])) {
        if (!hosts.has(needed)) throw notAllowed(`the registry ${needed} is not contacted: ${REMEDY}`);
      }
      return toHostOrigin(plainHosts.has(apiHost) ? 'http' : 'https', apiHost);
    },
    checkRealm(registry, realm) {
      const shown = toShownUrl(realm);
      if (realm.username !== '' || realm.password !== '') {
        throw notAllowed(`the token realm ${shown} has a user or password`);
      }
      if (!origins.has(realm.origin)) throw notAllowed(`the token realm ${shown} is not contacted: ${REMEDY}`);
      if (registry.protocol === 'https:' && realm.protocol !== 'https:') {
        throw notAllowed(`the token realm ${shown} of ${registry.origin} is not https`);
      }
    },
    checkRedirect(from, to) {
      if (from.origin === to.origin || (to.protocol === 'https:' && origins.has(to.origin))) return;
      const fault = to.protocol === 'https:' ? REMEDY : 'another origin is contacted over https alone';
      throw new StoreError('RedirectRefused', `${from.origin} redirects to ${toShownUrl(to)}: ${fault}`);
    },
  };
}

const REMEDY = 'its host is not among those that the configuration allows (registries.allowed)';

function parseHost(text: string): string {
  try {
    return parseRegistryHost(text);
  } catch (cause) {
    throw new ConfigurationError('DocumentInvalid', `${JSON.stringify(text)} is not a registry host`, { cause });
  }
}

function toHostOrigin(scheme: 'http' | 'https', host: string): string {
  return new URL(`${scheme}://${host}`).origin;
}

function notAllowed(message: string): StoreError {
  return new StoreError('NotAllowed', message);
}

/** Where registries redirect to for blobs, as their operators publish it for firewalls. */
const BLOB_HOSTS: ReadonlyMap<string, readonly string[]> = new Map([
  ['quay.io', ['cdn.quay.io', ...[1, 2, 3, 4, 5, 6].map((number) => `cdn0${number}.quay.io`)]],
  ['docker.io', ['production.cloudflare.docker.com']],
]);

/** Hosts that a registry's blobs may come from, beside its own. */
export function listBlobHosts(registryHost: string): readonly string[] {
  return BLOB_HOSTS.get(registryHost) ?? [];
}
