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
  const take = (length: number): Uint8Array => {
    if (length > bytes.length - offset) throw new SignatureError('SignatureMalformed', `the ${what} is cut short`);
    offset += length;
    return bytes.subarray(offset - length, offset);
  };
  const integer = (length: number): number => take(length).reduce((value, octet) => value * 256 + octet, 0);
  return {
    remaining: () => bytes.length - offset,
    byte: () => integer(1),
    uint16: () => integer(2),
    uint32: () => integer(4),
    bytes: take,
  };
}
