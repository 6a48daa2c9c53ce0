import { inflateRawSync, inflateSync } from 'node:zlib';
import seekBzip from 'seek-bzip';
import { SignatureError } from '../../../base/errors/signature-error.ts';

/** Compression algorithms of a compressed data packet (RFC 9580 section 9.4). */
export const Compression = { none: 0, zip: 1, zlib: 2, bzip2: 3 } as const;

/** Bytes of a signed message after decompression. */
export const MAX_DECOMPRESSED_BYTES = 64 * 1024;

/** zlib's own buffer; a signature fits into one. */
const CHUNK_BYTES = 2048;

/**
 * Decompresses all of the input, to at most {@link MAX_DECOMPRESSED_BYTES} or another limit. Input left over after the compressed
 * stream would be bytes that nobody signed or read, and rejects.
 *
 * @throws SignatureError `LimitExceeded`, `SignatureMalformed`, `SignatureUnsupported`
 */
export function decompress(
  algorithm: number,
  compressed: Uint8Array,
  limitBytes: number = MAX_DECOMPRESSED_BYTES,
): Uint8Array {
  switch (algorithm) {
    case Compression.none:
      return compressed;
    case Compression.zip:
      return inflate(inflateRawSync, compressed, limitBytes);
    case Compression.zlib:
      return inflate(inflateSync, compressed, limitBytes);
    case Compression.bzip2:
      return decompressBzip2(compressed, limitBytes);
    default:
      throw new SignatureError('SignatureUnsupported', `compression algorithm ${algorithm} is not supported`);
  }
}

type Inflater = typeof inflateSync;

function inflate(inflater: Inflater, compressed: Uint8Array, limitBytes: number): Uint8Array {
  const result = callInflate(inflater, compressed, limitBytes);
  if (!isInflateResult(result)) throw new TypeError('zlib no longer reports how much it read');
  if (result.engine.bytesWritten !== compressed.length) throw hasLeftOver();
  return result.buffer;
}

function callInflate(inflater: Inflater, compressed: Uint8Array, limitBytes: number): unknown {
  // A chunk is one round trip into zlib.
  const chunkSize = limitBytes > MAX_DECOMPRESSED_BYTES ? MAX_DECOMPRESSED_BYTES : CHUNK_BYTES;
  try {
    return inflater(compressed, { info: true, maxOutputLength: limitBytes, chunkSize });
  } catch (cause) {
    if (cause instanceof RangeError) throw tooLong(limitBytes);
    throw new SignatureError('SignatureMalformed', 'the compressed data cannot be decompressed', { cause });
  }
}

function isInflateResult(result: unknown): result is { buffer: Uint8Array; engine: { bytesWritten: number } } {
  return typeof result === 'object' && result !== null && 'buffer' in result && 'engine' in result;
}

/** The library allocates one block of at most 900 kB (4 octets each) and gives its output byte by byte. */
function decompressBzip2(compressed: Uint8Array, limitBytes: number): Uint8Array {
  const output = Buffer.alloc(limitBytes);
  let written = 0;
  let read = 0;
  // Without `eof` the library reads to the stream's end mark and checks its CRC: a cut stream cannot pass.
  const source = Object.assign(new seekBzip.Stream(), {
    readByte: () => {
      const octet = compressed[read++];
      if (octet === undefined) throw new SignatureError('SignatureMalformed', 'the compressed data is cut short');
      return octet;
    },
  });
  const sink = {
    writeByte: (octet: number) => {
      if (written === output.length) throw tooLong(limitBytes);
      output[written++] = octet;
    },
  };
  try {
    seekBzip.decode(source, sink);
  } catch (cause) {
    if (cause instanceof SignatureError) throw cause;
    throw new SignatureError('SignatureMalformed', 'the compressed data cannot be decompressed', { cause });
  }
  if (read !== compressed.length) throw hasLeftOver();
  return output.subarray(0, written);
}

function tooLong(limitBytes: number): SignatureError {
  return new SignatureError('LimitExceeded', `the signature decompresses to more than ${limitBytes} bytes`);
}

function hasLeftOver(): SignatureError {
  return new SignatureError('SignatureMalformed', 'bytes follow the compressed data');
}
