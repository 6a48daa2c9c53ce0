import { type DockerReference, formatDockerReference, withDefaultTag } from '../../lib/base/names/docker-reference.ts';
import { parseReference, repositoryHost } from '../../lib/base/names/reference.ts';
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
import { readRegistriesDFolder } from './node-policy.ts';
import { openRegistries, toNamedTrust } from './registries.ts';
import { openClient } from './stores.ts';

export interface RegistryImageOptions extends Pick<StoreOptions, 'allowPrivateStores' | 'tlsCa' | 'registry'> {
  readonly registriesD?: string;
  readonly pullSecret?: string;
  readonly allowRegistry: readonly string[];
}

/** Images of registries, over connections that they share; `close` closes these. */
interface OpenedRegistryImages {
  /** Not read yet. @throws InputError; StoreError when the pull secret cannot be read */
  readonly open: (reference: DockerReference) => Promise<ImageSource>;
  readonly close: () => void;
}

/** Files that the options name are read once. @throws InputError, ConfigurationError */
export async function openRegistryImages(options: RegistryImageOptions): Promise<OpenedRegistryImages> {
  const { allowRegistry } = options;
  const registriesD = await readRegistriesDFolder(options.registriesD);
  const client = await openClient(options, { allowPrivateAddresses: false, ca: undefined });
  const registries = openRegistries(options);
  return {
    async open(named) {
      const reference = parseReference(formatDockerReference(withDefaultTag(named)));
      const host = repositoryHost(reference.repository);
      // Each host is a profile of its own: it may redirect to those that the user named beside it, and to no other.
      const trust = await toNamedTrust(host, [host, ...allowRegistry], options.tlsCa);
      const registry = await registries.open(trust, reference.repository);
      const openpgp = createRegistriesDStore(registriesD, reference, { allowLocal: true }, client);
      // As nodes do: attachments are read only where registries.d says use-sigstore-attachments.
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

/** Why no attachment was looked up, for the verdict. */
const NOT_BESIDE = 'registries.d does not say use-sigstore-attachments: true';

/** `close` closes every connection. */
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
