import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StoreError } from '../../base/errors/store-error.ts';
import type { HttpClient } from '../../platform/http/http-client.ts';
import { checkHttpUrl, isUrlLike, toShownScheme, toShownUrl } from '../../platform/http/http-url.ts';
import { createDirectoryReleaseStore } from '../directory-stores.ts';
import { createHttpReleaseStore } from '../http-stores.ts';
import { createFailingStore } from '../port/composites.ts';
import type { SignatureStore } from '../port/signature-store.ts';

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
