import type { Draw } from '../draw.ts';

/** Octets at which readers of lengths, tags and text turn. */
const TURNING = [
  0, 1, 2, 0x0a, 0x0d, 0x20, 0x22, 0x2d, 0x30, 0x3d, 0x5c, 0x7b, 0x7f, 0x80, 0xbf, 0xc0, 0xdf, 0xe0, 0xff,
];
/** More would be noise that every reader refuses at its first octet. */
const MAX_EDITS = 4;

/** A copy with a few octets changed. `others`: inputs from which ranges are copied. */
export function mutateBytes(draw: Draw, bytes: Uint8Array, others: readonly Uint8Array[]): Buffer {
  let mutated = Buffer.from(bytes);
  for (let edits = 1 + draw.below(MAX_EDITS); edits > 0; edits--) mutated = editOnce(draw, mutated, others);
  return mutated;
}

function editOnce(draw: Draw, bytes: Buffer, others: readonly Uint8Array[]): Buffer<ArrayBuffer> {
  const at = draw.below(bytes.length + 1);
  const length = draw.once(4) ? draw.below(bytes.length - at + 1) : draw.below(Math.min(16, bytes.length - at) + 1);
  const [head, range, tail] = [bytes.subarray(0, at), bytes.subarray(at, at + length), bytes.subarray(at + length)];
  switch (draw.below(10)) {
    case 0:
    case 1:
      return withOctet(bytes, at, (bytes[at] ?? 0) ^ (1 << draw.below(8)));
    case 2:
      return withOctet(bytes, at, draw.pick(TURNING));
    case 3:
      return withOctet(bytes, at, ((bytes[at] ?? 0) + draw.pick([1, 255, 2, 254])) & 0xff);
    case 4:
      return Buffer.concat([head, draw.bytes(1 + draw.below(8)), range, tail]);
    case 5:
      return Buffer.concat([head, tail]);
    case 6:
      return Buffer.concat([head, range, range, tail]);
    case 7:
      return Buffer.concat([head, Buffer.alloc(1 + draw.below(8), draw.pick(TURNING)), tail]);
    case 8:
      return Buffer.concat([head, takeRange(draw, draw.pick([...others, bytes])), tail]);
    default: {
      const moved = draw.below(tail.length + 1);
      return Buffer.concat([head, tail.subarray(0, moved), range, tail.subarray(moved)]);
    }
  }
}

function withOctet(bytes: Buffer, at: number, octet: number): Buffer<ArrayBuffer> {
  const copy = Buffer.from(bytes);
  if (at < copy.length) copy[at] = octet;
  return copy;
}

function takeRange(draw: Draw, other: Uint8Array): Uint8Array {
  const at = draw.below(other.length + 1);
  return other.subarray(at, at + draw.below(Math.min(200, other.length - at) + 1));
}
