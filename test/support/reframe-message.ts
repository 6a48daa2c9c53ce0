import { deflateRawSync } from 'node:zlib';
import { decompress } from '../../lib/crypto/openpgp/packets/decompress.ts';
import { PacketTag, readPacket } from '../../lib/crypto/openpgp/packets/packet-reader.ts';
import { compressedBody, indeterminatePacket, newPacket, PACKET, uint32 } from '../fixtures/make/packet-writer.ts';

/**
 * A copy of a signed message in another framing: literal file name and date, packet headers and compression are
 * changed, and nothing that is signed. Each `variant` gives other bytes.
 */
export function reframeMessage(message: Uint8Array, variant: number): Buffer {
  const packets = openMessage(message);
  const written: Buffer[] = [];
  for (let offset = 0; offset < packets.length;) {
    const { tag, body, end } = readPacket(packets, offset);
    if (tag === PacketTag.onePassSignature) written.push(newPacket(PACKET.onePass, body));
    else if (tag === PacketTag.literalData) written.push(newPacket(PACKET.literal, reframeLiteral(body, variant)));
    else if (tag === PacketTag.signature) written.push(newPacket(PACKET.signature, body));
    else throw new Error(`packet ${tag} does not belong into a signed message`);
    offset = end;
  }
  const level = (variant % 9) + 1;
  return indeterminatePacket(PACKET.compressed, compressedBody(1, deflateRawSync(Buffer.concat(written), { level })));
}

/** The packets of a message, out of their compression. */
export function openMessage(message: Uint8Array): Uint8Array {
  const { tag, body } = readPacket(message, 0);
  return tag === PacketTag.compressedData ? decompress(body[0] ?? 0, body.subarray(1)) : message;
}

/** Format, length of the name, name, four octets of date, content (RFC 9580 section 5.9). */
function reframeLiteral(body: Uint8Array, variant: number): Buffer {
  const content = body.subarray(2 + (body[1] ?? 0) + 4);
  const name = Buffer.from(`reframed-${variant}.bin`);
  const head = Buffer.concat([body.subarray(0, 1), Buffer.from([name.length]), name, uint32(1_700_000_000 + variant)]);
  return Buffer.concat([head, content]);
}
