import { ReleaseError } from './release-error.ts';

/**
 * The parts of an entry's name below the image's root; none for the root itself. A name that climbs is no name that a
 * builder writes, and readers disagree about where it leads.
 *
 * @throws ReleaseError `LayerInvalid`
 */
export function parseEntryPath(untrustedName: string): readonly string[] {
  const parts = untrustedName.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..') || untrustedName.includes('\0')) {
    throw new ReleaseError('LayerInvalid', `a layer has the entry ${JSON.stringify(untrustedName.slice(0, 160))}`);
  }
  return parts;
}
