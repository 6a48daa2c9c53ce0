import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StoreError } from '../../base/errors/store-error.ts';
import type { HttpClient } from '../../platform/http/http-client.ts';
import { checkHttpUrl, toShownScheme, toShownUrl } from '../../platform/http/http-url.ts';
import { createDirectoryReleaseStore } from '../directory-release-store.ts';
import { createHttpReleaseStore } from '../http-release-store.ts';
import { createFailingStore } from '../port/failing-store.ts';
import type { SignatureStore } from '../port/signature-store.ts';

/**
 * The store that a profile names by URL, or a command line by directory. It never throws: what may not or cannot be
 * opened is a store whose only entry is `failed`, so that it shows in the evidence.
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
    return createRefusedStore(toShownUrl(url), 'this file:// URL is not a local path');
  }
  return openDirectory(path, toShownUrl(url), access);
}

function openPath(text: string, access: { readonly allowLocal: boolean }): SignatureStore {
  const isPath = isAbsolute(text) || text.startsWith('./') || text.startsWith('../');
  if (isPath) return openDirectory(text, text, access);
  if (!/[:@]/.test(text)) return createRefusedStore(text, 'this is neither a URL nor a path');
  // A mistyped URL may hold a password.
  return createRefusedStore(toShownScheme(text), 'this is not a URL');
}

function openDirectory(path: string, shown: string, { allowLocal }: { readonly allowLocal: boolean }): SignatureStore {
  if (allowLocal) return createDirectoryReleaseStore(path);
  return createRefusedStore(shown, `${shown} is a local store, read only where the profile sets allowLocal`);
}

function createRefusedStore(description: string, reason: string): SignatureStore {
  return createFailingStore(description, new StoreError('NotAllowed', reason));
}
