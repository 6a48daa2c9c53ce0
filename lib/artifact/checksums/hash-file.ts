import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { ChecksumAlgorithm } from './parse-checksum-list.ts';

const CHUNK_BYTES = 1024 * 1024;

/** What lies at a path has no bytes of its own: a directory, a device, a FIFO. */
export class NotRegularError extends Error {
  override readonly name = 'NotRegularError';
}

/**
 * The hash of a regular file in lower-case hex. Two buffers for whatever size: one is filled while the other is hashed.
 *
 * @param onBytes told how many more bytes were hashed
 * @throws NotRegularError, or the system's error, `ENOENT` among them
 */
export async function hashFile(
  path: string,
  algorithm: ChecksumAlgorithm,
  onBytes: (count: number) => void = () => undefined,
): Promise<string> {
  // A FIFO without a writer must not block.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!(await handle.stat()).isFile()) throw new NotRegularError('it is not a regular file');
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
