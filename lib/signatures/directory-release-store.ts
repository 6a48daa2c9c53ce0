import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { StoreError } from '../errors/store-error.ts';
import { toStoreSegment } from '../pullspec/digest.ts';
import { readRegularFile } from './read-regular-file.ts';
import { MAX_RELEASE_SIGNATURES, MAX_SIGNATURE_BYTES, type SignatureStore } from './signature-store.ts';
import { walkSignatures } from './walk-signatures.ts';

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
          return await readRegularFile(toLocation(index), MAX_SIGNATURE_BYTES);
        },
      } as const;
      return walkSignatures(walk, signal);
    },
  };
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
