/**
 * A text without the characters of a set at its end. A loop, because an expression that is anchored at the end alone is
 * tried at each place of the text, and takes the square of a long run.
 */
export function withoutTrailing(text: string, characters: string): string {
  let end = text.length;
  while (end > 0 && characters.includes(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}

const SCHEMES: readonly string[] = ['file', 'http', 'https'];
// RFC 3986 section 2: anything else, a space or a backslash for two, is read differently by different clients.
const URI_CHARACTERS = /^[A-Za-z0-9\-._~:/[\]@!$&'()*+,;=%]+$/;

/**
 * A store's base address: scheme in lower case, without final slashes, otherwise as written. Throws an Error whose
 * message says what is wrong and repeats nothing of the text, which may hold a password; callers add the place.
 */
export function parseStoreUrl(text: string): string {
  const trimmed = text.trim();
  const separator = trimmed.indexOf('://');
  const scheme = trimmed.slice(0, Math.max(separator, 0)).toLowerCase();
  if (!SCHEMES.includes(scheme)) {
    throw new Error('a store must be a URL with scheme file://, http:// or https://');
  }
  const rest = withoutTrailing(trimmed.slice(separator + '://'.length), '/');
  if (/[?#]/.test(rest)) throw new Error('a store must not have a query or fragment');
  if (!URI_CHARACTERS.test(rest)) {
    throw new Error(rest === '' ? 'a store must have a host or path' : 'a store must be a URL without odd characters');
  }
  const authority = rest.split('/')[0] ?? '';
  if (/@|%40/i.test(authority)) throw new Error('a store must not have a user or password in it');
  const url = `${scheme}://${rest}`;
  // `https:///x` is read as host x by browsers' rules.
  if (scheme !== 'file' && (authority === '' || (URL.parse(url)?.hostname ?? '') === '')) {
    throw new Error('a store must have a valid host');
  }
  return url;
}
