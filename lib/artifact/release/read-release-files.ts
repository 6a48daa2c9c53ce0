import { StoreError } from '../../base/errors/store-error.ts';
import { readDigested } from '../../registry/client/stream-blob.ts';
import { type ImageConfig, parseImageConfig } from './image/image-config.ts';
import { type BlobDescriptor, parseImageManifest } from './image/image-manifest.ts';
import { type LayerFindings, RELEASE_FILES, type ReleaseFile } from './image/layer-entries.ts';
import { toLayerPacking } from './image/layer-packing.ts';
import { MAX_CONFIG_BYTES, MAX_PACKED_BYTES, MAX_UNPACKED_BYTES } from './image/limits.ts';
import { ReleaseError } from './image/release-error.ts';
import { scanLayer } from './image/scan-layer.ts';
import { unpackLayer } from './image/unpack-layer.ts';
import type { ReleaseSource } from './release-source.ts';

/** Bytes that may still be read of an image's layers. */
export interface LayerBudget {
  readonly packed: number;
  readonly unpacked: number;
}

export interface ReleaseFiles {
  readonly config: ImageConfig;
  readonly files: ReadonlyMap<ReleaseFile, Uint8Array>;
}

const BUDGET: LayerBudget = { packed: MAX_PACKED_BYTES, unpacked: MAX_UNPACKED_BYTES };

/**
 * The release's files as a container of the image would see them. Layers are read from the top down, until what a layer
 * has or takes away decides about every file: those below it cannot change that.
 *
 * @throws ReleaseError, StoreError
 */
export async function readReleaseFiles(
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

/** Found is what is in the bytes of both digests: the layer's own and, unpacked, the one of the configuration. */
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
      throw new ReleaseError('ContentMismatch', `the layer ${layer.digest}, unpacked: ${cause.message}`, { cause });
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
  throw new ReleaseError('ContentMismatch', `${digest} has ${length} bytes; the manifest says ${size}`);
}

function tooLong(what: string, size: number, limit: number): ReleaseError {
  return new ReleaseError('LimitExceeded', `${what} has ${size} bytes; at most ${limit} more are read`);
}
