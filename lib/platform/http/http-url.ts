import { StoreError } from '../../base/errors/store-error.ts';

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

/**
 * True for a URL, well-formed or not, as opposed to a path: a malformed URL must not be read as a file name. One letter
 * is a drive of Windows, as in `C:/trust`, and no scheme.
 */
export function isUrlLike(text: string): boolean {
  return /^\s*[A-Za-z][A-Za-z0-9+.-]+:\//.test(text);
}

/** A malformed URL as messages may show it: its scheme at most, because the rest may hold a password. */
export function toShownScheme(text: string): string {
  const scheme = /^\s*([A-Za-z][A-Za-z0-9+.-]*):/.exec(text)?.[1];
  return scheme === undefined ? '…' : `${scheme.toLowerCase()}://…`;
}

/** The URL as messages and records may show it: without user, password, query and fragment. */
export function toShownUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/** A path or a URL as messages may show it: of a URL neither user, password, query nor fragment, which may be secret. */
export function toShownPlace(text: string): string {
  if (!isUrlLike(text)) return text;
  const url = URL.parse(text);
  if (url === null) return toShownScheme(text);
  return `${toShownUrl(url)}${url.search === '' ? '' : '?…'}`;
}

const URL_IN_TEXT = /(?<![A-Za-z0-9+.-])([A-Za-z][A-Za-z0-9+.-]{0,15}:\/+)([^\s"']*)/g;

/** A message that may quote what a caller gave: each URL in it as {@link toShownPlace} shows it, and nothing else changed. */
export function hideUrlSecrets(message: string): string {
  return message.replace(URL_IN_TEXT, (_, scheme: string, rest: string) => {
    const end = rest.slice(rest.replace(/[:;,.)]{1,8}$/, '').length);
    const whole = rest.slice(0, rest.length - end.length);
    const at = whole.search(/[?#]/);
    const address = at < 0 ? whole : whole.slice(0, at);
    const host = address.split('/', 1)[0] ?? '';
    const user = host.lastIndexOf('@') + 1;
    return `${scheme}${user > 0 ? '…@' : ''}${address.slice(user)}${at < 0 ? '' : `${whole[at]}…`}${end}`;
  });
}

/** Redirects followed for one request. */
export const MAX_REDIRECTS = 3;

const REDIRECT_STATUSES: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export function isRedirect(status: number): boolean {
  return REDIRECT_STATUSES.has(status);
}

/**
 * Where a redirect may lead: never from https to http, never to a URL with a user or another scheme. The address is
 * checked when it is contacted. @throws StoreError `RedirectRefused`.
 */
export function toRedirectTarget(from: URL, location: string): URL {
  const target = URL.parse(location, from.href);
  if (target === null) throw refusal(from, 'its Location is not a URL');
  try {
    checkHttpUrl(target);
  } catch (cause) {
    throw refusal(from, `it leads to ${toShownUrl(target)}`, cause);
  }
  if (from.protocol === 'https:' && target.protocol !== 'https:') {
    throw refusal(from, `it leaves https for ${toShownUrl(target)}`);
  }
  return target;
}

/** The caller's headers for the next hop: none once the origin changes, since another must not see a credential. */
export function toHopHeaders(
  headers: Readonly<Record<string, string>>,
  from: URL,
  to: URL,
): Readonly<Record<string, string>> {
  return from.origin === to.origin ? headers : {};
}

function refusal(from: URL, fault: string, cause?: unknown): StoreError {
  return new StoreError('RedirectRefused', `the redirect of ${toShownUrl(from)} is refused: ${fault}`, { cause });
}
