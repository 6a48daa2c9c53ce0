import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { StoreError } from '../base/errors/store-error.ts';
import { toStoreSegment } from '../base/names/digest.ts';
import { fileErrorCode } from '../platform/files/file-error.ts';
import { readRegularFile } from '../platform/files/read-regular-file.ts';
import { MAX_RELEASE_SIGNATURES, MAX_SIGNATURE_BYTES, type SignatureStore } from './port/signature-store.ts';
import { walkSignatures } from './port/walk-signatures.ts';

/**
 * `<directory>/<algo>=<hex>/signature-<n>`. A digest without files is absent; a directory that is missing itself is a
 * failure, since a mistyped path or a lost mount says nothing about signatures.
 */
export function createDirectoryReleaseStore(
  directory: string,
  { storeTimeoutMs }: { readonly storeTimeoutMs?: number | undefined } = {},
): SignatureStore {
  return {
    description: directory,
    fetchSignatures({ digest }, signal) {
      const toLocation = (index: number) => join(directory, toStoreSegment(digest), `signature-${index}`);
      const walk = {
        store: directory,
        last: MAX_RELEASE_SIGNATURES,
        overflow: 'end',
        timeoutMs: storeTimeoutMs,
        toLocation,
        async readSignature(index: number) {
          if (index === 1) await checkDirectory(directory);
          return await readSignature(toLocation(index));
        },
      } as const;
      return walkSignatures(walk, signal);
    },
  };
}

/** A link to a file is followed, as Kubernetes mounts them. */
async function readSignature(path: string): Promise<Uint8Array | undefined> {
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

async function checkDirectory(path: string): Promise<void> {
  let isDirectory: boolean;
  try {
    isDirectory = (await stat(path)).isDirectory();
  } catch (cause) {
    throw new StoreError('ConnectionFailed', `the directory ${path} cannot be read`, { cause });
  }
  if (!isDirectory) throw new StoreError('ConnectionFailed', `${path} is not a directory`);
}
