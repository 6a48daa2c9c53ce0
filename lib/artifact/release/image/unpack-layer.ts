import { Readable, type Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { fileErrorCode } from '../../../platform/files/file-error.ts';
import { ReleaseError } from './release-error.ts';

type LayerPacking = 'gzip' | 'zstd' | 'none';

const PACKINGS: ReadonlyMap<string, LayerPacking> = new Map([
  ['application/vnd.oci.image.layer.v1.tar+gzip', 'gzip'],
  ['application/vnd.oci.image.layer.v1.tar+zstd', 'zstd'],
  ['application/vnd.oci.image.layer.v1.tar', 'none'],
  ['application/vnd.docker.image.rootfs.diff.tar.gzip', 'gzip'],
  ['application/vnd.docker.image.rootfs.diff.tar.zstd', 'zstd'],
  ['application/vnd.docker.image.rootfs.diff.tar', 'none'],
]);

/**
 * The packing of a layer's media type. Layers that are stored elsewhere or encrypted are not supported.
 *
 * @throws ReleaseError `ImageUnsupported`
 */
export function toLayerPacking(mediaType: string): LayerPacking {
  const packing = PACKINGS.get(mediaType);
  if (packing !== undefined) return packing;
  throw new ReleaseError('ImageUnsupported', `the layer type ${JSON.stringify(mediaType)} is not supported`);
}

const CHUNK_BYTES = 64 * 1024;

/**
 * Unpacks the bytes of a layer as a stream of at most `limitBytes`. Bytes after the packed data are refused: another reader
 * could read them as part of the layer.
 *
 * @throws ReleaseError `LayerInvalid`, `LimitExceeded`, and what the source throws
 */
export async function* unpackLayer(
  packed: AsyncIterable<Uint8Array>,
  packing: LayerPacking,
  limitBytes: number,
): AsyncGenerator<Uint8Array> {
  let length = 0;
  for await (const chunk of openPacking(packed, packing)) {
    length += chunk.length;
    if (length > limitBytes) {
      throw new ReleaseError(
        'LimitExceeded',
        `the layers unpack to too many bytes: ${limitBytes} were left of the limit`,
      );
    }
    yield chunk;
  }
}

function openPacking(packed: AsyncIterable<Uint8Array>, packing: LayerPacking): AsyncIterable<Uint8Array> {
  switch (packing) {
    case 'gzip':
      return decompress(packed, createGunzip({ chunkSize: CHUNK_BYTES }));
    case 'zstd':
      return decompress(packed, createZstdDecompress({ chunkSize: CHUNK_BYTES }));
    case 'none':
      return packed;
    default:
      return packing satisfies never;
  }
}

async function* decompress(
  packed: AsyncIterable<Uint8Array>,
  transform: Transform & { readonly bytesWritten: number },
): AsyncGenerator<Uint8Array> {
  let length = 0;
  const source = Readable.from(
    (async function* () {
      for await (const chunk of packed) {
        length += chunk.length;
        yield chunk;
      }
    })(),
  );
  source.on('error', (error) => transform.destroy(error));
  transform.on('close', () => source.destroy());
  // The loop below hears of a fault; one that comes after it, such as of bytes behind the end, would end the process.
  transform.on('error', () => undefined);
  try {
    yield* source.pipe(transform) as AsyncIterable<Uint8Array>;
  } catch (cause) {
    const code = fileErrorCode(cause) ?? '';
    if (!code.startsWith('Z_') && !code.startsWith('ZSTD_')) throw cause;
    const fault = code === 'Z_BUF_ERROR' ? 'the data is incomplete' : cause instanceof Error ? cause.message : code;
    throw new ReleaseError('LayerInvalid', `a layer cannot be unpacked: ${fault}`, { cause });
  }
  if (transform.bytesWritten === length) return;
  throw new ReleaseError('LayerInvalid', 'a layer has bytes after its packed data');
}
