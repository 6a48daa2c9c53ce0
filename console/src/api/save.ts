/** Milliseconds after which a saved file's memory is given back. */
const KEPT_MS = 60_000;

/** Has the browser save a text. The name has to be one of `toFileName`. */
export function saveText(name: string, text: string, type: string): void {
  saveBlob(name, new Blob([text], { type: `${type};charset=utf-8` }));
}

export function saveBlob(name: string, blob: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS);
}

/**
 * Has the browser fetch a file from where the service keeps it, by an address that it signed for a few minutes. The page's
 * policy lets no script read it; the store's answer is saved, and the page stays.
 *
 * @returns false for what is no such address
 */
export function saveFrom(address: string): boolean {
  const url = URL.parse(address);
  if (url?.protocol !== 'https:' || !url.searchParams.has('X-Amz-Signature')) return false;
  const link = document.createElement('a');
  link.setAttribute('href', url.href);
  link.rel = 'noreferrer';
  link.download = '';
  link.click();
  return true;
}
