import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { ChecksumAlgorithm } from './parse-checksum-list.ts';

const CHUNK_BYTES = 1024 * 1024;

/**
 * The hash of a regular file in lower-case hex. Memory: two buffers, one filled while the other is hashed.
 *
 * @param onBytes called with the number of newly hashed bytes
 * @throws Error for anything but a regular file; the system's error, such as `ENOENT`
 */
export async function hashFile(
  path: string,
  algorithm: ChecksumAlgorithm,
  onBytes: (count: number) => void = () => undefined,
): Promise<string> {
  // Nonblocking, so that opening a FIFO without a writer does not hang.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!(await handle.stat()).isFile()) throw new Error('not a regular file');
    const hash = createHash(algorithm);
    let [filling, spare] = [Buffer.allocUnsafe(CHUNK_BYTES), Buffer.allocUnsafe(CHUNK_BYTES)];
    let reading = handle.read(filling, 0, CHUNK_BYTES);
    for (;;) {
      const { bytesRead } = await reading;
      if (bytesRead === 0) return hash.digest('hex');
      const filled = filling.subarray(0, bytesRead);
      [filling, spare] = [spare, filling];
      reading = handle.read(filling, 0, CHUNK_BYTES);
      hash.update(filled);
      onBytes(bytesRead);
    }
  } finally {
    await handle.close();
  }
}
