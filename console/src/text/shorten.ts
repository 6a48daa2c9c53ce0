const KEPT = 8;
/** Characters of a text of strangers that a cell shows; all of it is in the title. */
const MAX_CELL = 160;

/** A digest, id or fingerprint with its middle left out; anything shorter as it is. */
export function shortenHex(text: string): string {
  const colon = text.indexOf(':');
  const [algorithm, hex] = colon < 0 ? ['', text] : [text.slice(0, colon + 1), text.slice(colon + 1)];
  if (hex.length <= 2 * KEPT + 1) return text;
  return `${algorithm}${hex.slice(0, KEPT)}…${hex.slice(-4)}`;
}

/** A pullspec with the middle of its digest left out. */
export function shortenPullspec(pullspec: string): string {
  const at = pullspec.lastIndexOf('@');
  return at < 0 ? shortenText(pullspec) : `${shortenText(pullspec.slice(0, at))}@${shortenHex(pullspec.slice(at + 1))}`;
}

/** A text of strangers, with its end left out where it is too long for a cell. */
export function shortenText(text: string, max: number = MAX_CELL): string {
  const characters = Array.from(text);
  return characters.length <= max ? text : `${characters.slice(0, max - 1).join('')}…`;
}

/** Bytes as in `14 KB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1000).toFixed(1)} KB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** As in `1 decision` and `2 decisions`. */
export function formatCount(count: number, one: string, many: string = `${one}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;
}
