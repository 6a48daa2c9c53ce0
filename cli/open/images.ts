import { type DockerReference, formatDockerReference, withDefaultTag } from '../../lib/base/names/docker-reference.ts';
import { parseReference } from '../../lib/base/names/reference.ts';
import { repositoryHost } from '../../lib/base/names/repository.ts';
import { createAttachmentStore } from '../../lib/registry/attachments/attachment-store.ts';
import type { RegistryClient } from '../../lib/registry/client/registry-client.ts';
import {
  type ImageName,
  type ImageSource,
  openRegistryImage,
  parseImageName,
} from '../../lib/registry/images/image-source.ts';
import { openDirectoryImage, openLayoutImage } from '../../lib/registry/images/open-local-image.ts';
import { createEmptyStore, createPolicyStore } from '../../lib/stores/port/composites.ts';
import { createRegistriesDStore } from '../../lib/stores/registries-d-store.ts';
import { usesSigstoreAttachments } from '../../lib/trust/registries-d/registries-d.ts';
import type { StoreOptions } from '../shell/options.ts';
import { MAX_KEY_FILE_BYTES, readInput } from '../shell/read-input.ts';
import { readRegistriesDFolder } from './node-policy.ts';
import { openRegistries } from './registries.ts';
import { openClient } from './stores.ts';

export interface RegistryImageOptions extends Pick<StoreOptions, 'allowPrivateStores' | 'tlsCa' | 'registry'> {
  readonly registriesD?: string;
  readonly pullSecret?: string;
  readonly allowRegistry: readonly string[];
}

/** Images of registries, over connections that they share; `close` lets go of them. */
interface OpenedRegistryImages {
  /** Not read yet. @throws InputError; StoreError when the pull secret cannot be read */
  readonly open: (reference: DockerReference) => Promise<ImageSource>;
  readonly close: () => void;
}

/** Files that the options name are read once. @throws InputError, ConfigurationError */
export async function openRegistryImages(options: RegistryImageOptions): Promise<OpenedRegistryImages> {
  const { tlsCa, allowRegistry } = options;
  const registriesD = await readRegistriesDFolder(options.registriesD);
  // Before the registry gets them, so that a wrong file is told by its name.
  const client = await openClient(options, { allowPrivateAddresses: false, ca: undefined });
  const ca = tlsCa === undefined ? undefined : Buffer.from(await readInput(tlsCa, MAX_KEY_FILE_BYTES)).toString();
  const registries = openRegistries(options);
  return {
    async open(named) {
      const reference = parseReference(formatDockerReference(withDefaultTag(named)));
      const host = repositoryHost(reference.repository);
      const allowed = { registries: { allowed: [host, ...allowRegistry] }, storeAccess: { ...NO_ACCESS, ca } };
      // Each host is a profile of its own: it may redirect to those that the user named beside it, and to no other.
      const trust = { ...NO_PROFILE, ...allowed, profile: host };
      const registry = await registries.open(trust, reference.repository);
      const openpgp = createRegistriesDStore(registriesD, reference, { allowLocal: true }, client);
      // As nodes do, which look beside the image only where registries.d says so.
      const looksBeside = usesSigstoreAttachments(registriesD, reference);
      const openRegistry = (): Promise<RegistryClient> => registries.openRegistry(trust);
      const sigstore = looksBeside ? createAttachmentStore(openRegistry) : createEmptyStore(NOT_BESIDE);
      const signatures = createPolicyStore({ openpgp, sigstore });
      return openRegistryImage(named, { registry, signatures });
    },
    close() {
      client.close();
      registries.close();
    },
  };
}

/** What the evidence says of a place that was not looked at. */
const NOT_BESIDE = 'registries.d does not say use-sigstore-attachments: true';

/** The user named the hosts that are contacted; no profile adds to them. */
const NO_PROFILE = { revision: '', pushSources: [], mirrorRules: [] } as const;
const NO_ACCESS = { allowPrivateAddresses: false, allowLocal: false } as const;

/** `close` lets go of every connection. */
interface OpenedImage {
  readonly source: ImageSource;
  readonly close: () => void;
}

/** The image that the user named, not read yet. @throws InputError, ConfigurationError, StoreError for a pull secret */
export async function openImage(text: string, options: RegistryImageOptions): Promise<OpenedImage> {
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
  { reference }: Extract<ImageName, { transport: 'docker' }>,
  options: RegistryImageOptions,
): Promise<OpenedImage> {
  const { open, close } = await openRegistryImages(options);
  try {
    return { source: await open(reference), close };
  } catch (error) {
    close();
    throw error;
  }
}
