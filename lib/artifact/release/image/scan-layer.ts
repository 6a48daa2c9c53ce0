import { ReadableStream } from 'node:stream/web';
import { createTarDecoder, type TarHeader } from 'modern-tar';
import { StoreError } from '../../../base/errors/store-error.ts';
import { ReleaseError } from './release-error.ts';

const RELEASE_FOLDER = 'release-manifests';
export const RELEASE_FILES = ['image-references', 'release-metadata'] as const;
export type ReleaseFile = (typeof RELEASE_FILES)[number];

/** The effect of one layer on the release's files. */
export interface LayerFindings {
  readonly files: ReadonlyMap<ReleaseFile, Uint8Array>;
  /** Files of lower layers that this one removes. */
  readonly hidden: ReadonlySet<ReleaseFile>;
}

/** Entries of one layer. */
const MAX_LAYER_ENTRIES = 1_000_000;
/** Characters of an entry's path, as Linux takes them. */
const MAX_PATH = 4096;
/** Bytes of `image-references` and of `release-metadata`; a real one has about 100 KB. */
const MAX_RELEASE_FILE_BYTES = 4 * 1024 * 1024;

/**
 * Scans one unpacked layer for the release's files. The tar archive must be complete, with nothing after its end. Nothing
 * is written to disk.
 *
 * @throws ReleaseError, and what the source throws
 */
export async function scanLayer(chunks: AsyncIterable<Uint8Array>): Promise<LayerFindings> {
  const decoder = createTarDecoder({ strict: true });
  // Not Readable.toWeb: its source throws into nobody's hands where an entry is refused while more bytes are to come.
  const entries = ReadableStream.from(chunks).pipeThrough(decoder);
  const found = createLayerEntries();
  let count = 0;
  try {
    for await (const { header, body } of entries) {
      count += 1;
      if (count > MAX_LAYER_ENTRIES) {
        throw new ReleaseError('LimitExceeded', `a layer has more than ${MAX_LAYER_ENTRIES} entries`);
      }
      const file = found.consider(header);
      // Drained, not cancelled: modern-tar 0.8 cancels the next body instead.
      if (file === undefined) await drain(body);
      else found.keep(file, await readFile(body, file));
    }
  } catch (cause) {
    if (cause instanceof ReleaseError || cause instanceof StoreError) throw cause;
    const fault = cause instanceof Error ? cause.message : String(cause);
    throw new ReleaseError('LayerInvalid', `a layer is not a complete tar archive: ${fault}`, { cause });
  }
  return found.finish();
}

async function drain(body: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of body);
}

async function readFile(body: AsyncIterable<Uint8Array>, file: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > MAX_RELEASE_FILE_BYTES) {
      throw new ReleaseError('LimitExceeded', `${file} is longer than ${MAX_RELEASE_FILE_BYTES} bytes`);
    }
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}

interface LayerEntries {
  /** Adds an entry; returns its file if the bytes must be kept. @throws ReleaseError */
  consider(header: TarHeader): ReleaseFile | undefined;
  keep(file: ReleaseFile, bytes: Uint8Array): void;
  finish(): LayerFindings;
}

/** A folder or link of a layer, with what links are below it. */
interface Folder {
  isLink: boolean;
  readonly below: Map<string, Folder>;
}

/** Segments of the paths of links, each counted once: a real layer has some ten thousand. */
const MAX_LINK_SEGMENTS = 500_000;

/** The links of a layer by path, walked segment by segment: a path of many segments costs no more than its length. */
function createLinks() {
  const root: Folder = { isLink: false, below: new Map() };
  let count = 0;
  const add = (folder: Folder, name: string): Folder => {
    count += 1;
    if (count > MAX_LINK_SEGMENTS) {
      throw new ReleaseError('LimitExceeded', `the links of a layer have more than ${MAX_LINK_SEGMENTS} segments`);
    }
    const added: Folder = { isLink: false, below: new Map() };
    folder.below.set(name, added);
    return added;
  };
  return {
    /** Notes an entry, and refuses one below a link: it would be written elsewhere than its name says. @throws ReleaseError */
    follow(parts: readonly string[], isLink: boolean): void {
      let folder: Folder = root;
      for (const [at, part] of parts.entries()) {
        if (folder.isLink) {
          const parent = quote(parts.slice(0, at).join('/'));
          throw new ReleaseError('LayerInvalid', `a layer has an entry below the link ${parent}`);
        }
        const next = folder.below.get(part) ?? (isLink ? add(folder, part) : undefined);
        if (next === undefined) return;
        folder = next;
      }
      folder.isLink = isLink;
    },
  };
}

/** Names in the OCI image specification for removed entries: one entry, or all lower entries of a folder. */
const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';

/** Collects the entries of one layer in order. Entries that two readers could read differently are refused. */
function createLayerEntries(): LayerEntries {
  const files = new Map<ReleaseFile, Uint8Array>();
  const seen = new Set<ReleaseFile>();
  const hidden = new Set<ReleaseFile>();
  const links = createLinks();

  return {
    consider(header) {
      const parts = parseEntryPath(header.name);
      links.follow(parts, header.type === 'symlink' || header.type === 'link');
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

/**
 * Parses the name of an entry into path segments; none for the root itself. `..` is refused: no builder writes it, and
 * readers disagree about its meaning.
 *
 * @throws ReleaseError `LayerInvalid`
 */
function parseEntryPath(untrustedName: string): readonly string[] {
  if (untrustedName.length > MAX_PATH) {
    throw new ReleaseError('LimitExceeded', `a layer has an entry whose name has more than ${MAX_PATH} characters`);
  }
  const parts = untrustedName.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..') || untrustedName.includes('\0')) {
    throw new ReleaseError('LayerInvalid', `a layer has an entry with the invalid name ${quote(untrustedName)}`);
  }
  return parts;
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

/** The archive does not hold the bytes of a sparse file as they are. */
function isSparse({ pax }: TarHeader): boolean {
  return Object.keys(pax ?? {}).some((key) => key.startsWith('GNU.sparse.'));
}

function refused(path: string, header: TarHeader): ReleaseError {
  const kind = header.type === 'file' && !isSparse(header) ? 'in the wrong place' : `a ${header.type ?? 'file'}`;
  return new ReleaseError('FileRefused', `${path} is ${kind}${isSparse(header) ? ' with holes' : ''}`);
}

function quote(path: string): string {
  return JSON.stringify(path.slice(0, 160));
}
