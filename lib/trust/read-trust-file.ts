import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigurationError } from '../errors/configuration-error.ts';
import { MAX_TRUST_FILE_BYTES } from './documents/parse-trust-file.ts';

/**
 * Reads a regular file, or a link to one. @throws ConfigurationError `LimitExceeded` beyond
 * {@link MAX_TRUST_FILE_BYTES}, which are read and no more; `DocumentInvalid` for what is no readable file.
 */
export async function readTrustFile(directory: string, name: string): Promise<Uint8Array> {
  const file = await openFile(directory, name);
  try {
    if (!(await file.stat()).isFile()) throw refused(name, 'not a regular file, nor a link to one');
    return await readBounded(file, name);
  } finally {
    await file.close();
  }
}

async function openFile(directory: string, name: string): Promise<FileHandle> {
  try {
    // Without O_NONBLOCK, opening a named pipe waits for its writer.
    return await open(join(directory, name), constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    throw new ConfigurationError('DocumentInvalid', 'the file cannot be read', { position: { document: name }, cause });
  }
}

async function readBounded(file: FileHandle, name: string): Promise<Uint8Array> {
  const buffer = Buffer.alloc(MAX_TRUST_FILE_BYTES + 1);
  let length = 0;
  for (;;) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, null);
    length += bytesRead;
    if (length > MAX_TRUST_FILE_BYTES) {
      const reason = `the file is longer than ${MAX_TRUST_FILE_BYTES} bytes`;
      throw new ConfigurationError('LimitExceeded', reason, { position: { document: name } });
    }
    // A copy, so that the buffer can go.
    if (bytesRead === 0) return Uint8Array.from(buffer.subarray(0, length));
  }
}

function refused(name: string, reason: string): ConfigurationError {
  return new ConfigurationError('DocumentInvalid', reason, { position: { document: name } });
}
