import { deflateRawSync, deflateSync } from 'node:zlib';
import {
  compressedBody,
  indeterminatePacket,
  longLengthPacket,
  newPacket,
  oldPacket,
  PACKET,
  type PacketType,
  partialPacket,
  uint32,
} from '../../fixtures/make/packet-writer.ts';
import type { Draw } from '../draw.ts';
import { mutateBytes } from './bytes.ts';
import { mutateSignatureBody } from './signature-body.ts';

/** One packet of an OpenPGP message or key file, out of its framing. */
export interface Packet {
  readonly tag: number;
  readonly body: Uint8Array;
}

/** Tags that may stand between others: marker, padding, trust, user ID, unassigned ones, critical and not. */
const STRAY_TAGS = [PACKET.marker, 21, 12, PACKET.userId, 17, 3, 18, 39, 40, 60, 0];

/** Little memory to clear for each of millions. */
const QUICK = { level: 1, memLevel: 1, windowBits: 9 } as const;

/**
 * Changes a sequence of packets: their order, their number, their bodies. `pool`: packets of other inputs, which are
 * put in their place.
 */
export function mutatePackets(draw: Draw, packets: readonly Packet[], pool: readonly Packet[]): readonly Packet[] {
  let mutated = packets;
  for (let edits = 1 + draw.below(3); edits > 0; edits--) mutated = editSequence(draw, mutated, pool);
  return mutated;
}

function editSequence(draw: Draw, packets: readonly Packet[], pool: readonly Packet[]): readonly Packet[] {
  const at = draw.below(packets.length);
  const packet = packets[at];
  if (packet === undefined) return [draw.pick(pool)];
  const same = pool.filter(({ tag }) => tag === packet.tag);
  switch (draw.below(12)) {
    case 0:
      return packets.toSpliced(at, 1);
    case 1:
      return packets.toSpliced(at, 0, packet);
    case 2:
      return packets.toSpliced(at, 1).toSpliced(draw.below(packets.length), 0, packet);
    case 3:
      return packets.toSpliced(draw.below(packets.length + 1), 0, draw.pick(pool));
    case 4:
      return packets.toSpliced(draw.below(packets.length + 1), 0, makeStray(draw));
    case 5:
      return packets.with(at, { ...packet, tag: draw.pick([...STRAY_TAGS, 2, 4, 6, 8, 11, 14]) });
    case 6:
    case 7:
      return same.length === 0 ? packets : packets.with(at, draw.pick(same));
    case 8:
      return packets.with(at, { ...packet, body: mutateBytes(draw, packet.body, [draw.pick(pool).body]) });
    case 9:
      return [{ tag: PACKET.compressed, body: compress(draw, writePackets(draw, packets)) }];
    default: {
      const signature = packets.findIndex(({ tag }) => tag === PACKET.signature);
      return signature < 0 ? packets : editSignature(draw, packets, signature, pool);
    }
  }
}

function editSignature(
  draw: Draw,
  packets: readonly Packet[],
  first: number,
  pool: readonly Packet[],
): readonly Packet[] {
  const places = packets.flatMap(({ tag }, index) => (index >= first && tag === PACKET.signature ? [index] : []));
  const at = draw.pick(places);
  const packet = packets[at];
  if (packet === undefined) return packets;
  const others = pool.filter(({ tag }) => tag === PACKET.signature);
  const body = mutateSignatureBody(draw, packet.body, draw.pick(others.length === 0 ? [packet] : others).body);
  const edited = packets.with(at, { ...packet, body });
  // What the packet announces is changed with it, or the reader would look no further.
  const onePass = edited.findIndex(({ tag }) => tag === PACKET.onePass);
  const announced = edited[onePass];
  if (announced === undefined || (body[0] !== 4 && body[0] !== 6) || draw.once(4)) return edited;
  const copy = Buffer.from(announced.body);
  if (copy.length >= 4) copy.set([body[1] ?? 0, body[3] ?? 0, body[2] ?? 0], 1);
  return edited.with(onePass, { ...announced, body: copy });
}

function makeStray(draw: Draw): Packet {
  const tag = draw.pick(STRAY_TAGS);
  return { tag, body: tag === PACKET.marker && !draw.once(4) ? Buffer.from('PGP') : draw.bytes(draw.below(40)) };
}

/** Packets one after the other, each in a header form that is drawn: mostly right, sometimes with a wrong length. */
export function writePackets(draw: Draw, packets: readonly Packet[]): Buffer {
  return Buffer.concat(packets.map((packet) => writePacket(draw, packet)));
}

function writePacket(draw: Draw, { tag, body }: Packet): Buffer {
  const isOldTag = tag < 16;
  switch (draw.below(16)) {
    case 0:
      return longLengthPacket(tag as PacketType, body);
    case 1:
      return partialPacket(tag as PacketType, body, draw.below(10));
    case 2:
      return isOldTag ? indeterminatePacket(tag as PacketType, body) : newPacket(tag, body);
    case 3:
      return isOldTag
        ? Buffer.concat([Buffer.from([0x80 | (tag << 2) | 2]), uint32(body.length), body])
        : newPacket(tag, body);
    case 4: {
      // A length that claims more or less than there is.
      const wrong = Math.max(0, body.length + draw.pick([-1, 1, -2, 2, 100, 0x7fffffff, 0xffffffff]));
      return Buffer.concat([Buffer.from([0xc0 | tag, 0xff]), uint32(wrong % 2 ** 32), body]);
    }
    case 5:
    case 6:
    case 7:
    case 8:
      return newPacket(tag, body);
    default:
      return isOldTag ? oldPacket(tag as PacketType, body) : newPacket(tag, body);
  }
}

/** The body of a compressed packet around some packets. */
export function compress(draw: Draw, packets: Uint8Array): Buffer {
  switch (draw.below(8)) {
    case 0:
    case 1:
      return compressedBody(0, packets);
    case 2:
      return compressedBody(2, deflateSync(packets, { level: draw.below(10) }));
    case 3:
      return compressedBody(draw.below(5), deflateRawSync(packets, QUICK));
    case 4: {
      const whole = compressedBody(1, deflateRawSync(packets, QUICK));
      return draw.once(2)
        ? Buffer.concat([whole, draw.bytes(1 + draw.below(4))])
        : whole.subarray(0, draw.below(whole.length));
    }
    default:
      return compressedBody(1, deflateRawSync(packets, QUICK));
  }
}
