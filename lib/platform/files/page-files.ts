import { hash } from 'node:crypto';
import { opendir } from 'node:fs/promises';
import path from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { isAbsent } from './file-error.ts';
import { readRegularFile } from './read-regular-file.ts';

/** How bytes are packed, as `Content-Encoding` says it. */
type Packing = 'br' | 'gzip';

/** The same content in one form. */
export interface Variant {
  readonly bytes: Buffer;
  /** Strong, with its quotes. */
  readonly etag: string;
}

/** A file of a page, held in memory. */
export interface PageFile {
  readonly type: string;
  /** Its name holds a hash of its bytes: it is the same for good. */
  readonly isHashed: boolean;
  readonly plain: Variant;
  readonly packed: ReadonlyMap<Packing, Variant>;
}

/** By name below the folder: what is not among them does not exist, whatever a path says. */
export type PageFiles = ReadonlyMap<string, PageFile>;

/** Files of a folder, and bytes of all of them. */
export const MAX_PAGE_FILES = 1000;
export const MAX_PAGE_FILES_BYTES = 32 * 1024 * 1024;

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  json: 'application/json',
  map: 'application/json',
  svg: 'image/svg+xml',
  png: 'image/png',
  ico: 'image/x-icon',
  woff2: 'font/woff2',
  txt: 'text/plain; charset=utf-8',
};
/** Nothing that a path could mean otherwise, and no hidden file. */
const NAME = /^[\w-][\w.-]*$/;
/** As bundlers write it. */
const HASHED = /[.-](?:[A-Z0-9]{8}|[0-9a-f]{8,64})\.[a-z0-9]+$/;
const PACKED = { br: '.br', gzip: '.gz' } as const;

/**
 * Reads the files of a built page, once: what is put there later is not served. Links, hidden files and unknown types are
 * left out, and so is a packed form of other bytes.
 *
 * @returns undefined where there is no folder, or none with an index.html
 * @throws ConfigurationError `LimitExceeded`; a system error
 */
export async function readPageFiles(directory: string): Promise<PageFiles | undefined> {
  const contents = new Map<string, Buffer>();
  try {
    await readAll(directory, contents);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
  const files = new Map<string, PageFile>();
  for (const [name, bytes] of contents) {
    const type = TYPES[name.slice(name.lastIndexOf('.') + 1)];
    if (type === undefined) continue;
    files.set(name, { type, isHashed: HASHED.test(name), plain: toVariant(bytes, ''), packed: toPacked(name, bytes) });
  }
  return files.has('index.html') ? files : undefined;

  function toPacked(name: string, bytes: Buffer): PageFile['packed'] {
    const variants = new Map<Packing, Variant>();
    for (const packing of ['br', 'gzip'] as const) {
      const packed = contents.get(`${name}${PACKED[packing]}`);
      if (packed !== undefined && isPacked(packed, packing, bytes))
        variants.set(packing, toVariant(packed, `-${packing}`));
    }
    return variants;
  }
}

async function readAll(directory: string, contents: Map<string, Buffer>): Promise<void> {
  let total = 0;
  for (const folders = ['']; folders.length > 0;) {
    const folder = folders.pop() ?? '';
    for await (const entry of await opendir(path.join(directory, folder))) {
      if (!NAME.test(entry.name)) continue;
      const name = `${folder}${entry.name}`;
      if (entry.isDirectory()) folders.push(`${name}/`);
      if (!entry.isFile()) continue;
      const file = await readRegularFile(path.join(directory, name), MAX_PAGE_FILES_BYTES - total, 'refuse');
      if (file.kind === 'cut' || contents.size === MAX_PAGE_FILES) {
        const limit = `${MAX_PAGE_FILES} files of together ${MAX_PAGE_FILES_BYTES} bytes`;
        throw new ConfigurationError('LimitExceeded', `the page in ${directory} has more than ${limit}`);
      }
      if (file.kind !== 'whole') continue;
      total += file.bytes.length;
      contents.set(name, Buffer.from(file.bytes));
    }
  }
}

function toVariant(bytes: Buffer, suffix: string): Variant {
  return { bytes, etag: `"${hash('sha256', bytes, 'base64url').slice(0, 22)}${suffix}"` };
}

/** A form of an earlier build would be another page to some browsers. */
function isPacked(packed: Buffer, packing: Packing, bytes: Buffer): boolean {
  const unpack = packing === 'br' ? brotliDecompressSync : gunzipSync;
  try {
    return unpack(packed, { maxOutputLength: bytes.length + 1 }).equals(bytes);
  } catch {
    return false;
  }
}
