import zlib from 'node:zlib';
import seekBzip from 'seek-bzip';
import { SignatureError } from '../../../base/errors/signature-error.ts';

/** Packet tags that Signet knows (RFC 9580 section 5). */
export const PacketTag = {
  publicKeyEncryptedSessionKey: 1,
  signature: 2,
  symmetricKeyEncryptedSessionKey: 3,
  onePassSignature: 4,
  compressedData: 8,
  encryptedData: 9,
  literalData: 11,
  encryptedIntegrityProtectedData: 18,
  aeadEncryptedData: 20,
} as const;

export interface Packet {
  readonly tag: number;
  readonly body: Uint8Array;
  /** Offset of the first byte after the packet. */
  readonly end: number;
}

/** Of an old header, by its length type; type 3 is the indeterminate length. */
const OLD_LENGTH_OCTETS: readonly number[] = [1, 2, 4];

interface PacketHeader {
  readonly tag: number;
  readonly bodyStart: number;
  /** Undefined: to the end of the input. Partial: the first of several chunks. */
  readonly length: { readonly kind: 'definite' | 'partial'; readonly value: number } | undefined;
}

/**
 * Reads the packet at an offset: old and new headers, partial lengths for literal and compressed data, an
 * indeterminate length for compressed data alone (RFC 9580 section 4.2). The bytes are bounded by the caller. A first
 * partial length below 512 breaks the standard, and real releases signed by OpenShift's CI have one.
 *
 * @throws SignatureError `SignatureMalformed`
 */
export function readPacket(bytes: Uint8Array, offset: number): Packet {
  const header = readHeader(bytes, offset);
  const { tag, bodyStart, length } = header;
  if (length === undefined) {
    // A literal or signature that runs to the end would swallow what follows it.
    if (tag !== PacketTag.compressedData) throw malformed(`packet ${tag} has an indeterminate length`);
    return { tag, body: bytes.subarray(bodyStart), end: bytes.length };
  }
  if (length.kind === 'partial') return readPartialBody(bytes, tag, bodyStart, length.value);
  const end = bodyStart + length.value;
  if (end > bytes.length) throw malformed(`packet ${tag} is cut short`);
  return { tag, body: bytes.subarray(bodyStart, end), end };
}

function readHeader(bytes: Uint8Array, offset: number): PacketHeader {
  const first = byteAt(bytes, offset);
  if ((first & 0x80) === 0) throw malformed(`byte ${offset} starts no packet`);
  if ((first & 0x40) !== 0) {
    const { kind, value, next } = readNewLength(bytes, offset + 1);
    return { tag: first & 0x3f, bodyStart: next, length: { kind, value } };
  }
  const tag = (first & 0x3c) >> 2;
  const octets = OLD_LENGTH_OCTETS[first & 0x03];
  if (octets === undefined) return { tag, bodyStart: offset + 1, length: undefined };
  let value = 0;
  for (let index = 0; index < octets; index++) value = value * 256 + byteAt(bytes, offset + 1 + index);
  return { tag, bodyStart: offset + 1 + octets, length: { kind: 'definite', value } };
}

function readNewLength(
  bytes: Uint8Array,
  offset: number,
): { kind: 'definite' | 'partial'; value: number; next: number } {
  const first = byteAt(bytes, offset);
  if (first < 192) return { kind: 'definite', value: first, next: offset + 1 };
  if (first < 224) {
    return { kind: 'definite', value: (first - 192) * 256 + byteAt(bytes, offset + 1) + 192, next: offset + 2 };
  }
  if (first < 255) return { kind: 'partial', value: 2 ** (first & 0x1f), next: offset + 1 };
  let value = 0;
  for (let index = 1; index <= 4; index++) value = value * 256 + byteAt(bytes, offset + index);
  return { kind: 'definite', value, next: offset + 5 };
}

function readPartialBody(bytes: Uint8Array, tag: number, start: number, firstLength: number): Packet {
  if (tag !== PacketTag.compressedData && tag !== PacketTag.literalData) {
    throw malformed(`packet ${tag} must not have a partial length`);
  }
  const chunks: Uint8Array[] = [];
  let offset = start;
  let length = firstLength;
  let isLast = false;
  for (;;) {
    if (offset + length > bytes.length) throw malformed(`packet ${tag} is cut short`);
    chunks.push(bytes.subarray(offset, offset + length));
    offset += length;
    if (isLast) return { tag, body: Buffer.concat(chunks), end: offset };
    const chunk = readNewLength(bytes, offset);
    offset = chunk.next;
    length = chunk.value;
    isLast = chunk.kind === 'definite';
  }
}

function byteAt(bytes: Uint8Array, offset: number): number {
  const byte = bytes[offset];
  if (byte === undefined) throw malformed('a packet header is cut short');
  return byte;
}

function malformed(message: string): SignatureError {
  return new SignatureError('SignatureMalformed', message);
}

/** Compression algorithms of a compressed data packet (RFC 9580 section 9.4). */
export const Compression = { none: 0, zip: 1, zlib: 2, bzip2: 3 } as const;

/** Bytes of a signed message after decompression. */
export const MAX_DECOMPRESSED_BYTES = 64 * 1024;

/** zlib's own buffer; a signature fits into one. */
const CHUNK_BYTES = 2048;

/**
 * Decompresses all of the input, to at most {@link MAX_DECOMPRESSED_BYTES}. Input left over after the compressed
 * stream would be bytes that nobody signed or read, and rejects.
 *
 * @throws SignatureError `LimitExceeded`, `SignatureMalformed`, `SignatureUnsupported`
 */
export function decompress(algorithm: number, compressed: Uint8Array): Uint8Array {
  switch (algorithm) {
    case Compression.none:
      return compressed;
    case Compression.zip:
      return inflate(zlib.inflateRawSync, compressed);
    case Compression.zlib:
      return inflate(zlib.inflateSync, compressed);
    case Compression.bzip2:
      return decompressBzip2(compressed);
    default:
      throw new SignatureError('SignatureUnsupported', `compression algorithm ${algorithm} is not supported`);
  }
}

function inflate(inflateSync: typeof zlib.inflateSync, compressed: Uint8Array): Uint8Array {
  const result = callInflate(inflateSync, compressed);
  if (!isInflateResult(result)) throw new TypeError('zlib no longer reports how much it read');
  if (result.engine.bytesWritten !== compressed.length) throw hasLeftOver();
  return result.buffer;
}

function callInflate(inflateSync: typeof zlib.inflateSync, compressed: Uint8Array): unknown {
  try {
    return inflateSync(compressed, { info: true, maxOutputLength: MAX_DECOMPRESSED_BYTES, chunkSize: CHUNK_BYTES });
  } catch (cause) {
    if (cause instanceof RangeError) throw tooLong();
    throw new SignatureError('SignatureMalformed', 'the compressed data cannot be decompressed', { cause });
  }
}

function isInflateResult(result: unknown): result is { buffer: Uint8Array; engine: { bytesWritten: number } } {
  return typeof result === 'object' && result !== null && 'buffer' in result && 'engine' in result;
}

/** The library allocates one block of at most 900 kB (4 octets each) and gives its output byte by byte. */
function decompressBzip2(compressed: Uint8Array): Uint8Array {
  const output = Buffer.alloc(MAX_DECOMPRESSED_BYTES);
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
      if (written === output.length) throw tooLong();
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

function tooLong(): SignatureError {
  return new SignatureError('LimitExceeded', `the signature decompresses to more than ${MAX_DECOMPRESSED_BYTES} bytes`);
}

function hasLeftOver(): SignatureError {
  return new SignatureError('SignatureMalformed', 'bytes follow the compressed data');
}
