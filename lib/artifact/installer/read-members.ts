import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { createGunzip } from 'node:zlib';
import { createTarDecoder } from 'modern-tar';
import { InputError } from '../../base/errors/input-error.ts';
import { fileErrorCode, toFileReason } from '../../platform/files/file-error.ts';

/** Bytes of an installer, unpacked; one of 2026 has about 700 MB. */
export const MAX_INSTALLER_BYTES = 4 * 1024 * 1024 * 1024;
/** Entries of an archive with an installer. */
export const MAX_ARCHIVE_ENTRIES = 1000;

/** A file that may carry a release image: the given file, or a file in the given archive. */
export interface InstallerMember {
  /** Undefined for the given file itself. */
  readonly name: string | undefined;
  readonly chunks: AsyncIterable<Uint8Array>;
}

const CHUNK_BYTES = 256 * 1024;
const GZIP = Buffer.from([0x1f, 0x8b]);
const ZIP = Buffer.from('PK\x03\x04', 'latin1');
const TAR_MARK = { at: 257, text: 'ustar' } as const;

/**
 * Reads the regular files of a tar archive, packed or not, or any other file as it is; the content shows which. Each
 * member must be read to its end before the next one.
 *
 * @throws InputError `FileUnreadable`, also for more than {@link MAX_INSTALLER_BYTES} unpacked
 */
export async function* readMembers(
  file: string,
  maxEntries: number = MAX_ARCHIVE_ENTRIES,
): AsyncGenerator<InstallerMember> {
  const handle = await openRegularFile(file);
  try {
    yield* readContent(file, limit(file, readFrom(handle)), 'may be packed', maxEntries);
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    throw unreadable(file, toFileReason(cause), cause);
  } finally {
    await handle.close();
  }
}

async function* readContent(
  file: string,
  chunks: AsyncIterable<Uint8Array>,
  packing: 'may be packed' | 'is unpacked',
  maxEntries: number,
): AsyncGenerator<InstallerMember> {
  const { start, all } = await peek(chunks);
  if (packing === 'may be packed' && start.subarray(0, GZIP.length).equals(GZIP)) {
    yield* readContent(file, limit(file, gunzip(file, all)), 'is unpacked', maxEntries);
  } else if (start.subarray(0, ZIP.length).equals(ZIP)) {
    throw unreadable(file, 'a ZIP archive: unpack it first');
  } else if (start.toString('latin1', TAR_MARK.at, TAR_MARK.at + TAR_MARK.text.length) === TAR_MARK.text) {
    yield* readTar(file, all, maxEntries);
  } else {
    yield { name: undefined, chunks: all };
  }
}

async function* readTar(
  file: string,
  chunks: AsyncIterable<Uint8Array>,
  maxEntries: number,
): AsyncGenerator<InstallerMember> {
  // Not Readable.toWeb: its source throws into nobody's hands where reading ends while more bytes are to come.
  const entries = ReadableStream.from(chunks).pipeThrough(createTarDecoder({ strict: true }));
  let count = 0;
  for await (const { header, body } of entries) {
    count += 1;
    if (count > maxEntries) throw unreadable(file, `it has more than ${maxEntries} entries`);
    if (header.type === 'file') yield { name: header.name, chunks: body };
    else await body.cancel();
  }
}

async function* readFrom(handle: FileHandle): AsyncGenerator<Uint8Array> {
  for (let position = 0; ;) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

async function* gunzip(file: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const source = Readable.from(chunks);
  const unpacked = createGunzip({ chunkSize: CHUNK_BYTES });
  source.on('error', (error) => unpacked.destroy(error));
  unpacked.on('close', () => source.destroy());
  // The loop below hears of a fault; one that comes after it, as when the file is closed, would end the process.
  unpacked.on('error', () => undefined);
  try {
    yield* source.pipe(unpacked) as AsyncIterable<Uint8Array>;
  } catch (cause) {
    if (fileErrorCode(cause)?.startsWith('Z_') !== true) throw cause;
    throw unreadable(file, `unpacking failed: ${cause instanceof Error ? cause.message : ''}`, cause);
  }
}

async function* limit(file: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let total = 0;
  for await (const chunk of chunks) {
    total += chunk.length;
    if (total > MAX_INSTALLER_BYTES) throw tooLong(file);
    yield chunk;
  }
}

async function openRegularFile(file: string): Promise<FileHandle> {
  // Nonblocking, so that opening a FIFO without a writer does not hang.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK).catch((cause: unknown) => {
    throw unreadable(file, toFileReason(cause), cause);
  });
  const stats = await handle.stat();
  if (stats.isFile() && stats.size <= MAX_INSTALLER_BYTES) return handle;
  await handle.close();
  throw stats.isFile() ? tooLong(file) : unreadable(file, 'it is not a regular file');
}

/** The first bytes of a stream, and the stream with them. */
async function peek(
  chunks: AsyncIterable<Uint8Array>,
): Promise<{ readonly start: Buffer; readonly all: AsyncIterable<Uint8Array> }> {
  const iterator = chunks[Symbol.asyncIterator]();
  let start: Buffer = Buffer.alloc(0);
  while (start.length < TAR_MARK.at + TAR_MARK.text.length) {
    const next = await iterator.next();
    if (next.done === true) break;
    start = Buffer.concat([start, next.value]);
  }
  return { start, all: resume(start, iterator) };
}

async function* resume(start: Uint8Array, iterator: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield start;
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
  } finally {
    await iterator.return?.();
  }
}

function tooLong(file: string): InputError {
  return unreadable(file, `it holds more than ${MAX_INSTALLER_BYTES} bytes`);
}

function unreadable(file: string, why: string, cause?: unknown): InputError {
  return new InputError('FileUnreadable', `cannot read ${file}: ${why}`, { cause });
}
