import { Buffer } from 'node:buffer';
import { promisify } from 'node:util';
import { constants, crc32, deflateRaw, type ZlibOptions } from 'node:zlib';
import { BundleError, type BundleFaultCode } from './bundle-error.ts';
import { type BundlePath, MANIFEST_PATH } from './bundle-path.ts';
import { MAX_BUNDLE_BYTES, MAX_BUNDLE_FILES } from './limits.ts';
import { paddingOf, parseTarHeader, TAR_BLOCK, toTarHeader } from './tar-header.ts';

export interface BundleFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Of a program that comes along, beside a bundle. */
  readonly isExecutable?: boolean;
}

/**
 * Where a bundle goes: a file, or an object. Nothing is there before `commit`, and nothing of it after `abort`; one of
 * the two is called once, last.
 */
export interface BundleSink {
  /** Short, for messages. */
  readonly description: string;
  /** Takes the next bytes; resolves when more may come. @throws StoreError */
  write(bytes: Uint8Array): Promise<void>;
  /** Makes what was written the bundle, whole and durable. @throws StoreError */
  commit(): Promise<void>;
  abort(): Promise<void>;
}

/** RFC 1952: deflate, no flags, no time, no extra, an unknown system. The same in every bundle. */
export const GZIP_HEADER = Buffer.from('1f8b08000000000000ff', 'hex');
/** Bytes of the checksum and the length that end a gzip member. */
export const GZIP_TRAILER_BYTES = 8;
/** Bytes that are packed by themselves, so that threads pack several at once. */
const PIECE_BYTES = 512 * 1024;
const PIECES_AT_ONCE = 4;
/** Every setting that the packed bytes depend on, beside the length of a piece and the zlib of this Node. */
const DEFLATE = { level: 6, memLevel: 8, windowBits: 15, strategy: 0, chunkSize: PIECE_BYTES } as const;
/** A piece that others follow: it ends at a whole byte. */
const FOLLOWED = { ...DEFLATE, finishFlush: constants.Z_SYNC_FLUSH } as const;
const pack = promisify<Uint8Array, ZlibOptions, Buffer>(deflateRaw);

/**
 * Writes the files, in their order, as tar within gzip: one file is in memory twice, and a few pieces beside it.
 *
 * @throws StoreError; the abort reason of the signal
 */
export async function writeArchive(files: Iterable<BundleFile>, sink: BundleSink, signal: AbortSignal): Promise<void> {
  let checksum = 0;
  let length = 0;
  await sink.write(GZIP_HEADER);
  const pieces = toPieces(toTarBlocks(files));
  for (let some = takeSome(pieces); some.length > 0; some = takeSome(pieces)) {
    for (const piece of some) {
      checksum = crc32(piece, checksum);
      length += piece.length;
    }
    for (const packed of await Promise.all(some.map((piece) => pack(piece, FOLLOWED)))) await sink.write(packed);
    signal.throwIfAborted();
  }
  await sink.write(await pack(Buffer.alloc(0), DEFLATE));
  const trailer = Buffer.alloc(GZIP_TRAILER_BYTES);
  trailer.writeUInt32LE(checksum, 0);
  trailer.writeUInt32LE(length % 2 ** 32, 4);
  await sink.write(trailer);
}

function takeSome(pieces: Iterator<Buffer>): readonly Buffer[] {
  const some: Buffer[] = [];
  while (some.length < PIECES_AT_ONCE) {
    const next = pieces.next();
    if (next.done === true) break;
    some.push(next.value);
  }
  return some;
}

/** The same bytes in pieces of one length, but for the last. */
function* toPieces(blocks: Iterable<Buffer>): Generator<Buffer> {
  let piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
  let end = 0;
  for (const block of blocks) {
    for (let start = 0; start < block.length;) {
      const copied = block.copy(piece, end, start);
      start += copied;
      end += copied;
      if (end < PIECE_BYTES) continue;
      yield piece;
      piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
      end = 0;
    }
  }
  if (end > 0) yield piece.subarray(0, end);
}

function* toTarBlocks(files: Iterable<BundleFile>): Generator<Buffer> {
  for (const { path, bytes, isExecutable } of files) {
    yield Buffer.concat([toTarHeader(path, bytes.length, isExecutable), bytes, Buffer.alloc(paddingOf(bytes.length))]);
  }
  yield Buffer.alloc(2 * TAR_BLOCK);
}

/** One file, checked against the format and nothing else. */
export interface ArchivedFile {
  readonly path: BundlePath;
  readonly untrustedBytes: Buffer;
}

/** Reads exact lengths from chunks of any size, and less than asked for only at the end. */
export interface ByteSource {
  take(length: number): Promise<Buffer>;
}

/**
 * The files of a tar, one at a time: regular files in headers that are exactly ours, within the limits, followed by two
 * empty blocks and nothing more.
 *
 * @throws BundleError that names the file at which it ended
 */
export async function* readArchive(chunks: AsyncIterable<Buffer>): AsyncGenerator<ArchivedFile> {
  const iterator = chunks[Symbol.asyncIterator]();
  const source = createByteSource(iterator);
  // Where a fault lies: in this file, or right behind it.
  let at: string = MANIFEST_PATH;
  let total = 0;
  try {
    for (let count = 0; ; count += 1) {
      const header = await take(source, TAR_BLOCK);
      if (isEmpty(header)) break;
      const { path, size } = parseTarHeader(header, count === 0);
      at = path.path;
      total += size;
      if (count >= MAX_BUNDLE_FILES) throw refuse('LimitExceeded', `there are more than ${MAX_BUNDLE_FILES} files`);
      if (total > MAX_BUNDLE_BYTES) throw refuse('LimitExceeded', `there are more than ${MAX_BUNDLE_BYTES} bytes`);
      const untrustedBytes = await take(source, size);
      if (!isEmpty(await take(source, paddingOf(size)))) throw refuse('EntryRefused', 'something is hidden behind it');
      yield { path, untrustedBytes };
    }
    if (!isEmpty(await take(source, TAR_BLOCK))) throw refuse('TrailingBytes', 'the end of the archive is not one');
    if ((await source.take(1)).length > 0) throw refuse('TrailingBytes', 'something follows the end of the archive');
  } catch (error) {
    if (!(error instanceof BundleError) || error.path !== undefined) throw error;
    throw new BundleError(error.code, error.message, { cause: error, path: at });
  } finally {
    // Lets go of the file, also when it was not read to its end.
    await iterator.return?.();
  }
}

async function take(source: ByteSource, length: number): Promise<Buffer> {
  const bytes = await source.take(length);
  if (bytes.length < length) throw refuse('Truncated', 'the archive ends too early');
  return bytes;
}

export function createByteSource(chunks: AsyncIterator<Buffer>): ByteSource {
  let held: Buffer = Buffer.alloc(0);
  return {
    async take(length) {
      const parts = [held];
      let available = held.length;
      while (available < length) {
        const next = await chunks.next();
        if (next.done === true) break;
        parts.push(next.value);
        available += next.value.length;
      }
      const [only] = parts;
      const all = parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
      held = all.subarray(length);
      // A copy: what is kept must not keep a whole chunk.
      return Buffer.from(all.subarray(0, length));
    },
  };
}

export function isEmpty(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0);
}

function refuse(code: BundleFaultCode, message: string): BundleError {
  return new BundleError(code, message);
}
