import { ConfigurationError } from '../../lib/base/errors/configuration-error.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { parseRepository, type Repository, repositoryHost } from '../../lib/base/names/reference.ts';
import { parseRegistryHost } from '../../lib/base/names/registry-host.ts';
import { createHttpClient } from '../../lib/platform/http/http-client.ts';
import { createTlsTrust } from '../../lib/platform/http/tls-trust.ts';
import { readProxy } from '../../lib/platform/lambda/environment.ts';
import {
  createSecretSource,
  isManagedSecret,
  MAX_SECRET_BYTES,
  openSecret,
} from '../../lib/platform/secrets/secret-source.ts';
import { listBlobHosts } from '../../lib/registry/client/allowed-registries.ts';
import { type PullSecret, parsePullSecret } from '../../lib/registry/client/pull-secret.ts';
import { createRegistryClient, type RegistryClient } from '../../lib/registry/client/registry-client.ts';
import { createRegistryPusher, type RegistryPusher } from '../../lib/registry/client/registry-pusher.ts';
import {
  createProfileRegistries,
  type ProfileRegistries,
  type RegistryTrust,
  toAllowedHosts,
} from '../../lib/registry/profile/profile-registries.ts';
import type { StoreOptions } from '../shell/options.ts';
import { MAX_KEY_FILE_BYTES, readInput } from '../shell/read-input.ts';

interface RegistryAccess {
  /** A config.json. */
  readonly pullSecret?: string | undefined;
  readonly allowPrivateStores?: boolean | undefined;
  /** `HOST=ORIGIN` each. */
  readonly registry?: readonly string[] | undefined;
}

/** The registries that a profile names, as the command line may reach them. Nothing is contacted or read yet. */
export function openRegistries({ pullSecret, allowPrivateStores, registry = [] }: RegistryAccess): ProfileRegistries {
  return createProfileRegistries({
    proxy: readProxy(process.env),
    allowPrivateAddresses: allowPrivateStores === true,
    apiOrigins: new Map(registry.map(parseRegistryOrigin)),
    pullSecret:
      pullSecret === undefined
        ? undefined
        : createSecretSource({
            readText: async () => await readPullSecret(pullSecret),
            parse: (text) => parseNamedSecret(pullSecret, text),
            now: () => new Date(),
          }),
  });
}

/** Reads a named file, so that a wrong one ends the call also where no registry is asked. @throws InputError */
export async function checkPullSecret(location: string): Promise<void> {
  if (!isManagedSecret(location)) parseNamedSecret(location, await readPullSecret(location));
}

/** @throws InputError `FileUnreadable`; StoreError for a secret of AWS */
async function readPullSecret(location: string): Promise<string> {
  if (isManagedSecret(location)) return await openSecret(location)();
  return Buffer.from(await readInput(location, MAX_SECRET_BYTES)).toString('utf8');
}

/** @throws ConfigurationError, which names the file */
function parseNamedSecret(location: string, text: string): PullSecret {
  try {
    return parsePullSecret(text);
  } catch (cause) {
    if (!(cause instanceof ConfigurationError)) throw cause;
    const position = { document: `--pull-secret ${location}` };
    throw new ConfigurationError(cause.code, cause.message, { cause, position });
  }
}

export interface MirrorRegistryOptions extends Pick<StoreOptions, 'allowPrivateStores' | 'tlsCa'> {
  readonly pullSecret?: string;
  /** `HOST=ORIGIN` each. */
  readonly registry: readonly string[];
  readonly allowRegistry: readonly string[];
}

/** `close` closes every connection. */
interface OpenedMirrorRegistry {
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
  const hosts = repositories.map(repositoryHost);
  const trust = await toNamedTrust('mirror', [...hosts, ...hosts.flatMap(listBlobHosts), ...allowRegistry], tlsCa);
  const secret = pullSecret === undefined ? undefined : parseNamedSecret(pullSecret, await readPullSecret(pullSecret));
  const http = createHttpClient({
    allowPrivateAddresses: allowPrivateStores === true,
    ca: trust.storeAccess.ca,
    proxy: readProxy(process.env),
  });
  const options = {
    http,
    allowedHosts: toAllowedHosts(trust),
    pullSecret: secret,
    apiOrigins: new Map(registry.map(parseRegistryOrigin)),
  };
  return { client: createRegistryClient(options), pusher: createRegistryPusher(options), close: () => http.close() };
}

/**
 * The trust of registries that the user named: these hosts are contacted, and no others.
 *
 * @param name of the profile that it stands for
 * @throws InputError, ConfigurationError for a file of certificates that cannot be used
 */
export async function toNamedTrust(
  name: string,
  allowed: readonly string[],
  tlsCa: string | undefined,
): Promise<RegistryTrust> {
  return {
    profile: name,
    revision: '',
    pushSources: [],
    mirrorRules: [],
    registries: { allowed },
    storeAccess: { allowPrivateAddresses: false, allowLocal: false, ca: await readCertificates(tlsCa) },
  };
}

/** The certificates of `--tls-ca`, checked before any others are added, so that an error names this file. */
export async function readCertificates(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const pem = Buffer.from(await readInput(file, MAX_KEY_FILE_BYTES)).toString();
  try {
    createTlsTrust(pem);
  } catch (cause) {
    if (!(cause instanceof ConfigurationError)) throw cause;
    throw new ConfigurationError(cause.code, cause.message, { cause, position: { document: `--tls-ca ${file}` } });
  }
  return pem;
}

/**
 * `host[:port]=http(s)://host[:port]`: where a registry's API is instead of at `https://host[:port]`.
 *
 * @throws InputError `ArgumentInvalid`
 */
export function parseRegistryOrigin(text: string): readonly [host: string, origin: string] {
  const at = text.indexOf('=');
  const url = URL.canParse(text.slice(at + 1)) ? new URL(text.slice(at + 1)) : undefined;
  const isOrigin = url?.pathname === '/' && url.search === '' && url.hash === '' && url.username === '';
  if (at < 1 || !isOrigin || !['http:', 'https:'].includes(url.protocol)) {
    throw new InputError('ArgumentInvalid', `--registry takes HOST=http(s)://HOST[:PORT], not ${JSON.stringify(text)}`);
  }
  try {
    return [parseRegistryHost(text.slice(0, at)), url.origin];
  } catch (cause) {
    throw new InputError('ArgumentInvalid', `--registry: ${JSON.stringify(text.slice(0, at))} is not a registry host`, {
      cause,
    });
  }
}

/**
 * `HOST[:PORT]/PATH`, the host written out: what has none would be a repository of Docker Hub.
 *
 * @throws InputError `PullspecInvalid`
 */
export function parseRegistryRepository(text: string): Repository {
  const repository = parseRepository(text);
  const [host = ''] = text.split('/', 1);
  if (text.includes('/') && /[.:]|^localhost$/.test(host)) return repository;
  throw new InputError('PullspecInvalid', `${JSON.stringify(text)} names no registry and path: write HOST[:PORT]/PATH`);
}
