import { readdir, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { parseStoreUrl } from '../../lib/base/names/store-url.ts';
import { unlessAbsent } from '../../lib/platform/files/file-error.ts';
import { createHttpClient, type HttpClient, type HttpSender } from '../../lib/platform/http/http-client.ts';
import { isUrlLike, toShownScheme } from '../../lib/platform/http/http-url.ts';
import { readProxy } from '../../lib/platform/lambda/environment.ts';
import { openObjectStore } from '../../lib/platform/objects/open-object-store.ts';
import type { ObjectStore } from '../../lib/platform/objects/port/object-store.ts';
import { isS3Location } from '../../lib/platform/objects/s3/s3-location.ts';
import type { ManifestSource } from '../../lib/registry/client/registry-client.ts';
import type { ProfileRegistries, RegistryTrust } from '../../lib/registry/profile/profile-registries.ts';
import { openProfileStores, toStoreLocation } from '../../lib/stores/open/open-stores.ts';
import { createFallbackStore, createParallelStore } from '../../lib/stores/port/composites.ts';
import type { SignatureStore } from '../../lib/stores/port/signature-store.ts';
import type { PreparedTrust } from '../../lib/trust/prepared/prepared-trust.ts';
import type { StoreOptions } from '../shell/options.ts';
import { checkPullSecret, openRegistries, readCertificates } from './registries.ts';

/** The stores of a run, read in parallel; `close` closes every connection. */
interface OpenedStores {
  readonly store: SignatureStore;
  /** Of the profile's registries.d and registries, whatever stores the command line names. */
  readonly lookaside: SignatureStore;
  /** Of the profile's images, read only where one of its policies needs a signature. */
  readonly manifests: ManifestSource;
  readonly close: () => void;
}

type StoreTrust = RegistryTrust & Pick<PreparedTrust, 'stores' | 'registriesD'>;

/** The profile's stores, or those of the command line in their place. @throws InputError for a file not readable */
export async function openStores(options: StoreOptions, trust: StoreTrust): Promise<OpenedStores> {
  const { opened, lookaside, manifests, close } = await openEach(options, trust);
  return { store: createParallelStore(opened), lookaside: createParallelStore([lookaside]), manifests, close };
}

/** The same stores one after the other, for a mirror: the next is read only for what the ones before lack. */
export async function openSyncStores(
  options: StoreOptions,
  trust: StoreTrust,
): Promise<OpenedStores & { readonly stores: readonly string[] }> {
  const { opened, lookaside, manifests, close } = await openEach(options, trust);
  // Named as plan-mirror names them, so that each skips what the other did not find recently.
  const stores = options.store.length === 0 ? trust.stores.map(({ url }) => url) : options.store;
  return { store: createFallbackStore(opened), lookaside, manifests, stores, close };
}

/** The same stores, each by itself, for an audit. @throws InputError for a file not readable */
export async function openEachStore(
  options: StoreOptions,
  trust: StoreTrust,
): Promise<{ readonly stores: readonly SignatureStore[]; readonly close: () => void }> {
  const { opened, close } = await openEach(options, trust);
  return { stores: opened, close };
}

async function openEach(
  options: StoreOptions,
  trust: StoreTrust,
): Promise<{
  readonly opened: readonly SignatureStore[];
  readonly lookaside: SignatureStore;
  /** Of the profile's images, read only where one of its policies needs a signature. */
  readonly manifests: ManifestSource;
  readonly close: () => void;
}> {
  const { storeAccess } = trust;
  await checkNamedStores(options.store);
  if (options.pullSecret !== undefined) await checkPullSecret(options.pullSecret);
  const ca = await readCa(options, storeAccess);
  const registries = openRegistriesLater(options);
  const { releases, lookaside, manifests, close } = openProfileStores(
    { ...trust, storeAccess: { ...storeAccess, ca } },
    {
      registries,
      proxy: readProxy(process.env),
      // A store that the user named may be local: who runs the command may read the directory anyway.
      replacement: options.store.length === 0 ? undefined : options.store.map(toStoreLocation),
      allowPrivateAddresses: options.allowPrivateStores,
    },
  );
  const closeAll = (): void => {
    close();
    registries.close();
  };
  return { opened: releases, lookaside, manifests, close: closeAll };
}

/**
 * The registries, opened at the first question: most runs read none. Where an option says how to reach them, they are
 * opened at once, so that a wrong one is always reported. @throws InputError
 */
function openRegistriesLater(options: StoreOptions): ProfileRegistries {
  let opened: ProfileRegistries | undefined;
  const open = (): ProfileRegistries => (opened ??= openRegistries(options));
  if ((options.registry?.length ?? 0) > 0 || options.pullSecret !== undefined) open();
  return {
    open: (trust, repository) => open().open(trust, repository),
    openRegistry: (trust) => open().openRegistry(trust),
    close: () => opened?.close(),
  };
}

/** An HTTP client as the command line wants it. @throws InputError for a file not readable */
export async function openClient(
  options: Pick<StoreOptions, 'allowPrivateStores' | 'tlsCa'>,
  access: Pick<PreparedTrust['storeAccess'], 'allowPrivateAddresses' | 'ca'>,
): Promise<HttpClient & HttpSender> {
  return createStoreClient(options, access, await readCa(options, access));
}

function createStoreClient(
  { allowPrivateStores }: Pick<StoreOptions, 'allowPrivateStores'>,
  { allowPrivateAddresses }: Pick<PreparedTrust['storeAccess'], 'allowPrivateAddresses'>,
  ca: string | undefined,
): HttpClient & HttpSender {
  const isPrivateAllowed = allowPrivateAddresses || allowPrivateStores === true;
  return createHttpClient({ allowPrivateAddresses: isPrivateAllowed, ca, proxy: readProxy(process.env) });
}

/** The certificates of the profile and of the command line together. */
async function readCa(
  { tlsCa }: Pick<StoreOptions, 'tlsCa'>,
  { ca }: Pick<PreparedTrust['storeAccess'], 'ca'>,
): Promise<string | undefined> {
  const named = tlsCa === undefined ? undefined : await readCertificates(tlsCa);
  const pem = [ca, named].filter((part) => part !== undefined).join('\n');
  return pem === '' ? undefined : pem;
}

/**
 * What `--store` names must be a URL that can be read, or a directory that is there: a typing error is a wrong
 * call, not a store that is out of reach.
 *
 * @throws InputError, which repeats no password
 */
export async function checkNamedStores(named: readonly string[]): Promise<void> {
  for (const store of named) await requireDirectory(store, isUrlLike(store) ? toDirectory(store) : store);
}

/** The directory of a `file://` URL, undefined for one of HTTP. */
function toDirectory(store: string): string | undefined {
  try {
    const url = parseStoreUrl(store);
    return url.startsWith('file:') ? fileURLToPath(url) : undefined;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `--store ${toShownScheme(store)}: ${reason}; or name a directory`;
    throw new InputError('ArgumentInvalid', message, { cause });
  }
}

async function requireDirectory(store: string, directory: string | undefined): Promise<void> {
  if (directory === undefined) return;
  const entry = await stat(directory).catch(() => undefined);
  if (entry?.isDirectory() === true) {
    const { requireStoreFolder } = await import('./store-folder.ts');
    await requireStoreFolder(directory);
    return;
  }
  // `user:password@host`, whose scheme was forgotten, is shown no more than a URL is.
  const shown = store.split('/').some(hasCredential) ? '…' : store;
  throw new InputError('FileUnreadable', `--store ${shown} is not a directory, nor a URL with http:// or https://`);
}

function hasCredential(part: string): boolean {
  const colon = part.indexOf(':');
  return colon >= 0 && part.includes('@', colon);
}

/** An object store that has to be there: what is missing from a directory that is not says nothing. @throws InputError */
export async function openExisting(place: string): Promise<ObjectStore> {
  const objects = await openObjectStore(place);
  const isThere = isS3Location(place) || (await unlessAbsent(stat(place))) !== undefined;
  if (!isThere) throw new InputError('FileUnreadable', `${place} is not a directory: nothing is there`);
  return objects;
}

/** A mirror that has to be there. @throws InputError */
export async function openSource(from: string): Promise<ObjectStore> {
  const objects = await openExisting(from);
  if (isS3Location(from)) return objects;
  if ((await readdir(from)).length === 0)
    throw new InputError('FileUnreadable', `${from} is empty: it holds no mirror`);
  const { refuseStoreFolder } = await import('./store-folder.ts');
  await refuseStoreFolder(from);
  return objects;
}
