import { hash } from 'node:crypto';
import { createInflateRaw } from 'node:zlib';
import { StoreError } from '../../base/errors/store-error.ts';
import { MANIFEST_PATH } from '../format/bundle-path.ts';
import { digestManifest, type Manifest, parseManifest } from '../format/manifest.ts';
import { readArchive } from '../format/read-archive.ts';
import { GZIP_HEADER, GZIP_TRAILER_BYTES } from '../format/write-archive.ts';
import type { BundleFacts } from './bundle-state.ts';

export interface ReadManifest {
  readonly manifest: Manifest;
  readonly facts: BundleFacts;
}

/**
 * What a bundle of the service's own says of itself. Only its first file is unpacked: it was written whole, and its
 * SHA-256 is compared with what is known of it.
 *
 * @throws StoreError `BodyInvalid` for what is no bundle
 */
export async function readBundleManifest(bytes: Uint8Array): Promise<ReadManifest> {
  const manifestBytes = await readFirstFile(bytes);
  const manifest = readManifest(manifestBytes);
  const { contents, digests } = manifest;
  const facts: BundleFacts = {
    sha256: hash('sha256', bytes),
    size: bytes.length,
    manifestSha256: digestManifest(manifestBytes),
    counts: {
      digests: digests.length,
      signatures: digests.reduce((sum, { signatures }) => sum + signatures, 0),
      configMaps: contents.filter(({ path }) => path.startsWith('configmaps/')).length,
      files: contents.length + 1,
    },
  };
  return { manifest, facts };
}

function readManifest(bytes: Uint8Array): Manifest {
  try {
    return parseManifest(bytes);
  } catch (cause) {
    throw new StoreError('BodyInvalid', `a kept bundle cannot be read: ${String(cause)}`, { cause });
  }
}

async function readFirstFile(bytes: Uint8Array): Promise<Buffer> {
  try {
    for await (const { path, untrustedBytes } of readArchive(inflate(bytes))) {
      if (path.kind === 'manifest') return untrustedBytes;
      break;
    }
  } catch (cause) {
    throw new StoreError('BodyInvalid', `a kept bundle cannot be read: ${String(cause)}`, { cause });
  }
  throw new StoreError('BodyInvalid', `a kept bundle does not begin with ${MANIFEST_PATH}`);
}

async function* inflate(bytes: Uint8Array): AsyncGenerator<Buffer> {
  const inflated = createInflateRaw();
  inflated.end(bytes.subarray(GZIP_HEADER.length, -GZIP_TRAILER_BYTES));
  // Ending the loop early ends the stream too.
  yield* inflated as AsyncIterable<Buffer>;
}
