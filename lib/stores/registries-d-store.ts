import { fileURLToPath } from 'node:url';
import { ConfigurationError } from '../base/errors/configuration-error.ts';
import { StoreError } from '../base/errors/store-error.ts';
import { toStoreSegment } from '../base/names/digest.ts';
import type { Reference } from '../base/names/reference.ts';
import type { HttpClient } from '../platform/http/http-client.ts';
import { checkHttpUrl, toShownScheme, toShownUrl } from '../platform/http/http-url.ts';
import type { PreparedTrust } from '../trust/prepared/prepared-trust.ts';
import { readRegistriesD } from '../trust/registries-d/read-registries-d.ts';
import { findLookaside, type Lookaside, type RegistriesD } from '../trust/registries-d/registries-d.ts';
import { createDirectoryLookasideStore } from './directory-stores.ts';
import { createHttpSignatures, type HttpStoreOptions, toStoreDescription } from './numbered-stores.ts';
import { createEmptyStore, createFailingStore } from './port/composites.ts';
import { MAX_LOOKASIDE_SIGNATURES, type SignatureQuery, type SignatureStore } from './port/signature-store.ts';
import { walkSignatures } from './port/walk-signatures.ts';

const DESCRIPTION = 'the lookasides of registries.d';

/**
 * The lookasides that a profile's registries.d documents name, one for each image. The documents are parsed at the first
 * query, since a fault in them must not prevent releases from being verified. If they do not load, the lookaside has
 * failed.
 */
export function createProfileLookaside(
  { registriesD: documents, storeAccess }: Pick<PreparedTrust, 'registriesD' | 'storeAccess'>,
  client: HttpClient,
): SignatureStore {
  let registriesD: RegistriesD | undefined;
  const open = ({ digest, repository }: SignatureQuery): SignatureStore => {
    if (repository === undefined) {
      const error = new StoreError('NotAllowed', 'a lookaside is laid out by repository, and the query names none');
      return createFailingStore(DESCRIPTION, error);
    }
    try {
      registriesD ??= readRegistriesD(documents);
      return createRegistriesDStore(registriesD, { repository, tag: undefined, digest }, storeAccess, client);
    } catch (error) {
      // The configuration names no valid address for this image. The lookaside could have held the signature.
      if (!(error instanceof ConfigurationError)) throw error;
      return createFailingStore(DESCRIPTION, new StoreError('NotAllowed', error.message));
    }
  };
  return { description: DESCRIPTION, fetchSignatures: (query, signal) => open(query).fetchSignatures(query, signal) };
}

/** Whether files of this machine may be read. */
interface LocalAccess {
  readonly allowLocal: boolean;
}

/**
 * The lookaside that registries.d names for an image, at the address that containers/image reads. A lookaside that may
 * not or cannot be opened becomes a store whose only entry is `failed`, so that the evidence shows it.
 *
 * @throws ConfigurationError `DocumentInvalid` when the configured lookaside is no URL
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
  // Every `/` of the path is kept, also at its end: in a bucket `//` and `/` differ.
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
    // The built-in default need not exist: a node without it has no signatures.
    const root = lookaside.place === undefined ? undefined : fileURLToPath(lookaside.root);
    return createDirectoryLookasideStore(fileURLToPath(base), { root, storeTimeoutMs });
  } catch {
    return createRefusedStore(toShownUrl(base), lookaside, 'is not a local path');
  }
}

function createRefusedStore(description: string, { place }: Lookaside, fault: string): SignatureStore {
  return createFailingStore(description, new StoreError('NotAllowed', `the lookaside of ${place} ${fault}`));
}
