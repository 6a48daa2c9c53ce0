import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { crc32, createInflateRaw } from 'node:zlib';
import { InputError } from '../../base/errors/input-error.ts';
import { fileErrorCode, toFileReason, toStoreError } from '../../platform/files/file-error.ts';
import { GZIP_HEADER, GZIP_TRAILER_BYTES } from './archive.ts';
import { BundleError } from './bundle-error.ts';
import { MAX_COMPRESSION_RATIO, RATIO_GRACE_BYTES } from './limits.ts';

const CHUNK_BYTES = 64 * 1024;
/** RFC 1952: what every gzip file begins with. */
const GZIP_MAGIC = GZIP_HEADER.subarray(0, 3);

/** A regular file that the user named, whatever size. @throws InputError `FileUnreadable` */
export async function openBundleFile(file: string): Promise<FileHandle> {
  // A FIFO without a writer must not block.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK).catch((cause: unknown) => {
    throw unreadable(file, toFileReason(cause), cause);
  });
  try {
    if ((await handle.stat()).isFile()) return handle;
  } catch (cause) {
    await handle.close();
    throw unreadable(file, toFileReason(cause), cause);
  }
  await handle.close();
  throw unreadable(file, 'it is not a regular file');
}

/**
 * The unpacked bytes of a file that is one gzip member with the header of a bundle, and nothing beside it. A checksum
 * that does not hold is known only at the end: until then nothing of it may be used.
 *
 * @throws BundleError `NotABundle`, `Truncated`, `Damaged`, `TrailingBytes`, `LimitExceeded`; StoreError
 */
export async function* gunzipFile(file: FileHandle): AsyncGenerator<Buffer> {
  const { size } = await file.stat();
  await checkHeader(file, size);
  const end = size - GZIP_TRAILER_BYTES;
  const source = file.createReadStream({
    start: GZIP_HEADER.length,
    end: end - 1,
    autoClose: false,
    highWaterMark: CHUNK_BYTES,
  });
  const inflate = createInflateRaw({ chunkSize: CHUNK_BYTES });
  // A fault of either ends the loop below.
  pipeline(source, inflate, () => undefined);
  let checksum = 0;
  let length = 0;
  try {
    for await (const chunk of inflate as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > RATIO_GRACE_BYTES && length > inflate.bytesWritten * MAX_COMPRESSION_RATIO) {
        const message = `it unpacks to more than ${MAX_COMPRESSION_RATIO} times its size, and is read no further`;
        throw new BundleError('LimitExceeded', message);
      }
      checksum = crc32(chunk, checksum);
      yield chunk;
    }
  } catch (error) {
    throw toFailure(error);
  }
  // What the member does not use is another member, or was put behind it.
  if (GZIP_HEADER.length + inflate.bytesWritten !== end) {
    throw new BundleError('TrailingBytes', 'there is something behind the end of the archive');
  }
  const trailer = await readAt(file, end, GZIP_TRAILER_BYTES);
  if (trailer.readUInt32LE(0) !== checksum || trailer.readUInt32LE(4) !== length % 2 ** 32) {
    throw new BundleError('Damaged', 'the checksum of the whole archive does not hold: it was damaged on its way');
  }
}

/** Whether a file begins as gzip does. @throws StoreError */
export async function isGzip(file: FileHandle): Promise<boolean> {
  return (await readAt(file, 0, GZIP_MAGIC.length)).equals(GZIP_MAGIC);
}

async function checkHeader(file: FileHandle, size: number): Promise<void> {
  const header = await readAt(file, 0, GZIP_HEADER.length);
  if (!header.subarray(0, GZIP_MAGIC.length).equals(GZIP_MAGIC)) {
    throw new BundleError('NotABundle', 'it is not gzip');
  }
  if (size <= GZIP_HEADER.length + GZIP_TRAILER_BYTES) throw new BundleError('Truncated', 'it ends in its first bytes');
  if (!header.equals(GZIP_HEADER)) {
    const message =
      'its gzip header is not one that signet writes: packed anew, perhaps; unpack it and import the folder';
    throw new BundleError('NotABundle', message);
  }
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}

function toFailure(error: unknown): Error {
  if (error instanceof BundleError) return error;
  const code = fileErrorCode(error) ?? '';
  if (code === 'Z_BUF_ERROR') return new BundleError('Truncated', 'the archive ends too early', { cause: error });
  if (code.startsWith('Z_')) return new BundleError('Damaged', 'the packed data is broken', { cause: error });
  return toStoreError(error, 'reading the bundle');
}

function unreadable(file: string, why: string, cause?: unknown): InputError {
  return new InputError('FileUnreadable', `cannot read ${file}: ${why}`, { cause });
}
