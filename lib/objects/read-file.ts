import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { StoreError } from '../errors/store-error.ts';
import { unlessAbsent } from './file-error.ts';

/** A symbolic link is not followed, and a FIFO without a writer does not block. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

const CHUNK_BYTES = 64 * 1024;

/**
 * The bytes of a regular file, or undefined when there is none (a directory is none).
 *
 * @throws StoreError `LimitExceeded` after `limit` bytes and one, `NotAllowed` for a device, FIFO or socket
 */
export async function readRegularFile(file: string, limit: number): Promise<Uint8Array | undefined> {
  const handle = await unlessAbsent(open(file, FLAGS));
  if (handle === undefined) return undefined;
  try {
    const stats = await handle.stat();
    if (stats.isDirectory()) return undefined;
    if (!stats.isFile()) throw new StoreError('NotAllowed', `${file} is not a regular file`);
    return await readAtMost(handle, file, limit);
  } finally {
    await handle.close();
  }
}

async function readAtMost(handle: FileHandle, file: string, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for (;;) {
    const length = Math.min(CHUNK_BYTES, limit + 1 - total);
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, total);
    if (bytesRead === 0) return Buffer.concat(chunks);
    chunks.push(buffer.subarray(0, bytesRead));
    total += bytesRead;
    if (total > limit) throw new StoreError('LimitExceeded', `${file} has more than ${limit} bytes`);
  }
}
