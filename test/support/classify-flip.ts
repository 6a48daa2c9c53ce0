import { inflateRawSync } from 'node:zlib';
import { readPacket } from '../../lib/crypto/openpgp/packets/packet-reader.ts';

/** What a changed bit that still verifies has touched; `signed` would be a hole. */
export type FlipClass = 'compression' | 'packet header' | 'literal file name or date' | 'signature framing' | 'signed';

/** Compares a flipped message with the original, both ZIP-compressed or not, after both were accepted. */
export function classifyFlip(original: Uint8Array, flipped: Uint8Array): FlipClass {
  const before = open(original);
  const after = open(flipped);
  if (Buffer.compare(before, after) === 0) return 'compression';
  const [onePass, literal, signature] = split(before);
  const [flippedOnePass, flippedLiteral, flippedSignature] = split(after);
  const isSame = (one: Uint8Array, other: Uint8Array): boolean => Buffer.compare(one, other) === 0;
  if (!isSame(onePass, flippedOnePass)) return 'signed';
  if (!isSame(signature, flippedSignature)) {
    return isOutsideHashedPart(signature, flippedSignature) ? 'signature framing' : 'signed';
  }
  if (isSame(literal, flippedLiteral)) return 'packet header';
  const isSameContent = isSame(contentOf(literal), contentOf(flippedLiteral));
  return isSameContent ? 'literal file name or date' : 'signed';
}

function open(message: Uint8Array): Uint8Array {
  const { tag, body } = readPacket(message, 0);
  if (tag !== 8) return message;
  return body[0] === 0 ? body.subarray(1) : inflateRawSync(body.subarray(1));
}

function split(packets: Uint8Array): [Uint8Array, Uint8Array, Uint8Array] {
  const onePass = readPacket(packets, 0);
  const literal = readPacket(packets, onePass.end);
  const signature = readPacket(packets, literal.end);
  return [onePass.body, literal.body, signature.body];
}

function contentOf(literal: Uint8Array): Uint8Array {
  return literal.subarray(2 + (literal[1] ?? 0) + 4);
}

/** A version 4 signature hashes its start up to the end of the hashed subpackets; the unhashed ones are framing. */
function isOutsideHashedPart(signature: Uint8Array, flipped: Uint8Array): boolean {
  if (signature[0] !== 4 || signature.length !== flipped.length) return false;
  const hashedEnd = 6 + Buffer.from(signature).readUInt16BE(4);
  const unhashedEnd = hashedEnd + 2 + Buffer.from(signature).readUInt16BE(hashedEnd);
  return signature.every((octet, index) => octet === flipped[index] || (index >= hashedEnd && index < unhashedEnd));
}
