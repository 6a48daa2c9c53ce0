import { SignatureError } from '../errors/signature-error.ts';

/** Reads forward through bytes; a read past the end is a SignatureError `SignatureMalformed`. */
export interface ByteReader {
  readonly remaining: () => number;
  readonly byte: () => number;
  /** Big-endian unsigned integer of two octets. */
  readonly uint16: () => number;
  /** Big-endian unsigned integer of four octets. */
  readonly uint32: () => number;
  /** The next octets, not copied. */
  readonly bytes: (length: number) => Uint8Array;
}

/** `what` names the bytes in the error. */
export function createByteReader(bytes: Uint8Array, what: string): ByteReader {
  let offset = 0;
  const requireLeft = (length: number): void => {
    if (length > bytes.length - offset) throw new SignatureError('SignatureMalformed', `the ${what} is cut short`);
  };
  // Without a view for each integer: a message has dozens, and each view costs more than its octets.
  const integer = (length: number): number => {
    requireLeft(length);
    let value = 0;
    for (const end = offset + length; offset < end; offset++) value = value * 256 + (bytes[offset] ?? 0);
    return value;
  };
  return {
    remaining: () => bytes.length - offset,
    byte: () => integer(1),
    uint16: () => integer(2),
    uint32: () => integer(4),
    bytes: (length) => {
      requireLeft(length);
      offset += length;
      return bytes.subarray(offset - length, offset);
    },
  };
}
