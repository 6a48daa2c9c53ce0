import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StoreError } from '../../base/errors/store-error.ts';
import type { HttpClient } from '../../platform/http/http-client.ts';
import { createHttpClient } from '../../platform/http/http-client.ts';
import { checkHttpUrl, isUrlLike, toShownScheme, toShownUrl } from '../../platform/http/http-url.ts';
import type { ProxyOptions } from '../../platform/http/routes.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { createProfileAttachments } from '../../registry/attachments/attachment-store.ts';
import type { ManifestSource } from '../../registry/client/registry-client.ts';
import { createMirroredReader } from '../../registry/profile/mirrored-reader.ts';
import type { ProfileRegistries, RegistryTrust } from '../../registry/profile/profile-registries.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import { createDirectoryReleaseStore } from '../directory-stores.ts';
import { createHttpReleaseStore } from '../http-stores.ts';
import { createObjectLookasideStore, createObjectReleaseStore } from '../object-stores.ts';
import { createFailingStore, createParallelStore, createPolicyStore } from '../port/composites.ts';
import type { SignaturePlaces, SignatureStore } from '../port/signature-store.ts';
import { createProfileLookaside } from '../registries-d-store.ts';

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
export interface EvidencePlaces extends SignaturePlaces {
  readonly manifests: ManifestSource;
}

/** The stores of one profile. */
interface ProfileStores extends Omit<EvidencePlaces, 'release'> {
  /** The profile's stores, or their replacement, in the order in which they are named. */
  readonly releases: readonly SignatureStore[];
  /** Ends the connections. The registries are the caller's. */
  readonly close: () => void;
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
  const sigstore =
    registries === undefined
      ? createFailingStore('attachments', REGISTRIES_NOT_READ)
      : createProfileAttachments(registries)(trust);
  return {
    releases: urls.map((url) => openStore(url, access, client)),
    lookaside: createPolicyStore({ openpgp: createProfileLookaside(trust, client), sigstore }),
    manifests: registries === undefined ? NO_MANIFESTS : openManifests(registries, trust),
    close: () => client.close(),
  };
}

/** The manifests of a profile's images, read where a node with its mirror sets pulls. */
function openManifests(registries: Pick<ProfileRegistries, 'open'>, trust: RegistryTrust): ManifestSource {
  return createMirroredReader((repository) => registries.open(trust, repository), trust.mirrorRules);
}

const REGISTRIES_NOT_READ = new StoreError('NotAllowed', 'registries are not read here');

/** Reads no manifest: an image policy that needs one leaves the verdict indeterminate. */
export const NO_MANIFESTS: ManifestSource = {
  async readManifest() {
    await Promise.resolve();
    throw REGISTRIES_NOT_READ;
  },
};

/** Opens the stores of profiles, and keeps their connections while the trust stays the same. */
export interface UpstreamStores {
  open(trust: StoreTrust): EvidencePlaces;
  close(): void;
}

interface Opened extends Pick<ProfileStores, 'close'> {
  readonly revision: string;
  readonly places: EvidencePlaces;
}

/** The stores of all profiles, for a service: each profile's stores are read in parallel. */
export function createUpstreamStores(options: ProfileStoreOptions): UpstreamStores {
  const opened = new Map<string, Opened>();
  return {
    open(trust) {
      const { profile, revision } = trust;
      const kept = opened.get(profile);
      if (kept?.revision === revision) return kept.places;
      // A call that still reads with the old client gets a failed store; its retry reads with the new trust.
      kept?.close();
      const { releases, lookaside, manifests, close } = openProfileStores(trust, options);
      const places = { release: createParallelStore(releases), lookaside, manifests };
      opened.set(profile, { revision, places, close });
      return places;
    },
    close() {
      for (const { close } of opened.values()) close();
      opened.clear();
    },
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
