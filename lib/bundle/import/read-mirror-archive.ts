import type { FileHandle } from 'node:fs/promises';
import { InputError } from '../../base/errors/input-error.ts';
import { MAX_SIGNATURE_BYTES } from '../../stores/port/signature-store.ts';
import { isEmpty } from '../format/archive.ts';
import { openBundleFile } from '../format/bundle-file.ts';
import { MAX_BUNDLE_BYTES, MAX_FOREIGN_ENTRIES, MAX_TAR_NAME_BYTES } from '../format/limits.ts';
import type { Candidate } from '../format/read-bundle.ts';
import { isTarHeader, paddingOf, readTarFields, TAR_BLOCK, toShown } from '../format/tar-header.ts';
import type { FoundSignatures, ReadFailure } from './read-config-map-file.ts';
import { recogniseSignatureFile } from './read-foreign.ts';

interface Reading {
  readonly location: string;
  readonly file: FileHandle;
  /** Of the archive. */
  readonly length: number;
  readonly candidates: Candidate[];
  readonly failures: ReadFailure[];
  readonly seen: Set<string>;
  /** Where the next header is. */
  position: number;
  /** Bytes of signatures. */
  bytes: number;
  /** What an entry said of the one that follows it. */
  next: { readonly name?: string; readonly size?: number };
}

/**
 * The signatures in a tar that oc-mirror carries over (`mirror_000001.tar`, with `working-dir/signatures/`), however big
 * it is: headers are read, and of contents those of signatures alone. No name of the archive is a path of this machine.
 * An entry with the path of a signature that cannot be one is a failure with its name.
 *
 * @returns undefined for a file that is no tar
 * @throws InputError `FileUnreadable` for a tar that is cut, damaged or beyond the limits; the abort reason of the signal
 */
export async function readMirrorArchive(
  location: string,
  signal: AbortSignal,
  {
    maxEntries = MAX_FOREIGN_ENTRIES,
    maxBytes = MAX_BUNDLE_BYTES,
  }: { readonly maxEntries?: number; readonly maxBytes?: number } = {},
): Promise<FoundSignatures | undefined> {
  const file = await openBundleFile(location);
  try {
    const { size: length } = await file.stat();
    const start = { position: 0, bytes: 0, next: {}, seen: new Set<string>() };
    const reading: Reading = { location, file, length, candidates: [], failures: [], ...start };
    if (length < TAR_BLOCK || !isTarHeader(await readAt(reading, 0, TAR_BLOCK))) return undefined;
    for (let entries = 1; await readEntry(reading); entries += 1) {
      signal.throwIfAborted();
      if (entries >= maxEntries) throw unreadable(reading, `more than ${maxEntries} files`);
      if (reading.bytes > maxBytes) throw unreadable(reading, `more than ${maxBytes} bytes of signatures`);
    }
    return { candidates: reading.candidates, failures: reading.failures, emptied: [] };
  } finally {
    await file.close();
  }
}

/** @returns false behind the last entry */
async function readEntry(reading: Reading): Promise<boolean> {
  const { position: at, next } = reading;
  const header = await readAt(reading, at, TAR_BLOCK);
  if (isEmpty(header)) return false;
  if (!isTarHeader(header)) throw unreadable(reading, `at byte ${at} is no header of a tar: it is damaged`);
  const fields = readTarFields(header);
  const size = next.size ?? fields.size;
  const start = at + TAR_BLOCK;
  const end = start + size + paddingOf(size);
  // NaN too: a size in another notation than octal is that of a file of 8 GiB, which tells it in an extended header.
  if (!Number.isSafeInteger(end) || size < 0) throw unreadable(reading, `the size of ${toShown(fields.path)} is none`);
  if (end > reading.length)
    throw unreadable(reading, `it ends within ${toShown(next.name ?? fields.path)}: it was cut`);
  reading.position = end;
  reading.next = {};
  switch (fields.type) {
    case EXTENDED:
      reading.next = parseExtended(reading, await readName(reading, start, size));
      break;
    case LONG_NAME:
      reading.next = { name: (await readName(reading, start, size)).toString('utf8').split('\0', 1).join('') };
      break;
    case SPARSE:
      throw unreadable(reading, `${toShown(fields.path)} is a sparse file: pack it without --sparse`);
    case GLOBAL:
    case LONG_LINK:
      // What they say is about no name and no size here.
      reading.next = next;
      break;
    default:
      await takeFile(reading, { name: next.name ?? fields.path, type: fields.type, start, size });
  }
  return true;
}

const REGULAR: ReadonlySet<string> = new Set(['0', '\0', '7']);
const FOLDER = '5';
const SPARSE = 'S';
const GLOBAL = 'g';
const EXTENDED = 'x';
const LONG_NAME = 'L';
const LONG_LINK = 'K';

interface Entry {
  readonly name: string;
  readonly type: string;
  readonly start: number;
  readonly size: number;
}

async function takeFile(reading: Reading, { name, type, start, size }: Entry): Promise<void> {
  const segments = name.split('/').filter((segment) => segment !== '' && segment !== '.');
  const digest = type === FOLDER ? undefined : recogniseSignatureFile(segments);
  if (digest === undefined) return;
  const location = toShown(segments.join('/'));
  const fault = findFault(reading, { name, type, segments, size });
  if (fault !== undefined) {
    reading.failures.push({ location, message: fault });
    return;
  }
  reading.seen.add(location);
  reading.bytes += size;
  reading.candidates.push({ digest, location, untrustedBytes: await readAt(reading, start, size) });
}

function findFault(
  { seen }: Reading,
  { name, type, segments, size }: Omit<Entry, 'start'> & { readonly segments: readonly string[] },
): string | undefined {
  if (!REGULAR.has(type)) return 'it is a link or a device, which is not followed';
  if (name.startsWith('/') || segments.includes('..')) return 'its name leads out of the archive';
  if (seen.has(toShown(segments.join('/')))) return 'it is in the archive twice';
  return size > MAX_SIGNATURE_BYTES ? `longer than ${MAX_SIGNATURE_BYTES} bytes` : undefined;
}

async function readName(reading: Reading, start: number, size: number): Promise<Buffer> {
  if (size > MAX_TAR_NAME_BYTES) throw unreadable(reading, `a name of more than ${MAX_TAR_NAME_BYTES} bytes`);
  return await readAt(reading, start, size);
}

/** Records `<length> <key>=<value>\n` (POSIX.1-2001): the length counts the whole record. */
function parseExtended(reading: Reading, bytes: Buffer): Reading['next'] {
  const found: { name?: string; size?: number } = {};
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(' ', at);
    const length = space < 0 ? Number.NaN : Number(bytes.toString('latin1', at, space));
    const isRecord = Number.isSafeInteger(length) && at + length > space && at + length <= bytes.length;
    if (!isRecord) throw unreadable(reading, 'an extended header is damaged');
    const record = bytes.toString('utf8', space + 1, at + length - 1);
    const equals = record.indexOf('=');
    const value = record.slice(equals + 1);
    if (record.startsWith('path=')) found.name = value;
    if (record.startsWith('size=')) found.size = /^[0-9]{1,16}$/.test(value) ? Number(value) : Number.NaN;
    at += length;
  }
  return found;
}

/** @throws InputError where the archive ends before */
async function readAt({ location, file, length }: Reading, position: number, size: number): Promise<Buffer> {
  const { bytesRead, buffer } = await file.read(Buffer.alloc(size), 0, size, position);
  if (bytesRead === size) return buffer;
  throw unreadable({ location }, `it ends at byte ${length}, without the end of a tar: it was cut`);
}

function unreadable({ location }: Pick<Reading, 'location'>, why: string): InputError {
  return new InputError('FileUnreadable', `cannot read ${location}: ${why}`);
}
