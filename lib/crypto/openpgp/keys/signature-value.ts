import { SignatureError } from '../../../base/errors/signature-error.ts';
import { padMpi, requireWidth } from '../packets/byte-reader.ts';
import type { UntrustedSignature } from '../packets/signature-packet.ts';

/** The value of an RSA signature, as long as the key. @throws SignatureError `SignatureInvalid` for one that is longer */
export function toRsaValue({ value }: UntrustedSignature, bits: number): Uint8Array {
  if (value.kind !== 'integers' || value.integers[0] === undefined) throw wrongKind();
  return padMpi(value.integers[0], Math.ceil(bits / 8));
}

/**
 * As the DER of ECDSA-Sig-Value (RFC 3279 section 2.2.3), which OpenSSL reads: from the two integers side by side Node
 * makes the same, and takes half as long again as the whole check.
 */
export function toEcdsaValue(signature: UntrustedSignature, octets: number): Uint8Array {
  const pair = toPair(signature);
  const [r, s] = [toDerInteger(pair[0], octets), toDerInteger(pair[1], octets)];
  const length = r.length + s.length;
  return Buffer.concat([length < 0x80 ? Buffer.of(0x30, length) : Buffer.of(0x30, 0x81, length), r, s]);
}

/** A positive integer, whose highest bit would say that it is negative. */
function toDerInteger(magnitude: Uint8Array, octets: number): Uint8Array {
  requireWidth(magnitude, octets);
  const sign = ((magnitude[0] ?? 0) & 0x80) === 0 ? [] : [0];
  return Buffer.from([0x02, sign.length + magnitude.length, ...sign, ...magnitude]);
}

function toPairValue(signature: UntrustedSignature, octets: number): Uint8Array {
  const [r, s] = toPair(signature);
  return Buffer.concat([padMpi(r, octets), padMpi(s, octets)]);
}

function toPair({ value }: UntrustedSignature): readonly [Uint8Array, Uint8Array] {
  if (value.kind !== 'integers') throw wrongKind();
  const [r, s] = value.integers;
  if (r === undefined || s === undefined) throw wrongKind();
  return [r, s];
}

export function toEd25519Value(signature: UntrustedSignature): Uint8Array {
  return signature.value.kind === 'octets' ? signature.value.octets : toPairValue(signature, 32);
}

export function toOctets({ value }: UntrustedSignature): Uint8Array {
  if (value.kind !== 'octets') throw wrongKind();
  return value.octets;
}

/** What a signature value is that no key of this kind could make. */
export function wrongKind(): SignatureError {
  return new SignatureError('SignatureInvalid', 'the signature value is not one of this kind of key');
}
