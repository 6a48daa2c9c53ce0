import { StoreError } from '../../base/errors/store-error.ts';
import { type Digest, toKeySegment } from '../../base/names/digest.ts';
import { MAX_LOOKASIDE_SIGNATURES, MAX_SIGNATURE_BYTES } from '../../stores/port/signature-store.ts';
import { walkSignatures } from '../../stores/port/walk-signatures.ts';
import { verifyContent } from '../client/registry-answers.ts';
import { MAX_MANIFEST_BYTES } from '../client/registry-client.ts';
import type { ImageSource } from './image-source.ts';
import { findImageDirectory, findImageFile, readImageFile, unreadable } from './read-image-file.ts';

const VERSIONS = ['Directory Transport Version: 1.0', 'Directory Transport Version: 1.1'];
const MAX_VERSION_BYTES = 256;

/**
 * `dir:PATH`, as skopeo copies images to: `manifest.json`, `signature-1`, `signature-2`, … and perhaps `version`.
 *
 * @throws InputError `FileUnreadable` for what is no such directory, or is one of a later version
 */
export async function openDirectoryImage(path: string): Promise<ImageSource> {
  const directory = await findImageDirectory(path);
  await checkVersion(directory);
  const description = `dir:${directory}`;
  return {
    description,
    image: { transport: 'dir', path: directory },
    readManifest: async (_signal, instance) =>
      instance === undefined
        ? await readImageFile(directory, ['manifest.json'], MAX_MANIFEST_BYTES)
        : await readInstance(directory, instance),
    readSignatures: ({ digest, isInstance }, signal) => {
      const prefix = isInstance ? toInstancePrefix(digest) : '';
      const walk = {
        store: description,
        last: MAX_LOOKASIDE_SIGNATURES,
        overflow: 'failed',
        toLocation: (index: number) => `${directory}/${prefix}signature-${index}`,
        readSignature: (index: number) =>
          findImageFile(directory, [`${prefix}signature-${index}`], MAX_SIGNATURE_BYTES),
      } as const;
      return walkSignatures(walk, signal);
    },
  };
}

/** @throws StoreError `NotFound`, `ContentMismatch` */
async function readInstance(directory: string, digest: Digest): Promise<Uint8Array> {
  const name = `${toInstancePrefix(digest)}manifest.json`;
  const bytes = await findImageFile(directory, [name], MAX_MANIFEST_BYTES);
  if (bytes === undefined) throw new StoreError('NotFound', `there is no ${name} in ${directory}`);
  verifyContent(bytes, { asked: digest, header: undefined });
  return bytes;
}

/** How skopeo's `--all` names what belongs to one image of an index. */
function toInstancePrefix(digest: Digest): string {
  return `${digest.startsWith('sha256:') ? digest.slice('sha256:'.length) : toKeySegment(digest)}.`;
}

async function checkVersion(directory: string): Promise<void> {
  const bytes = await findImageFile(directory, ['version'], MAX_VERSION_BYTES).catch((cause: unknown) => {
    throw unreadable(directory, cause instanceof Error ? cause.message : String(cause), cause);
  });
  if (bytes === undefined || VERSIONS.includes(Buffer.from(bytes).toString().trimEnd())) return;
  throw unreadable(directory, 'its file version names another one than 1.0 and 1.1');
}
