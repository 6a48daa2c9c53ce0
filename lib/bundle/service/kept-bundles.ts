import { hash } from 'node:crypto';
import { createInflateRaw } from 'node:zlib';
import { StoreError } from '../../base/errors/store-error.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import type { Earlier } from '../create/earlier.ts';
import { GZIP_HEADER, GZIP_TRAILER_BYTES, readArchive } from '../format/archive.ts';
import { MANIFEST_PATH } from '../format/bundle-path.ts';
import { digestManifest, type Manifest, parseManifest } from '../format/manifest.ts';
import { type BundleFacts, bundleArchiveKey, ExportError, readBundleState } from './bundle-state.ts';

/**
 * Bytes of a bundle, packed. Twice in memory while it is put together, beside the files that it is made of, which have
 * at most `MAX_BUNDLE_BYTES`: together they stay within the 2 GB of the function.
 */
export const MAX_EXPORT_BYTES = 128 * 1024 * 1024;
/** Bundles that follow each other, before a complete one is due. */
const MAX_CHAIN = 50;

/**
 * The bundle that a new one follows, the one that that one followed, and so on to a complete one: an incremental bundle
 * alone does not hold what those before it brought.
 *
 * @throws ExportError `EarlierMissing` when one is not kept any more, or is not the one that was made; StoreError
 */
export async function readEarlierBundles(
  objects: ObjectStore,
  since: string | undefined,
  profile: string,
  signal: AbortSignal,
): Promise<readonly Earlier[]> {
  const earlier: Earlier[] = [];
  for (let id = since; id !== undefined;) {
    signal.throwIfAborted();
    if (earlier.length === MAX_CHAIN) throw missing(id, `more than ${MAX_CHAIN} bundles follow each other`);
    const stored = await readBundleState(objects, id);
    if (stored?.state.state !== 'done' || stored.state.profile !== profile) throw missing(id, 'it is not done');
    const archive = await objects.readObject(bundleArchiveKey(id), MAX_EXPORT_BYTES);
    if (archive === undefined) throw missing(id, 'its archive is gone');
    const sha256 = hash('sha256', archive.bytes);
    if (sha256 !== stored.state.sha256) throw missing(id, 'its archive is not the one that was made');
    const { manifest, facts } = await readBundleManifest(archive.bytes);
    earlier.push({ manifest, sha256: facts.manifestSha256 });
    id = stored.state.since;
  }
  return earlier;
}

function missing(id: string, fault: string): ExportError {
  return new ExportError('EarlierMissing', `the earlier bundle ${id}: ${fault}`);
}

interface ReadManifest {
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
