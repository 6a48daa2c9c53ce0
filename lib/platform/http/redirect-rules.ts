import { StoreError } from '../../base/errors/store-error.ts';
import { checkHttpUrl, toShownUrl } from './http-url.ts';

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
