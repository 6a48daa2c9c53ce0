import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { StoreError } from '../errors/store-error.ts';

/**
 * A regular file of at most `limitBytes`, or undefined when there is no such file. Not blocking on open keeps a FIFO
 * from hanging the reader; whatever is not a regular file is refused. @throws StoreError.
 */
export async function readRegularFile(path: string, limitBytes: number): Promise<Uint8Array | undefined> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await file.stat();
    if (!stats.isFile()) throw new StoreError('BodyInvalid', `${path} is not a regular file`);
    if (stats.size > limitBytes) {
      throw new StoreError('LimitExceeded', `${path} has ${stats.size} bytes; at most ${limitBytes} are read`);
    }
    return await readExactly(file, stats.size);
  } catch (cause) {
    if (cause instanceof StoreError) throw cause;
    if (toCode(cause) === 'ENOENT') return undefined;
    throw new StoreError('ConnectionFailed', `${path} cannot be read (${toCode(cause) ?? 'unknown fault'})`, { cause });
  } finally {
    await file?.close();
  }
}

async function readExactly(file: FileHandle, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let length = 0;
  while (length < size) {
    const { bytesRead } = await file.read(bytes, length, size - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return bytes.subarray(0, length);
}

function toCode(cause: unknown): string | undefined {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;
}
