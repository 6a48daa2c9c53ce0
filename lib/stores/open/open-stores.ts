import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StoreError } from '../../base/errors/store-error.ts';
import { createHttpClient, type HttpClient } from '../../platform/http/http-client.ts';
import { checkHttpUrl, isUrlLike, toShownScheme, toShownUrl } from '../../platform/http/http-url.ts';
import { createKeptClients, type Retirable } from '../../platform/http/kept-clients.ts';
import type { ProxyOptions } from '../../platform/http/routes.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import type { ProfileRegistries, RegistryTrust } from '../../registry/profile/profile-registries.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import { createDirectoryReleaseStore } from '../directory-stores.ts';
import { createHttpReleaseStore, createObjectLookasideStore, createObjectReleaseStore } from '../numbered-stores.ts';
import { createFailingStore, createParallelStore, createPolicyStore } from '../port/composites.ts';
import type { SignaturePlaces, SignatureStore } from '../port/signature-store.ts';
import { type ImagePlaces, openImagePlaces } from './image-places.ts';

type StoreTrust = RegistryTrust & Pick<PreparedTrust, 'stores' | 'registriesD'>;

interface ProfileStoreOptions {
  /** Reads manifests, and Sigstore signatures beside images. Without it, neither is read. */
  readonly registries?: ProfileRegistries | undefined;
  readonly proxy?: ProxyOptions | undefined;
  /** Replaces every profile's stores. A path may be read even without `allowLocal`. */
  readonly replacement?: readonly string[] | undefined;
  /** Allows private addresses even if the profile does not: for runs on the operator's own machine. */
  readonly allowPrivateAddresses?: boolean | undefined;
}

/** All that a decision about a profile's image may read. */
export interface EvidencePlaces extends SignaturePlaces, ImagePlaces {}

/** The stores of one profile. */
interface ProfileStores extends ImagePlaces {
  /** The profile's stores, or their replacement, in the order in which they are named. */
  readonly releases: readonly SignatureStore[];
  /** Ends the connections. The registries are the caller's. */
  readonly close: () => void;
  /** The same once no call uses them. */
  readonly retire: () => void;
}

/** Opens the stores, lookasides, attachments and manifests that a profile names. */
export function openProfileStores(
  trust: StoreTrust,
  { proxy, replacement, allowPrivateAddresses, registries }: ProfileStoreOptions,
): ProfileStores {
  const { stores, storeAccess } = trust;
  const isPrivateAllowed = storeAccess.allowPrivateAddresses || allowPrivateAddresses === true;
  const client = createHttpClient({ allowPrivateAddresses: isPrivateAllowed, ca: storeAccess.ca, proxy });
  const urls = replacement ?? stores.map(({ url }) => url);
  const access = replacement === undefined ? storeAccess : { allowLocal: true };
  const images = openLater(() => openImagePlaces(trust, client, registries));
  return {
    releases: urls.map((url) => openStore(url, access, client)),
    ...images,
    close: () => client.close(),
    retire: () => client.retire(),
  };
}

/** Opens what image policies read at the first question: a profile with keyrings alone needs nothing of it. */
function openLater(load: () => ImagePlaces): ImagePlaces {
  let opened: ImagePlaces | undefined;
  const open = (): ImagePlaces => (opened ??= load());
  return {
    lookaside: {
      description: BESIDE_IMAGES,
      fetchSignatures: (query, signal) => open().lookaside.fetchSignatures(query, signal),
    },
    manifests: {
      readManifest: (repository, reference, signal) => open().manifests.readManifest(repository, reference, signal),
    },
  };
}

/** The name that the stores have before they are opened, and after. */
const BESIDE_IMAGES = 'the lookasides of registries.d, then attachments';

/**
 * Opens the stores of profiles, and keeps their connections while the trust stays the same. When it changes, calls under
 * way finish with the stores that they have.
 */
export interface UpstreamStores {
  open(trust: StoreTrust): EvidencePlaces;
  close(): void;
}

interface Opened extends Retirable {
  readonly places: EvidencePlaces;
}

/** The stores of all profiles, for a service: each profile's stores are read in parallel. */
export function createUpstreamStores(options: ProfileStoreOptions): UpstreamStores {
  const kept = createKeptClients<Opened>();
  const open = (trust: StoreTrust): Opened => {
    const { releases, lookaside, manifests, close, retire } = openProfileStores(trust, options);
    return { places: { release: createParallelStore(releases), lookaside, manifests }, close, retire };
  };
  return {
    open: (trust) => kept.get(trust.profile, [trust.revision], () => open(trust)).places,
    close: kept.close,
  };
}

/** The name of the mirror in the evidence. */
const MIRROR = 'mirror';

/** The mirror of signatures in a bucket or a data folder, as decisions read it. */
export function openMirror(objects: ObjectStore): SignaturePlaces {
  return {
    release: createObjectReleaseStore(objects, { description: MIRROR }),
    lookaside: createPolicyStore({ openpgp: createObjectLookasideStore(objects, { description: MIRROR }) }),
  };
}

/**
 * Opens the store that a profile names by URL, or a command line by directory. It never throws: a store that may not or
 * cannot be opened has `failed` as its only entry, so that the evidence shows it.
 */
export function openStore(
  urlOrPath: string,
  access: { readonly allowLocal: boolean },
  client: HttpClient,
): SignatureStore {
  const url = URL.parse(urlOrPath);
  if (url === null) return openPath(urlOrPath, access);
  switch (url.protocol) {
    case 'https:':
    case 'http:':
      return openHttp(url, client);
    case 'file:':
      return openFileUrl(url, access);
    default:
      return createRefusedStore(`${url.protocol}//${url.host}`, `${url.protocol}// is not a signature store's scheme`);
  }
}

function openHttp(url: URL, client: HttpClient): SignatureStore {
  try {
    checkHttpUrl(url);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return createFailingStore(toShownUrl(url), error);
  }
  return createHttpReleaseStore(client, url);
}

function openFileUrl(url: URL, access: { readonly allowLocal: boolean }): SignatureStore {
  let path: string;
  try {
    path = fileURLToPath(url);
  } catch {
    return createRefusedStore(toShownUrl(url), 'this file:// URL names no local path');
  }
  return openDirectory(path, toShownUrl(url), access);
}

function openPath(text: string, access: { readonly allowLocal: boolean }): SignatureStore {
  const isPath = isAbsolute(text) || text.startsWith('./') || text.startsWith('../');
  if (isPath) return openDirectory(text, text, access);
  if (!/[:@]/.test(text)) return createRefusedStore(text, 'not a URL, and not a path: a path starts with /, ./ or ../');
  // A mistyped URL may hold a password.
  return createRefusedStore(toShownScheme(text), 'not a URL');
}

function openDirectory(path: string, shown: string, { allowLocal }: { readonly allowLocal: boolean }): SignatureStore {
  if (allowLocal) return createDirectoryReleaseStore(path);
  return createRefusedStore(shown, `${shown} is a local store, read only where the profile sets allowLocal`);
}

function createRefusedStore(description: string, reason: string): SignatureStore {
  return createFailingStore(description, new StoreError('NotAllowed', reason));
}

/** Converts a store argument of a command line for `openStore`: a URL stays, a path becomes absolute. */
export function toStoreLocation(named: string): string {
  return isUrlLike(named) ? named : resolve(named);
}
