import { type Digest, isDigest } from '../../base/names/digest.ts';

const NUMBERED = /^signature-[1-9][0-9]{0,2}$/;
/** `4.16.37-x86_64-sha256-<hex>` as oc-mirror writes it today, `sha256-<hex>` and `<hex>` as it did. */
const CACHED = /^(?:(?:[A-Za-z0-9._+-]*-)?(sha256|sha384|sha512)-)?([0-9a-f]+)$/;
/** The folder in which oc-mirror keeps signatures. */
const CACHE_FOLDER = 'signatures';

/**
 * The digest that a file is a signature of, as its path says it; undefined for a file that is none:
 *
 * - `…/<algo>=<hex>/signature-<n>`: the release layout, and with a repository before `@` a lookaside;
 * - `…/<algo>/<hex>/signature-<n>`: an update service's graph data;
 * - `signatures/…<algo>-<hex>` or `signatures/<hex>`: the cache in oc-mirror's working directory.
 *
 * @param segments of the path, from the directory that the user named, with that directory's own name first
 */
export function recogniseSignatureFile(segments: readonly string[]): Digest | undefined {
  const [name = '', folder = '', parent = ''] = segments.toReversed();
  const text = NUMBERED.test(name) ? toLayoutDigest(folder, parent) : toCachedDigest(name, folder);
  return text !== undefined && isDigest(text) ? text : undefined;
}

function toLayoutDigest(folder: string, parent: string): string {
  const segment = folder.slice(folder.lastIndexOf('@') + 1);
  return segment.includes('=') ? segment.replace('=', ':') : `${parent}:${folder}`;
}

function toCachedDigest(name: string, folder: string): string | undefined {
  const [, algorithm = 'sha256', hex] = CACHED.exec(name) ?? [];
  return folder === CACHE_FOLDER && hex !== undefined ? `${algorithm}:${hex}` : undefined;
}
