import { ConfigurationError } from '../lib/errors/configuration-error.ts';
import { createHttpClient, type HttpClient } from '../lib/http/http-client.ts';
import { createTlsTrust } from '../lib/http/tls-trust.ts';
import { readProxy } from '../lib/runtime/environment.ts';
import { createFallbackStore } from '../lib/signatures/fallback-store.ts';
import { openStore } from '../lib/signatures/open-store.ts';
import { createParallelStore } from '../lib/signatures/parallel-store.ts';
import { createProfileLookaside } from '../lib/signatures/profile-lookaside.ts';
import type { SignatureStore } from '../lib/signatures/signature-store.ts';
import { toStoreLocation } from '../lib/signatures/to-store-location.ts';
import type { PreparedTrust } from '../lib/trust/prepared-trust.ts';
import { checkNamedStores } from './check-named-stores.ts';
import type { StoreOptions } from './options.ts';
import { MAX_KEY_FILE_BYTES, readInput } from './read-input.ts';

/** The stores of a run, read in parallel; `close` lets go of every connection. */
export interface OpenedStores {
  readonly store: SignatureStore;
  /** Of the profile's registries.d, whatever stores the command line names. */
  readonly lookaside: SignatureStore;
  readonly close: () => void;
}

type StoreTrust = Pick<PreparedTrust, 'stores' | 'storeAccess' | 'registriesD'>;

/** The profile's stores, or those of the command line in their place. @throws InputError for a file not readable */
export async function openStores(options: StoreOptions, trust: StoreTrust): Promise<OpenedStores> {
  const { opened, lookaside, close } = await openEach(options, trust);
  return { store: createParallelStore(opened), lookaside: createParallelStore([lookaside]), close };
}

/** The same one after the other, for a mirror: what the first has, the others are not asked for. */
export async function openSyncStores(
  options: StoreOptions,
  trust: StoreTrust,
): Promise<OpenedStores & { readonly stores: readonly string[] }> {
  const { opened, lookaside, close } = await openEach(options, trust);
  // As plan-mirror names them, so that each lets rest what the other asked about.
  const stores = options.store.length === 0 ? trust.stores.map(({ url }) => url) : options.store;
  return { store: createFallbackStore(opened), lookaside, stores, close };
}

async function openEach(
  options: StoreOptions,
  trust: StoreTrust,
): Promise<{
  readonly opened: readonly SignatureStore[];
  readonly lookaside: SignatureStore;
  readonly close: () => void;
}> {
  const { stores, storeAccess } = trust;
  await checkNamedStores(options.store);
  const client = await openClient(options, storeAccess);
  const opened =
    options.store.length === 0
      ? stores.map(({ url }) => openStore(url, storeAccess, client))
      : // A store that the user named may be local: who runs the command may read the directory anyway.
        options.store.map((named) => openStore(toStoreLocation(named), { allowLocal: true }, client));
  return { opened, lookaside: createProfileLookaside(trust, client), close: () => client.close() };
}

/** An HTTP client as the command line wants it. @throws InputError for a file not readable */
export async function openClient(
  { allowPrivateStores, tlsCa }: Pick<StoreOptions, 'allowPrivateStores' | 'tlsCa'>,
  { allowPrivateAddresses, ca }: Pick<PreparedTrust['storeAccess'], 'allowPrivateAddresses' | 'ca'>,
): Promise<HttpClient> {
  const named = tlsCa === undefined ? undefined : await readCertificates(tlsCa);
  const pem = [ca, named].filter((part) => part !== undefined).join('\n');
  return createHttpClient({
    allowPrivateAddresses: allowPrivateAddresses || allowPrivateStores === true,
    ca: pem === '' ? undefined : pem,
    proxy: readProxy(process.env),
  });
}

/** Checked alone, so that the error is of this file and not of the profile's. */
async function readCertificates(file: string): Promise<string> {
  const pem = Buffer.from(await readInput(file, MAX_KEY_FILE_BYTES)).toString();
  try {
    createTlsTrust(pem);
  } catch (cause) {
    if (!(cause instanceof ConfigurationError)) throw cause;
    throw new ConfigurationError(cause.code, cause.message, { cause, position: { document: `--tls-ca ${file}` } });
  }
  return pem;
}
