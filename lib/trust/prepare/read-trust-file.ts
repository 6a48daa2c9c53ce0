import { join } from 'node:path';
import { ConfigurationError, type ConfigurationErrorCode } from '../../base/errors/configuration-error.ts';
import { readRegularFile } from '../../platform/files/read-regular-file.ts';
import { MAX_TRUST_FILE_BYTES } from '../documents/parse-trust-file.ts';

/**
 * Reads a regular file, or a link to one. @throws ConfigurationError `LimitExceeded` beyond
 * {@link MAX_TRUST_FILE_BYTES}, which are read and no more; `DocumentInvalid` for what is no readable file.
 */
export async function readTrustFile(directory: string, name: string): Promise<Uint8Array> {
  const contents = await readRegularFile(join(directory, name), MAX_TRUST_FILE_BYTES, 'follow').catch(
    (cause: unknown) => {
      throw refused('DocumentInvalid', name, 'the file cannot be read', cause);
    },
  );
  if (contents.kind === 'whole') return new Uint8Array(contents.bytes);
  if (contents.kind === 'cut') {
    throw refused('LimitExceeded', name, `the file is longer than ${MAX_TRUST_FILE_BYTES} bytes`);
  }
  throw refused('DocumentInvalid', name, 'not a regular file, nor a link to one');
}

function refused(code: ConfigurationErrorCode, name: string, reason: string, cause?: unknown): ConfigurationError {
  return new ConfigurationError(code, reason, { position: { document: name }, cause });
}
