import type { TarHeader } from 'modern-tar';
import { parseEntryPath } from './entry-path.ts';
import { ReleaseError } from './release-error.ts';

export const RELEASE_FOLDER = 'release-manifests';
export const RELEASE_FILES = ['image-references', 'release-metadata'] as const;
export type ReleaseFile = (typeof RELEASE_FILES)[number];

/** What one layer says about the release's files. */
export interface LayerFindings {
  readonly files: ReadonlyMap<ReleaseFile, Uint8Array>;
  /** Files of the layers below that this one takes away. */
  readonly hidden: ReadonlySet<ReleaseFile>;
}

export interface LayerEntries {
  /** Takes an entry in; the file whose bytes have to be kept, if it is one. @throws ReleaseError */
  consider(header: TarHeader): ReleaseFile | undefined;
  keep(file: ReleaseFile, bytes: Uint8Array): void;
  finish(): LayerFindings;
}

/** Names of the OCI image specification for what a layer takes away: one entry, or all that is in a folder below. */
const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';

/** The entries of one layer, in their order. Whatever could make two readers see different files is refused. */
export function createLayerEntries(): LayerEntries {
  const files = new Map<ReleaseFile, Uint8Array>();
  const seen = new Set<ReleaseFile>();
  const hidden = new Set<ReleaseFile>();
  const links = new Set<string>();

  /** A file that is written through a link lands where its own name does not say. */
  function checkParents(parts: readonly string[]): void {
    if (links.size === 0) return;
    for (let depth = 1; depth < parts.length; depth += 1) {
      const parent = parts.slice(0, depth).join('/');
      if (links.has(parent))
        throw new ReleaseError('LayerInvalid', `a layer has an entry below the link ${shown(parent)}`);
    }
  }

  function noteLink(parts: readonly string[], { type }: TarHeader): void {
    const path = parts.join('/');
    if (type === 'symlink' || type === 'link') links.add(path);
    else links.delete(path);
  }

  return {
    consider(header) {
      const parts = parseEntryPath(header.name);
      checkParents(parts);
      noteLink(parts, header);
      const whiteout = findHidden(parts);
      for (const file of whiteout) hidden.add(file);
      if (parts[0] !== RELEASE_FOLDER || whiteout.length > 0) return undefined;
      if (parts.length === 1 && header.type !== 'directory') throw refused(RELEASE_FOLDER, header);
      const file = RELEASE_FILES.find((name) => name === parts[1]);
      if (file === undefined) return undefined;
      if (parts.length > 2 || header.type !== 'file' || isSparse(header))
        throw refused(`${RELEASE_FOLDER}/${file}`, header);
      if (seen.has(file)) throw new ReleaseError('FileRefused', `a layer has ${RELEASE_FOLDER}/${file} twice`);
      seen.add(file);
      return file;
    },
    keep: (file, bytes) => files.set(file, bytes),
    finish: () => ({ files, hidden }),
  };
}

function findHidden(parts: readonly string[]): readonly ReleaseFile[] {
  const name = parts.at(-1) ?? '';
  if (!name.startsWith(WHITEOUT)) return [];
  const parent = parts.slice(0, -1).join('/');
  const target = name.slice(WHITEOUT.length);
  if (parent === '') return name === OPAQUE || target === RELEASE_FOLDER ? RELEASE_FILES : [];
  if (parent !== RELEASE_FOLDER) return [];
  return name === OPAQUE ? RELEASE_FILES : RELEASE_FILES.filter((file) => file === target);
}

/** Its bytes in the archive are not those of the file. */
function isSparse({ pax }: TarHeader): boolean {
  return Object.keys(pax ?? {}).some((key) => key.startsWith('GNU.sparse.'));
}

function refused(path: string, header: TarHeader): ReleaseError {
  const kind = header.type === 'file' && !isSparse(header) ? 'in the wrong place' : `a ${header.type ?? 'file'}`;
  return new ReleaseError('FileRefused', `${path} is ${kind}${isSparse(header) ? ' with holes' : ''}`);
}

function shown(path: string): string {
  return JSON.stringify(path.slice(0, 160));
}
