import path from 'node:path';
import { InputError } from '../../base/errors/input-error.ts';
import type { ListedChecksum } from './parse-checksum-list.ts';

/** A file that a verified list names, directly or through a nested list. */
export interface ListedFile extends Omit<ListedChecksum, 'name'> {
  /** The path with `/` from the folder of the signed list; undefined for a name that leads out of it. */
  readonly place: string | undefined;
  /** As listed. */
  readonly name: string;
  /** The list that names it. */
  readonly list: string;
}

/**
 * Locates a listed file.
 *
 * @param folder of the list, relative to that of the signed list; '' for the signed list itself
 */
export function toListedFile(checksum: ListedChecksum, list: string, folder: string): ListedFile {
  const inside = toPlace(checksum.name);
  return { ...checksum, list, place: inside === undefined ? undefined : path.posix.join(folder, inside) };
}

/** Checks that all lists give a file the same hash. @throws InputError */
export function requireAgreement(files: readonly ListedFile[]): void {
  const byPlace = new Map<string, ListedFile>();
  for (const file of files) {
    if (file.place === undefined) continue;
    const earlier = byPlace.get(file.place);
    if (earlier !== undefined && earlier.hash !== file.hash) {
      const where = `${earlier.list}:${earlier.line}`;
      const message = `${file.list}:${file.line}: ${JSON.stringify(file.place)} has another hash than in ${where}`;
      throw new InputError('FileUnreadable', message);
    }
    byPlace.set(file.place, file);
  }
}

/**
 * Finds the listed file of a path: the longest listed name at the end of the path, so that `/tmp/amd64/client.tar.gz` is
 * `amd64/client.tar.gz` and not `client.tar.gz`.
 */
export function findListed(files: readonly ListedFile[], named: string): ListedFile | undefined {
  const absolute = path.resolve(named);
  return files
    .filter(({ place }) => place !== undefined && absolute.endsWith(`${path.sep}${toSystemPath(place)}`))
    .toSorted((one, other) => (other.place?.length ?? 0) - (one.place?.length ?? 0))[0];
}

/** The path of a listed file on this system. */
export function toPath(folder: string, place: string): string {
  return path.join(folder, toSystemPath(place));
}

function toSystemPath(place: string): string {
  return place.split('/').join(path.sep);
}

/** Drops `./`, which `sha256sum ./*` writes. A name with `..`, an empty segment or a leading `/` has no place. */
function toPlace(name: string): string | undefined {
  if (name.startsWith('/') || name.includes('\0')) return undefined;
  const segments = name.split('/').filter((segment) => segment !== '.');
  return segments.length === 0 || segments.some((segment) => segment === '' || segment === '..')
    ? undefined
    : segments.join('/');
}
