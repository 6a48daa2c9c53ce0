import { SignatureError } from '../../../base/errors/signature-error.ts';

/** Packet tags that Signet knows (RFC 9580 section 5). */
export const PacketTag = {
  publicKeyEncryptedSessionKey: 1,
  signature: 2,
  symmetricKeyEncryptedSessionKey: 3,
  onePassSignature: 4,
  compressedData: 8,
  encryptedData: 9,
  marker: 10,
  literalData: 11,
  trust: 12,
  encryptedIntegrityProtectedData: 18,
  aeadEncryptedData: 20,
  padding: 21,
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

/** Tags from here on are not critical: a reader ignores those that it does not know (RFC 9580 section 4.3). */
const FIRST_OPTIONAL_TAG = 40;

/**
 * Reads the packet at an offset, past those that every reader ignores: markers, trust, padding and unknown ones that are
 * not critical. Undefined at the end of the input. @throws SignatureError `SignatureMalformed`
 */
export function readNextPacket(bytes: Uint8Array, offset: number): Packet | undefined {
  for (let at = offset; at < bytes.length;) {
    const packet = readPacket(bytes, at);
    if (!isIgnored(packet)) return packet;
    at = packet.end;
  }
  return undefined;
}

function isIgnored({ tag, body }: Packet): boolean {
  if (tag === PacketTag.marker) return Buffer.from(body).toString('latin1') === 'PGP';
  return tag === PacketTag.trust || tag === PacketTag.padding || tag >= FIRST_OPTIONAL_TAG;
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
