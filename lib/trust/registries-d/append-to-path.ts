/** Puts text at the end of a URL's path, before its query or fragment. */
export function appendToPath(url: string, text: string): string {
  const end = url.search(/[?#]/);
  return end < 0 ? url + text : url.slice(0, end) + text + url.slice(end);
}
