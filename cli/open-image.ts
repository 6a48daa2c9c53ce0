import { formatDockerReference, withDefaultTag } from '../lib/image-policy/docker-reference.ts';
import type { ImageSource } from '../lib/images/image-source.ts';
import { openDirectoryImage } from '../lib/images/open-directory-image.ts';
import { openLayoutImage } from '../lib/images/open-layout-image.ts';
import { openRegistryImage } from '../lib/images/open-registry-image.ts';
import { type ImageName, parseImageName } from '../lib/images/parse-image-name.ts';
import { parseReference } from '../lib/pullspec/reference.ts';
import { repositoryHost } from '../lib/pullspec/repository.ts';
import { createProfileRegistries } from '../lib/registry/profile-registries.ts';
import { parsePullSecret } from '../lib/registry/pull-secret.ts';
import { readProxy } from '../lib/runtime/environment.ts';
import { openSecret } from '../lib/secrets/read-secret.ts';
import { createSecretSource } from '../lib/secrets/secret-source.ts';
import { createRegistriesDStore } from '../lib/signatures/registries-d-store.ts';
import { openClient } from './open-stores.ts';
import type { StoreOptions } from './options.ts';
import { MAX_KEY_FILE_BYTES, readInput } from './read-input.ts';
import { readRegistriesDFolder } from './read-registries-d.ts';

export interface ImageOptions extends Pick<StoreOptions, 'allowPrivateStores' | 'tlsCa'> {
  readonly registriesD?: string;
  readonly pullSecret?: string;
  readonly allowRegistry: readonly string[];
}

/** `close` lets go of every connection. */
export interface OpenedImage {
  readonly source: ImageSource;
  readonly close: () => void;
}

/** The image that the user named, not read yet. @throws InputError, ConfigurationError, StoreError for a pull secret */
export async function openImage(text: string, options: ImageOptions): Promise<OpenedImage> {
  const name = parseImageName(text);
  switch (name.transport) {
    case 'dir':
      return { source: await openDirectoryImage(name.path), close: () => undefined };
    case 'oci':
      return { source: await openLayoutImage(name.path, name.name), close: () => undefined };
    case 'docker':
      return await openDocker(name, options);
    default:
      return name satisfies never;
  }
}

async function openDocker(
  { reference: named }: Extract<ImageName, { transport: 'docker' }>,
  options: ImageOptions,
): Promise<OpenedImage> {
  const { tlsCa, allowPrivateStores, pullSecret } = options;
  const reference = parseReference(formatDockerReference(withDefaultTag(named)));
  const registriesD = await readRegistriesDFolder(options.registriesD);
  // Before the registry gets them, so that a wrong file is told by its name.
  const client = await openClient(options, { allowPrivateAddresses: false, ca: undefined });
  const ca = tlsCa === undefined ? undefined : Buffer.from(await readInput(tlsCa, MAX_KEY_FILE_BYTES)).toString();
  const registries = createProfileRegistries({
    proxy: readProxy(process.env),
    allowPrivateAddresses: allowPrivateStores,
    pullSecret: pullSecret === undefined ? undefined : openPullSecret(pullSecret),
  });
  const close = (): void => {
    client.close();
    registries.close();
  };
  try {
    const allowed = [repositoryHost(reference.repository), ...options.allowRegistry];
    const registry = await registries.open(
      { ...NO_PROFILE, registries: { allowed }, storeAccess: { ...NO_ACCESS, ca } },
      reference.repository,
    );
    const signatures = createRegistriesDStore(registriesD, reference, { allowLocal: true }, client);
    return { source: openRegistryImage(named, { registry, signatures }), close };
  } catch (error) {
    close();
    throw error;
  }
}

/** The user named the one host that is contacted, and those beside it; no profile adds to them. */
const NO_PROFILE = { profile: '', revision: '', pushSources: [], mirrorRules: [] } as const;
const NO_ACCESS = { allowPrivateAddresses: false, allowLocal: false } as const;

function openPullSecret(location: string) {
  return createSecretSource({ readText: openSecret(location), parse: parsePullSecret, now: () => new Date() });
}
