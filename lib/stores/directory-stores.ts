import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { StoreError } from '../base/errors/store-error.ts';
import { toStoreSegment } from '../base/names/digest.ts';
import { fileErrorCode } from '../platform/files/file-error.ts';
import { readRegularFile } from '../platform/files/read-regular-file.ts';
import {
  MAX_LOOKASIDE_SIGNATURES,
  MAX_RELEASE_SIGNATURES,
  MAX_SIGNATURE_BYTES,
  type SignatureStore,
} from './port/signature-store.ts';
import { walkSignatures } from './port/walk-signatures.ts';

interface DirectoryStoreOptions {
  readonly storeTimeoutMs?: number | undefined;
}

/**
 * `<directory>/<algo>=<hex>/signature-<n>`. A digest without files is absent. A missing directory is a failure, since a
 * mistyped path or a lost mount says nothing about signatures.
 */
export function createDirectoryReleaseStore(
  directory: string,
  { storeTimeoutMs }: DirectoryStoreOptions = {},
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
        readSignature: (index: number) => readSignature(toLocation(index), index === 1 ? directory : undefined),
      } as const;
      return walkSignatures(walk, signal);
    },
  };
}

interface DirectoryLookasideOptions extends DirectoryStoreOptions {
  /**
   * The directory that holds all repositories. If it is missing, the store has failed, since a lost mount says nothing
   * about signatures. Left out for a directory that need not exist.
   */
  readonly root?: string | undefined;
}

/** `<base>@<algo>=<hex>/signature-<n>` on disk. The base is the path of one repository's signatures. */
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
        readSignature: (index: number) => readSignature(toLocation(index), index === 1 ? root : undefined),
      } as const;
      return walkSignatures(walk, signal);
    },
  };
}

/**
 * Reads a signature file; undefined if there is none. A link to a file is followed, because Kubernetes mounts files so.
 *
 * @param requiredDirectory must exist
 * @throws StoreError
 */
async function readSignature(path: string, requiredDirectory: string | undefined): Promise<Uint8Array | undefined> {
  if (requiredDirectory !== undefined) await checkDirectory(requiredDirectory);
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
