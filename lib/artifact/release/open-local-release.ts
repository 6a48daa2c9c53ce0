import { hash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { StoreError } from '../../base/errors/store-error.ts';
import { type Digest, parseDigest } from '../../base/names/digest.ts';
import { fileErrorCode } from '../../platform/files/file-error.ts';
import { findFile } from '../../platform/objects/directory/store-directory.ts';
import {
  checkManifest,
  MANIFEST_MEDIA_TYPES,
  toManifestMediaType,
  verifyContent,
} from '../../registry/client/registry-answers.ts';
import { MAX_MANIFEST_BYTES, type Manifest } from '../../registry/client/registry-client.ts';
import { readDigested } from '../../registry/client/stream-blob.ts';
import type { ImageSource } from '../../registry/images/image-source.ts';
import { readImageFile, unreadable } from '../../registry/images/read-image-file.ts';
import { readJsonObject } from './image/image-manifest.ts';
import { ReleaseError } from './image/release-error.ts';
import type { ReleaseSource } from './release-source.ts';

const CHUNK_BYTES = 256 * 1024;

/**
 * Opens a release image on disk: a `dir:` folder of skopeo, or an OCI layout.
 *
 * @param opened the image, whose folder is known to exist
 */
export function openLocalRelease(opened: ImageSource): ReleaseSource {
  const { description, image } = opened;
  if (image.transport !== 'dir' && image.transport !== 'oci') throw new TypeError('the image is not on disk');
  const { transport, path: directory } = image;
  const toSegments = (digest: Digest): readonly string[] => {
    const [algorithm = '', hex = ''] = digest.split(':');
    return transport === 'dir' ? [hex] : ['blobs', algorithm, hex];
  };
  return {
    description,
    async readManifest(digest, signal) {
      if (digest === undefined) return toManifest(await opened.readManifest(signal));
      const segments =
        transport === 'dir' ? [`${digest.slice(digest.indexOf(':') + 1)}.manifest.json`] : toSegments(digest);
      const bytes = await readImageFile(directory, segments, MAX_MANIFEST_BYTES);
      verifyContent(bytes, { asked: digest, header: undefined });
      return { ...toManifest(bytes), digest };
    },
    async streamBlob(digest, { limitBytes, signal }, read) {
      const settled = await readDigested(readFile(directory, toSegments(digest), { limitBytes, signal }), digest, read);
      if (settled.status === 'rejected') throw settled.reason;
      return settled.value;
    },
  };
}

/** On disk only the manifest itself has its media type; an OCI manifest may omit it. */
function toManifest(bytes: Uint8Array): Manifest {
  const { mediaType: claimed, manifests } = readJsonObject(bytes, 'the manifest', 'ImageUnsupported');
  const [index, image] = MANIFEST_MEDIA_TYPES;
  const mediaType =
    claimed === undefined
      ? manifests === undefined
        ? image
        : index
      : toManifestMediaType(typeof claimed === 'string' ? claimed : undefined);
  if (mediaType === undefined)
    throw new ReleaseError('ImageUnsupported', `the manifest type ${JSON.stringify(claimed)} is not supported`);
  try {
    checkManifest(bytes, mediaType);
  } catch (cause) {
    if (!(cause instanceof StoreError)) throw cause;
    throw new ReleaseError('ImageUnsupported', cause.message, { cause });
  }
  return { bytes, mediaType, digest: parseDigest(`sha256:${hash('sha256', bytes, 'hex')}`) };
}

/** Streams a regular file. No link is followed: the image may come from an attacker. */
async function* readFile(
  directory: string,
  segments: readonly string[],
  { limitBytes, signal }: { readonly limitBytes: number; readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  const name = segments.join('/');
  const file = await findFile(directory, segments);
  if (file === undefined) throw unreadable(directory, `it has no file ${name}`);
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;
  const handle = await open(file, flags).catch((cause: unknown) => {
    throw unreadable(directory, `${name}: ${fileErrorCode(cause) ?? 'unknown fault'}`, cause);
  });
  try {
    if (!(await handle.stat()).isFile()) throw unreadable(directory, `${name} is not a regular file`);
    for (let position = 0; ;) {
      signal.throwIfAborted();
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, position);
      if (bytesRead === 0) return;
      position += bytesRead;
      if (position > limitBytes) throw new StoreError('LimitExceeded', `${name} is longer than ${limitBytes} bytes`);
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}
