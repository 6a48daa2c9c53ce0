import { ConfigurationError } from '../../../base/errors/configuration-error.ts';
import { SignatureError } from '../../../base/errors/signature-error.ts';
import { decodeArmoredKeys } from '../packets/armor.ts';
import { type Packet, readPacket } from '../packets/packet-reader.ts';
import {
  type CertificatePackets,
  findForeignPacket,
  identifyKeys,
  listRevocations,
  type Revocations,
  Tag,
  toCertificatePackets,
  toUnusableKey,
} from './certificate-packets.ts';
import type { UnusableKey } from './keyring.ts';

/** A certificate and the armor block, counted from 0, that it came in; 0 for a binary file. */
export interface FiledCertificate {
  readonly armorBlock: number;
  readonly packets: CertificatePackets;
}

/** All that a key file holds. */
export interface KeyFile {
  /** In order. */
  readonly certificates: readonly FiledCertificate[];
  /** Certificates that cannot be used, in order. They take nothing away from the others. */
  readonly unusable: readonly UnusableKey[];
  /** Packets before the first certificate of a block, which belong to none. */
  readonly strayPackets: number;
  /** Of all certificates whose primary key can be read: what one that cannot be used says may still revoke. */
  readonly known: readonly CertificatePackets[];
  /** Wherever they stand: a revocation in an odd place, or in a certificate that cannot be used, still revokes. */
  readonly revocations: Revocations;
}

/**
 * Reads a key file, binary or armored. A certificate that cannot be used never spoils the others: of an unknown version or
 * algorithm, or with a packet that is not understood. Bytes that are damaged, and a private key, refuse the whole file.
 *
 * @throws ConfigurationError `KeyUnreadable`, also when there is no certificate in it
 */
export function readKeyFile(untrustedKeyFile: Uint8Array): KeyFile {
  const blocks = toBlocks(untrustedKeyFile).map(readPackets);
  const groups = blocks.flatMap((packets, armorBlock) => groupPackets(packets).map((group) => ({ armorBlock, group })));
  const read = groups.flatMap(({ armorBlock, group }) => {
    const certificate = readCertificate(group);
    return certificate === undefined ? [] : [{ armorBlock, ...certificate }];
  });
  if (read.length === 0) throw new ConfigurationError('KeyUnreadable', 'there is no OpenPGP public key in it');
  return {
    certificates: read.flatMap(({ armorBlock, packets, unusable }) =>
      packets !== undefined && unusable === undefined ? [{ armorBlock, packets }] : [],
    ),
    unusable: read.flatMap(({ unusable }) => unusable ?? []),
    strayPackets: groups.flatMap(({ group }) => (group[0]?.tag === Tag.publicKey ? [] : group)).filter(isCounted)
      .length,
    known: read.flatMap(({ packets }) => packets ?? []),
    revocations: listRevocations(blocks.flat()),
  };
}

/** A packet starts with its high bit set; so does a byte order mark, which starts text. */
function toBlocks(keyFile: Uint8Array): readonly Uint8Array[] {
  const [first] = keyFile;
  const isBinary = first !== undefined && (first & 0x80) !== 0 && first !== 0xef;
  return isBinary ? [keyFile] : decodeArmoredKeys(Buffer.from(keyFile).toString('latin1'));
}

interface FiledPacket extends Packet {
  /** With its header. */
  readonly bytes: Uint8Array;
}

/** @throws ConfigurationError `KeyUnreadable` for bytes that are no packets, and for a private key */
function readPackets(block: Uint8Array): readonly FiledPacket[] {
  const packets: FiledPacket[] = [];
  try {
    for (let offset = 0; offset < block.length;) {
      const packet = readPacket(block, offset);
      packets.push({ ...packet, bytes: block.subarray(offset, packet.end) });
      offset = packet.end;
    }
  } catch (cause) {
    if (!(cause instanceof SignatureError)) throw cause;
    throw new ConfigurationError('KeyUnreadable', `not a readable OpenPGP key: ${cause.message}`, { cause });
  }
  if (packets.some(({ tag }) => tag === Tag.secretKey || tag === Tag.secretSubkey)) {
    throw new ConfigurationError('KeyUnreadable', 'the file holds a private key; trust needs the public one alone');
  }
  return packets;
}

/** A group for each primary key, and one for what comes before the first. */
function groupPackets(packets: readonly FiledPacket[]): readonly (readonly FiledPacket[])[] {
  const groups: FiledPacket[][] = [];
  for (const packet of packets) {
    const last = groups.at(-1);
    if (last === undefined || packet.tag === Tag.publicKey) groups.push([packet]);
    else last.push(packet);
  }
  return groups;
}

interface ReadCertificate {
  /** Undefined where the primary key cannot be read. */
  readonly packets: CertificatePackets | undefined;
  /** Undefined for a certificate that may be used as far as its packets show. */
  readonly unusable: UnusableKey | undefined;
}

/** Undefined for packets that no primary key stands before. */
function readCertificate(group: readonly FiledPacket[]): ReadCertificate | undefined {
  const [primary, ...rest] = group;
  if (primary?.tag !== Tag.publicKey) return undefined;
  const toUnusable = (reason: string): UnusableKey => toUnusableKey('certificate', identifyKeys(group), reason);
  try {
    const packets = toCertificatePackets(Buffer.concat(group.map(({ bytes }) => bytes)), [primary, ...rest]);
    const foreign = findForeignPacket(group);
    const reason = foreign && `it holds a packet of type ${foreign.tag}, which is not understood in a certificate`;
    return { packets, unusable: reason === undefined ? undefined : toUnusable(reason) };
  } catch (cause) {
    if (!(cause instanceof SignatureError)) throw cause;
    return { packets: undefined, unusable: toUnusable(cause.message) };
  }
}

/** Marker, trust and padding packets mean nothing wherever they are (RFC 9580 section 5). */
function isCounted({ tag }: Packet): boolean {
  return tag !== Tag.marker && tag !== Tag.trust && tag !== Tag.padding;
}
