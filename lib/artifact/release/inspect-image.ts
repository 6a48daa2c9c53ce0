import { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import { readDigested } from '../../registry/client/stream-blob.ts';
import {
  type BlobDescriptor,
  type ImageConfig,
  type Platform,
  parseImageConfig,
  parseImageManifest,
} from './image/image-manifest.ts';
import { parseImageReferences, parseReleaseVersion } from './image/image-references.ts';
import { ReleaseError, type ReleaseFault } from './image/release-error.ts';
import { type LayerFindings, RELEASE_FILES, type ReleaseFile, scanLayer } from './image/scan-layer.ts';
import { toLayerPacking, unpackLayer } from './image/unpack-layer.ts';
import type { InspectedImage, ReleaseSource } from './release-source.ts';

/** Bytes of an image's layers that may still be read. */
export interface LayerBudget {
  readonly packed: number;
  readonly unpacked: number;
}

/** Bytes of an image's layers, packed. */
const MAX_PACKED_BYTES = 512 * 1024 * 1024;
/** Bytes of an image's layers, unpacked. */
const MAX_UNPACKED_BYTES = 512 * 1024 * 1024;
const BUDGET: LayerBudget = { packed: MAX_PACKED_BYTES, unpacked: MAX_UNPACKED_BYTES };
/** Bytes of an image's configuration. */
const MAX_CONFIG_BYTES = 4 * 1024 * 1024;

/** Inspects one image of a release. A fault of its contents is part of the result. @throws StoreError for a failed read */
export async function inspectImage(
  source: ReleaseSource,
  { digest, bytes }: { readonly digest: Digest; readonly bytes: Uint8Array },
  signal: AbortSignal,
  budget?: LayerBudget,
): Promise<InspectedImage> {
  let platform: Platform | undefined;
  try {
    const { config, files } = await readReleaseFiles(source, bytes, signal, budget);
    ({ platform } = config);
    const references = files.get('image-references');
    if (references === undefined) {
      throw new ReleaseError('FileMissing', 'not a release image: it has no release-manifests/image-references');
    }
    const { name, components } = parseImageReferences(references);
    const metadata = files.get('release-metadata');
    const version = metadata === undefined ? name : parseReleaseVersion(metadata);
    return { digest, platform, ...(version === undefined ? {} : { version }), components, faults: [] };
  } catch (error) {
    const fault = toReleaseFault(error);
    return { digest, ...(platform === undefined ? {} : { platform }), components: [], faults: [fault] };
  }
}

/** Turns an error into a fault of the contents, which a retry does not fix. @throws every other error */
export function toReleaseFault(error: unknown): ReleaseFault {
  if (error instanceof ReleaseError) return { code: error.code, message: error.message };
  if (error instanceof StoreError && (error.code === 'ContentMismatch' || error.code === 'LimitExceeded')) {
    return { code: error.code, message: error.message };
  }
  throw error;
}

interface ReleaseFiles {
  readonly config: ImageConfig;
  readonly files: ReadonlyMap<ReleaseFile, Uint8Array>;
}

/**
 * Reads the release's files as a container of the image would see them. Layers are read from the top down until each file
 * is found or removed: lower layers cannot change that.
 *
 * @throws ReleaseError, StoreError
 */
async function readReleaseFiles(
  source: ReleaseSource,
  manifest: Uint8Array,
  signal: AbortSignal,
  budget: LayerBudget = BUDGET,
): Promise<ReleaseFiles> {
  const { config: configBlob, layers } = parseImageManifest(manifest);
  const config = parseImageConfig(await readConfig(source, configBlob, signal), layers.length);
  const files = new Map<ReleaseFile, Uint8Array>();
  const open = new Set(RELEASE_FILES);
  let left = budget;
  for (const [index, layer] of [...layers.entries()].toReversed()) {
    const diffId = config.diffIds[index];
    if (diffId === undefined || open.size === 0) break;
    const { findings, unpackedBytes } = await readLayer(source, { layer, diffId, left, signal });
    left = { packed: left.packed - layer.size, unpacked: left.unpacked - unpackedBytes };
    for (const file of open) {
      const bytes = findings.files.get(file);
      if (bytes !== undefined) files.set(file, bytes);
      if (bytes !== undefined || findings.hidden.has(file)) open.delete(file);
    }
  }
  return { config, files };
}

async function readConfig(source: ReleaseSource, blob: BlobDescriptor, signal: AbortSignal): Promise<Uint8Array> {
  const { digest, size } = blob;
  if (size > MAX_CONFIG_BYTES) throw tooLong('the configuration', size, MAX_CONFIG_BYTES);
  const bytes = await source.streamBlob(digest, { limitBytes: MAX_CONFIG_BYTES, signal }, async (chunks) =>
    Buffer.concat(await Array.fromAsync(chunks)),
  );
  checkSize(blob, bytes.length);
  return bytes;
}

interface LayerRead {
  readonly findings: LayerFindings;
  readonly unpackedBytes: number;
}

/** Reads one layer, whose bytes must have both digests: the layer's own and, unpacked, that of the configuration. */
async function readLayer(
  source: ReleaseSource,
  {
    layer,
    diffId,
    left,
    signal,
  }: {
    readonly layer: BlobDescriptor;
    readonly diffId: ImageConfig['diffIds'][number];
    readonly left: LayerBudget;
    readonly signal: AbortSignal;
  },
): Promise<LayerRead> {
  const packing = toLayerPacking(layer.mediaType);
  if (layer.size > left.packed) throw tooLong(`the layer ${layer.digest}`, layer.size, left.packed);
  return await source.streamBlob(layer.digest, { limitBytes: left.packed, signal }, async (chunks) => {
    const packed = counted(chunks);
    const unpacked = counted(unpackLayer(packed.chunks, packing, left.unpacked));
    const settled = await readDigested(unpacked.chunks, diffId, scanLayer).catch((cause: unknown) => {
      if (!(cause instanceof StoreError) || cause.code !== 'ContentMismatch') throw cause;
      throw new ReleaseError('ContentMismatch', `the unpacked layer ${layer.digest}: ${cause.message}`, { cause });
    });
    checkSize(layer, packed.length());
    if (settled.status === 'rejected') throw settled.reason;
    return { findings: settled.value, unpackedBytes: unpacked.length() };
  });
}

function counted(chunks: AsyncIterable<Uint8Array>) {
  let length = 0;
  return {
    length: () => length,
    chunks: (async function* () {
      for await (const chunk of chunks) {
        length += chunk.length;
        yield chunk;
      }
    })(),
  };
}

function checkSize({ digest, size }: BlobDescriptor, length: number): void {
  if (size === length) return;
  throw new ReleaseError('ContentMismatch', `${digest} has ${length} bytes, in the manifest ${size}`);
}

function tooLong(what: string, size: number, limit: number): ReleaseError {
  return new ReleaseError('LimitExceeded', `${what} has ${size} bytes; at most ${limit} are left of the limit`);
}
