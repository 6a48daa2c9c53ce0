import { StoreError } from '../base/errors/store-error.ts';
import { fileErrorCode } from '../platform/files/file-error.ts';
import { readRegularFile } from '../platform/files/read-regular-file.ts';
import { MAX_SIGNATURE_BYTES } from './port/signature-store.ts';

/** A signature on disk, undefined where there is none. A link to a file is followed. @throws StoreError */
export async function readSignatureFile(path: string): Promise<Uint8Array | undefined> {
  try {
    const contents = await readRegularFile(path, MAX_SIGNATURE_BYTES, 'follow');
    if (contents.kind === 'whole') return contents.bytes;
    if (contents.kind === 'cut') {
      throw new StoreError('LimitExceeded', `${path} is longer than ${MAX_SIGNATURE_BYTES} bytes`);
    }
    throw new StoreError('BodyInvalid', `${path} is not a regular file`);
  } catch (cause) {
    if (cause instanceof StoreError) throw cause;
    const code = fileErrorCode(cause);
    if (code === 'ENOENT') return undefined;
    throw new StoreError('ConnectionFailed', `${path} cannot be read (${code ?? 'unknown fault'})`, { cause });
  }
}
