import { stat } from 'node:fs/promises';
import { StoreError } from '../base/errors/store-error.ts';
import { toStoreSegment } from '../base/names/digest.ts';
import { MAX_LOOKASIDE_SIGNATURES, type SignatureStore } from './port/signature-store.ts';
import { walkSignatures } from './port/walk-signatures.ts';
import { readSignatureFile } from './read-signature-file.ts';

interface DirectoryLookasideOptions {
  /**
   * The directory that holds all repositories. When it is missing the store has failed, since a lost mount says nothing
   * about signatures; left out for a directory that need not be there.
   */
  readonly root?: string | undefined;
  readonly storeTimeoutMs?: number | undefined;
}

/** `<base>@<algo>=<hex>/signature-<n>` on disk, the base being the path of one repository's signatures. */
export function createDirectoryLookasideStore(
  base: string,
  { root, storeTimeoutMs }: DirectoryLookasideOptions = {},
): SignatureStore {
  return {
    description: base,
    fetchSignatures({ digest }, signal) {
      const toLocation = (index: number) => `${base}@${toStoreSegment(digest)}/signature-${index}`;
      const walk = {
        store: base,
        last: MAX_LOOKASIDE_SIGNATURES,
        overflow: 'failed',
        timeoutMs: storeTimeoutMs,
        toLocation,
        async readSignature(index: number) {
          if (index === 1 && root !== undefined) await checkDirectory(root);
          return await readSignatureFile(toLocation(index));
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
