import { StoreError } from '../errors/store-error.ts';

/** @throws StoreError `NotAllowed`, which never repeats what may be a password. */
export function parseHttpUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null) throw new StoreError('NotAllowed', 'this is not a URL');
  checkHttpUrl(url);
  return url;
}

/** @throws StoreError `NotAllowed` for another scheme than http and https and for a user or password. */
export function checkHttpUrl(url: URL): void {
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new StoreError('NotAllowed', `${url.protocol}// is not contacted: only https:// and http:// are`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new StoreError('NotAllowed', `${toShownUrl(url)}: a URL with a user or password is not used`);
  }
}

/** The URL as messages and records may show it: without user, password, query and fragment. */
export function toShownUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}
