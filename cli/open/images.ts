import { StoreError } from '../../lib/base/errors/store-error.ts';
import type { Digest } from '../../lib/base/names/digest.ts';
import { type DockerReference, formatDockerReference, withDefaultTag } from '../../lib/base/names/docker-reference.ts';
import { parseReference, type Reference, type Repository, repositoryHost } from '../../lib/base/names/reference.ts';
import { createAttachmentStore } from '../../lib/registry/attachments/attachment-store.ts';
import { createExtensionStore } from '../../lib/registry/attachments/extension-store.ts';
import { createNodeLookaside } from '../../lib/registry/attachments/node-lookaside.ts';
import { createNodeAttachmentStore } from '../../lib/registry/attachments/node-store.ts';
import type { RegistryClient } from '../../lib/registry/client/registry-client.ts';
import {
  type ImageName,
  type ImageSource,
  openRegistryImage,
  parseImageName,
} from '../../lib/registry/images/image-source.ts';
import { openDirectoryImage, openLayoutImage } from '../../lib/registry/images/open-local-image.ts';
import { readFirst, resolveMirrors } from '../../lib/registry/profile/mirrored-reader.ts';
import type { ManifestReader } from '../../lib/registry/profile/profile-registries.ts';
import { createEmptyStore, createFailingStore, createPolicyStore } from '../../lib/stores/port/composites.ts';
import type { SignatureStore } from '../../lib/stores/port/signature-store.ts';
import { createRegistriesDStore } from '../../lib/stores/registries-d-store.ts';
import type { MirrorRule } from '../../lib/trust/prepared/prepared-trust.ts';
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
  readonly open: (reference: DockerReference, pull?: PullOptions) => Promise<RegistryImageSource>;
  readonly close: () => void;
}

/** How nodes of a cluster pull an image. */
interface PullOptions {
  /** They read an image at the first of its mirrors that has it, with the signatures there. */
  readonly mirrorRules?: readonly MirrorRule[];
  /** What runs by a tag: the tag may name another image by now. */
  readonly digest?: Digest | undefined;
  /** Attachments are read whatever registries.d says: a cluster writes it for the scopes of its image policies. */
  readonly isAttached?: boolean;
}

interface RegistryImageSource extends ImageSource {
  /** The same image with the signatures that nodes read alone. */
  readonly asNode: ImageSource;
}

/** One place from which an image is pulled. */
interface PullPlace {
  readonly repository: Repository;
  readonly registry: ManifestReader;
  readonly signatures: SignatureStore;
  /** With what nodes read alone. */
  readonly asRead: SignatureStore;
}

/** Files that the options name are read once. @throws InputError, ConfigurationError */
export async function openRegistryImages(options: RegistryImageOptions): Promise<OpenedRegistryImages> {
  const { allowRegistry } = options;
  const registriesD = await readRegistriesDFolder(options.registriesD);
  const client = await openClient(options, { allowPrivateAddresses: false, ca: undefined });
  const registries = openRegistries(options);
  const openPlace = async (reference: Reference, isAttached: boolean): Promise<PullPlace> => {
    const { repository } = reference;
    const host = repositoryHost(repository);
    // Each host is a profile of its own: it may redirect to those that the user named beside it, and to no other.
    const trust = await toNamedTrust(host, [host, ...allowRegistry], options.tlsCa);
    const registry = await registries.open(trust, repository);
    const openRegistry = (): Promise<RegistryClient> => registries.openRegistry(trust);
    const lookaside = createRegistriesDStore(registriesD, reference, { allowLocal: true }, client);
    const openpgp = createExtensionStore(lookaside, { open: openRegistry });
    // As nodes do: attachments are read only where registries.d says use-sigstore-attachments.
    const looksBeside = isAttached || usesSigstoreAttachments(registriesD, reference);
    const sigstore = looksBeside ? createAttachmentStore(openRegistry) : createEmptyStore(NOT_BESIDE);
    const ofNodes = looksBeside ? createNodeAttachmentStore(openRegistry) : createEmptyStore(NOT_BESIDE);
    return {
      repository,
      registry,
      signatures: createPolicyStore({ openpgp, sigstore }),
      asRead: createPolicyStore({ openpgp: createNodeLookaside(openpgp), sigstore: ofNodes }),
    };
  };
  return {
    async open(named, { mirrorRules = [], digest, isAttached = false } = {}) {
      const reference = parseReference(formatDockerReference(withDefaultTag(named)));
      const by = reference.digest === undefined ? 'tag' : 'digest';
      const places: PullPlace[] = [];
      for (const repository of resolveMirrors(reference.repository, mirrorRules, by)) {
        places.push(await openPlace({ ...reference, repository }, isAttached));
      }
      const { registry, at } = openFirst(places);
      const signatures = at((place) => place.signatures);
      const source = withKeptManifests(toRunning(openRegistryImage(named, { registry, signatures }), digest));
      const nodeSource = openRegistryImage(named, { registry, signatures: at((place) => place.asRead) });
      const asNode: ImageSource = {
        ...source,
        readSignatures: (...given) => nodeSource.readSignatures(...given),
      };
      return { ...source, asNode };
    },
    close() {
      client.close();
      registries.close();
    },
  };
}

const NO_PLACE = 'the place of the image';
const UNFOUND = new StoreError('NotAllowed', 'no place has the image');

interface FirstPlace {
  readonly registry: Pick<ManifestReader, 'readManifest'>;
  readonly at: (choose: (place: PullPlace) => SignatureStore) => SignatureStore;
}

/** The image is read at the first place that has it; all of its manifests and signatures are then read there. */
function openFirst(places: readonly PullPlace[]): FirstPlace {
  let found: PullPlace | undefined;
  const registry: FirstPlace['registry'] = {
    async readManifest(_, wanted, signal) {
      const among = found === undefined ? places : [found];
      const repositories = among.map(({ repository }) => repository);
      return await readFirst(repositories, signal, async (repository) => {
        const place = among.find((one) => one.repository === repository);
        if (place === undefined) throw new StoreError('NotAllowed', `${repository} is no place of the image`);
        const manifest = await place.registry.readManifest(repository, wanted, signal);
        found ??= place;
        return manifest;
      });
    },
  };
  const at: FirstPlace['at'] = (choose) => ({
    description: NO_PLACE,
    fetchSignatures(query, signal) {
      // Never before a manifest was read: the place that has it holds its signatures.
      if (found === undefined) return createFailingStore(NO_PLACE, UNFOUND).fetchSignatures(query, signal);
      const place = found;
      return choose(place).fetchSignatures({ ...query, repository: place.repository }, signal);
    },
  });
  return { registry, at };
}

/** The image that runs, in place of the one that its tag names now. */
function toRunning(source: ImageSource, digest: Digest | undefined): ImageSource {
  if (digest === undefined) return source;
  return { ...source, readManifest: (signal, instance) => source.readManifest(signal, instance ?? digest) };
}

/** Reads each manifest once, so that both answers are about the same image, also where a tag moves in between. */
function withKeptManifests(source: ImageSource): ImageSource {
  const kept = new Map<string | undefined, ReturnType<ImageSource['readManifest']>>();
  return {
    ...source,
    readManifest(signal, digest) {
      const reading = kept.get(digest) ?? source.readManifest(signal, digest);
      kept.set(digest, reading);
      return reading;
    },
  };
}

/** Why no attachment was looked up, for the verdict. */
const NOT_BESIDE = 'registries.d does not say use-sigstore-attachments: true';

/** `close` closes every connection. */
interface OpenedImage {
  readonly source: ImageSource;
  /** With the signatures that nodes read alone; undefined for an image that no node pulls. */
  readonly asNode?: ImageSource;
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
    const source = await open(reference);
    return { source, asNode: source.asNode, close };
  } catch (error) {
    close();
    throw error;
  }
}
