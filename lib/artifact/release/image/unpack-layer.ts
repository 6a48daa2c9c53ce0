import { Readable, type Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { fileErrorCode } from '../../../platform/files/file-error.ts';
import type { LayerPacking } from './layer-packing.ts';
import { ReleaseError } from './release-error.ts';

const CHUNK_BYTES = 64 * 1024;

/**
 * A layer's bytes unpacked as they come, at most `limitBytes`. Nothing may be left over behind what unpacks: another
 * reader could take it for more of the layer.
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
      throw new ReleaseError('LimitExceeded', `the layers unpack to more than is read; ${limitBytes} bytes were left`);
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
  try {
    yield* source.pipe(transform) as AsyncIterable<Uint8Array>;
  } catch (cause) {
    const code = fileErrorCode(cause) ?? '';
    if (!code.startsWith('Z_') && !code.startsWith('ZSTD_')) throw cause;
    const fault = code === 'Z_BUF_ERROR' ? 'it ends too early' : cause instanceof Error ? cause.message : code;
    throw new ReleaseError('LayerInvalid', `a layer cannot be unpacked: ${fault}`, { cause });
  }
  if (transform.bytesWritten === length) return;
  throw new ReleaseError('LayerInvalid', 'something follows the packed data of a layer');
}
