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

/** Bits that an integer may claim; RSA keys beyond this are not read. */
const MAX_BITS = 16_384;

/**
 * Bits of an RSA key's public exponent, in OpenPGP and everywhere else. Go takes no more, and keys have 17. A longer one
 * makes each check as slow as signing: half a second of a blocked process for 26 KB of certificates.
 */
export const MAX_EXPONENT_BITS = 31;

/**
 * Reads one MPI (RFC 9580 section 3.2) in its only valid spelling: the bit count names the highest set bit. A second
 * spelling of the same number would be a second signature with the same value.
 *
 * @returns big-endian magnitude without leading zeros
 */
export function readMpi(reader: ByteReader): Uint8Array {
  const bits = reader.uint16();
  if (bits === 0 || bits > MAX_BITS) {
    throw new SignatureError('SignatureMalformed', `an integer of ${bits} bits cannot be part of a signature or key`);
  }
  const magnitude = reader.bytes(Math.ceil(bits / 8));
  const topBits = ((bits - 1) % 8) + 1;
  if ((magnitude[0] ?? 0) >> (topBits - 1) !== 1) {
    throw new SignatureError('SignatureMalformed', 'an integer does not have the bit length it claims');
  }
  return magnitude;
}

/** Left-pads to a fixed width. @throws SignatureError `SignatureInvalid` when the value is wider. */
export function padMpi(magnitude: Uint8Array, width: number): Uint8Array {
  if (magnitude.length === width) return magnitude;
  requireWidth(magnitude, width);
  const padded = new Uint8Array(width);
  padded.set(magnitude, width - magnitude.length);
  return padded;
}

/** @throws SignatureError `SignatureInvalid` when the value is wider */
export function requireWidth(magnitude: Uint8Array, width: number): void {
  if (magnitude.length > width) throw new SignatureError('SignatureInvalid', 'the signature is wider than the key');
}

/** Upper-case hex, as OpenPGP tools print fingerprints and key IDs. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex').toUpperCase();
}
