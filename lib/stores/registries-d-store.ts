import { fileURLToPath } from 'node:url';
import { StoreError } from '../base/errors/store-error.ts';
import { toStoreSegment } from '../base/names/digest.ts';
import type { Reference } from '../base/names/reference.ts';
import type { HttpClient } from '../platform/http/http-client.ts';
import { checkHttpUrl, toShownScheme, toShownUrl } from '../platform/http/http-url.ts';
import { findLookaside, type Lookaside } from '../trust/registries-d/find-lookaside.ts';
import type { RegistriesD } from '../trust/registries-d/registries-d.ts';
import { createDirectoryLookasideStore } from './directory-lookaside-store.ts';
import { createHttpSignatures, type HttpStoreOptions, toStoreDescription } from './http-signatures.ts';
import { createEmptyStore } from './port/empty-store.ts';
import { createFailingStore } from './port/failing-store.ts';
import { MAX_LOOKASIDE_SIGNATURES, type SignatureStore } from './port/signature-store.ts';
import { walkSignatures } from './port/walk-signatures.ts';

/** What may be read on this machine. */
interface LocalAccess {
  readonly allowLocal: boolean;
}

/**
 * The lookaside that registries.d names for an image, read at the very address that containers/image asks. What may not
 * or cannot be opened is a store whose only entry is `failed`, so that it shows in the evidence.
 *
 * @throws ConfigurationError `DocumentInvalid` when what is configured is no URL
 */
export function createRegistriesDStore(
  registriesD: RegistriesD,
  reference: Reference,
  access: LocalAccess,
  client: HttpClient,
  options: HttpStoreOptions = {},
): SignatureStore {
  const lookaside = findLookaside(registriesD, reference);
  const url = URL.parse(lookaside.base);
  if (url === null) return createRefusedStore(toShownScheme(lookaside.base), lookaside, 'is not a URL with a scheme');
  switch (url.protocol) {
    case 'https:':
    case 'http:':
      return openHttp(url, client, options);
    case 'file:':
      return openDirectory(url, lookaside, access, options);
    default:
      return createRefusedStore(toShownUrl(url), lookaside, `has the scheme ${url.protocol}//, which is not read`);
  }
}

function openHttp(base: URL, client: HttpClient, options: HttpStoreOptions): SignatureStore {
  try {
    checkHttpUrl(base);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return createFailingStore(toShownUrl(base), error);
  }
  // Each `/` of the path is kept, also at its end: a bucket tells `//` from `/`.
  const top = new URL(base);
  top.pathname = '/';
  const path = base.pathname.slice(1);
  const description = toStoreDescription(base);
  return {
    description,
    fetchSignatures({ digest }, signal) {
      const signatures = createHttpSignatures(client, top, `${path}@${toStoreSegment(digest)}`, options);
      const walk = { ...signatures, store: description, last: MAX_LOOKASIDE_SIGNATURES, overflow: 'failed' } as const;
      return walkSignatures(walk, signal);
    },
  };
}

function openDirectory(
  base: URL,
  lookaside: Lookaside,
  { allowLocal }: LocalAccess,
  { storeTimeoutMs }: HttpStoreOptions,
): SignatureStore {
  if (!allowLocal && lookaside.place === undefined) return createEmptyStore('no lookaside is configured');
  if (!allowLocal) {
    return createRefusedStore(toShownUrl(base), lookaside, 'is local, read only where the profile sets allowLocal');
  }
  try {
    // The built-in default need not be there: a node without it has no signatures.
    const root = lookaside.place === undefined ? undefined : fileURLToPath(lookaside.root);
    return createDirectoryLookasideStore(fileURLToPath(base), { root, storeTimeoutMs });
  } catch {
    return createRefusedStore(toShownUrl(base), lookaside, 'is not a local path');
  }
}

function createRefusedStore(description: string, { place }: Lookaside, fault: string): SignatureStore {
  return createFailingStore(description, new StoreError('NotAllowed', `the lookaside of ${place} ${fault}`));
}
