import { SignatureError } from '../../../base/errors/signature-error.ts';

/** Reads forward through bytes; a read past the end is a SignatureError `SignatureMalformed`. */
export interface ByteReader {
  remaining(): number;
  byte(): number;
  /** Big-endian unsigned integer of two octets. */
  uint16(): number;
  /** Big-endian unsigned integer of four octets. */
  uint32(): number;
  /** The next octets, not copied. */
  bytes(length: number): Uint8Array;
}

/** `what` names the bytes in the error. */
export function createByteReader(bytes: Uint8Array, what: string): ByteReader {
  return new OctetReader(bytes, what);
}

/** A class, because a message takes a dozen readers, and closures for each were most of what verifying allocated. */
class OctetReader implements ByteReader {
  readonly #octets: Uint8Array;
  readonly #what: string;
  #offset = 0;

  constructor(octets: Uint8Array, what: string) {
    this.#octets = octets;
    this.#what = what;
  }

  remaining(): number {
    return this.#octets.length - this.#offset;
  }

  byte(): number {
    return this.#integer(1);
  }

  uint16(): number {
    return this.#integer(2);
  }

  uint32(): number {
    return this.#integer(4);
  }

  bytes(length: number): Uint8Array {
    this.#requireLeft(length);
    this.#offset += length;
    return this.#octets.subarray(this.#offset - length, this.#offset);
  }

  #integer(length: number): number {
    this.#requireLeft(length);
    let value = 0;
    for (const end = this.#offset + length; this.#offset < end; this.#offset++) {
      value = value * 256 + (this.#octets[this.#offset] ?? 0);
    }
    return value;
  }

  #requireLeft(length: number): void {
    if (length > this.remaining()) throw new SignatureError('SignatureMalformed', `the ${this.#what} is cut short`);
  }
}
