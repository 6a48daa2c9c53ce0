import { createHash } from 'node:crypto';
import { crc32, deflateRawSync } from 'node:zlib';

/** An entry as an attacker would write it. */
export interface CraftedEntry {
  readonly name: string | Buffer;
  readonly body?: string | Uint8Array;
  /** `0` unless told. */
  readonly type?: string;
  readonly linkName?: string;
  /** What the header says, when it is not the body's. */
  readonly size?: number;
  readonly prefix?: string;
  readonly mtime?: number;
  readonly mode?: string;
  readonly checksum?: number;
  /** Bytes that fill the last block; zeros unless told. */
  readonly padding?: number;
}

const BLOCK = 512;
const MTIME = Date.UTC(1980, 0, 1) / 1000;

/** A writer of its own, so that what `lib/bundle` reads and writes is not judged by itself. */
export function craftTar(entries: readonly CraftedEntry[], end = Buffer.alloc(2 * BLOCK)): Buffer {
  return Buffer.concat([...entries.map(craftEntry), end]);
}

export function craftEntry(entry: CraftedEntry): Buffer {
  const body = Buffer.from(entry.body ?? '');
  const padding = Buffer.alloc((BLOCK - (body.length % BLOCK)) % BLOCK, entry.padding ?? 0);
  return Buffer.concat([craftHeader(entry, body.length), body, padding]);
}

function craftHeader(entry: CraftedEntry, length: number): Buffer {
  const header = Buffer.alloc(BLOCK);
  const { name, prefix } = splitName(entry);
  Buffer.from(name).copy(header, 0, 0, 100);
  header.write(`${entry.mode ?? '0000644'}\0${'0000000\0'.repeat(2)}`, 100, 'latin1');
  header.write(`${octal(entry.size ?? length, 11)}\0`, 124, 'latin1');
  header.write(`${octal(entry.mtime ?? MTIME, 11)}\0`, 136, 'latin1');
  header.write(entry.type ?? '0', 156, 'latin1');
  header.write(entry.linkName ?? '', 157, 'latin1');
  header.write('ustar\0', 257, 'latin1');
  header.write('00', 263, 'latin1');
  header.write(prefix, 345, 'latin1');
  header.fill(' ', 148, 156);
  const sum = entry.checksum ?? header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)}\0 `, 148, 'latin1');
  return header;
}

/** ustar cuts a long path at a slash. */
function splitName({ name, prefix }: CraftedEntry): { readonly name: string | Buffer; readonly prefix: string } {
  if (typeof name !== 'string' || prefix !== undefined || name.length <= 100) return { name, prefix: prefix ?? '' };
  const slash = name.lastIndexOf('/');
  return { name: name.slice(slash + 1), prefix: name.slice(0, slash) };
}

/** One gzip member with the header of a bundle. */
export function craftGzip(tar: Uint8Array, header = Buffer.from('1f8b08000000000000ff', 'hex')): Buffer {
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(tar), 0);
  trailer.writeUInt32LE(tar.length % 2 ** 32, 4);
  return Buffer.concat([header, deflateRawSync(tar), trailer]);
}

export interface CraftedFile {
  readonly path: string;
  readonly body: string | Uint8Array;
}

/** A manifest of these files; `change` replaces members. */
export function craftManifest(files: readonly CraftedFile[], change: object = {}): string {
  const counts = new Map<string, number>();
  for (const { path } of files) {
    const [, segment] = /^signatures\/([^/]+)\/signature-/.exec(path) ?? [];
    if (segment !== undefined) counts.set(segment, (counts.get(segment) ?? 0) + 1);
  }
  return JSON.stringify({
    schema: 1,
    createdBy: 'attacker/1.0',
    trustRevisions: [],
    digests: [...counts].map(([segment, signatures]) => ({ digest: segment.replace('=', ':'), signatures })),
    contents: files.map(({ path, body }) => ({
      path,
      sha256: createHash('sha256').update(body).digest('hex'),
      size: Buffer.byteLength(body),
    })),
    ...change,
  });
}

/** A bundle that is as it should be, but for what an attacker adds behind or puts in place of its entries. */
export function craftBundle(
  files: readonly CraftedFile[],
  { manifest = craftManifest(files), more = [] }: { manifest?: string; more?: readonly CraftedEntry[] } = {},
): Buffer {
  const entries = files.map(({ path, body }) => ({ name: path, body }));
  return craftGzip(craftTar([{ name: 'manifest.json', body: manifest }, ...entries, ...more]));
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}
