import { SignatureError } from '../../../base/errors/signature-error.ts';
import type { ByteReader } from './byte-reader.ts';

/** Bits that an integer may claim; RSA keys beyond this are not read. */
const MAX_BITS = 16_384;

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
  if (magnitude.length > width) throw new SignatureError('SignatureInvalid', 'the signature is wider than the key');
  const padded = new Uint8Array(width);
  padded.set(magnitude, width - magnitude.length);
  return padded;
}
