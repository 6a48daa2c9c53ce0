import { mpi, uint16, uint32 } from '../../fixtures/make/packet-writer.ts';
import { subpacket } from '../../fixtures/make/signature-writer.ts';
import type { Draw } from '../draw.ts';
import { mutateBytes } from './bytes.ts';

/** A signature of version 4 or 6, taken apart. */
interface Parts {
  readonly version: number;
  readonly type: number;
  readonly key: number;
  readonly hash: number;
  readonly hashed: readonly Uint8Array[];
  readonly unhashed: readonly Uint8Array[];
  readonly hashTag: Uint8Array;
  /** Of version 6, without its length. */
  readonly salt: Uint8Array;
  readonly value: Uint8Array;
}

const VERSIONS = [2, 3, 4, 5, 6, 0, 255];
const TYPES = [0x00, 0x01, 0x02, 0x10, 0x13, 0x18, 0x19, 0x1f, 0x20, 0x28, 0x30, 0x40, 0x50, 0xff];
const KEY_ALGORITHMS = [0, 1, 2, 3, 16, 17, 18, 19, 20, 22, 25, 26, 27, 28, 30, 31, 35, 100];
const HASHES = [0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 110];
const SUBPACKETS = [2, 3, 9, 11, 12, 16, 20, 25, 26, 27, 28, 29, 31, 32, 33, 35, 39, 100, 110, 127];
/** The order of P-256, in which `(r, n − s)` is as good as `(r, s)`. */
const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** Changes one field of a signature packet; other versions than 4 and 6 are changed by their octets. `other`: to copy from. */
export function mutateSignatureBody(draw: Draw, body: Uint8Array, other: Uint8Array): Buffer {
  const parts = takeApart(body);
  const foreign = takeApart(other);
  if (parts === undefined || draw.once(8)) return mutateBytes(draw, body, [other]);
  return putTogether(editParts(draw, parts, foreign ?? parts));
}

function editParts(draw: Draw, parts: Parts, foreign: Parts): Parts {
  if (parts.version === 6 && draw.once(8)) return { ...parts, salt: editSalt(draw, parts.salt, foreign.salt) };
  switch (draw.below(14)) {
    case 0:
      return { ...parts, version: draw.pick(VERSIONS) };
    case 1:
      return { ...parts, type: draw.pick(TYPES) };
    case 2:
      return { ...parts, key: draw.pick(KEY_ALGORITHMS) };
    case 3:
      return { ...parts, hash: draw.pick(HASHES) };
    case 4:
      return { ...parts, hashed: editArea(draw, parts.hashed, foreign.hashed) };
    case 5:
    case 6:
      return { ...parts, unhashed: editArea(draw, parts.unhashed, [...foreign.unhashed, ...foreign.hashed]) };
    case 7:
      return { ...parts, hashTag: draw.once(2) ? draw.bytes(2) : foreign.hashTag };
    case 8:
      return { ...parts, hashed: parts.unhashed, unhashed: parts.hashed };
    case 9:
      return { ...parts, value: foreign.value };
    case 10:
      return { ...parts, hashed: [...parts.hashed, ...parts.unhashed], unhashed: [] };
    default:
      return { ...parts, value: editValue(draw, parts.value) };
  }
}

function editSalt(draw: Draw, salt: Uint8Array, other: Uint8Array): Uint8Array {
  return draw.pick([
    mutateBytes(draw, salt, [other]),
    other,
    draw.bytes(salt.length),
    salt.subarray(1),
    new Uint8Array(),
  ]);
}

function editArea(draw: Draw, area: readonly Uint8Array[], others: readonly Uint8Array[]): readonly Uint8Array[] {
  const at = draw.below(area.length);
  const own = area[at];
  switch (draw.below(7)) {
    case 0:
      return area.toSpliced(at, 1);
    case 1:
      return own === undefined ? area : [...area, own];
    case 2:
      return area.toReversed();
    case 3:
      return others.length === 0 ? area : area.toSpliced(draw.below(area.length + 1), 0, draw.pick(others));
    case 4:
      return own === undefined ? area : area.with(at, mutateBytes(draw, own, others));
    case 5:
      return own === undefined ? area : area.with(at, subpacket((own[1] ?? 0) & 0x7f, own.subarray(2), true));
    default:
      return [...area, subpacket(draw.pick(SUBPACKETS), draw.bytes(draw.below(24)), draw.once(2))];
  }
}

/** The integers of a signature value: swapped, padded, zero, the order, and the twin of an ECDSA pair. */
function editValue(draw: Draw, value: Uint8Array): Buffer {
  const integers = readIntegers(value);
  const [r, s] = integers;
  if (r === undefined || integers.some(({ length }) => length === 0) || draw.once(4))
    return mutateBytes(draw, value, []);
  const last = s ?? r;
  switch (draw.below(8)) {
    case 0:
      return writeIntegers(integers.toReversed());
    case 1:
      return writeIntegers([...integers, last]);
    case 2:
      return writeIntegers(integers.slice(0, -1));
    case 3:
      return Buffer.concat([uint16((last.length + 1) * 8), Buffer.from([0]), last, value.subarray(2 + r.length)]);
    case 4:
      return writeIntegers([r, draw.pick([Buffer.from([0]), Buffer.from([1]), toBytes(P256_ORDER)])]);
    case 5:
      return Buffer.concat([uint16(0), uint16(0)]);
    case 6:
      return Buffer.concat([
        uint16(draw.pick([0xffff, 16_384, 16_385, last.length * 8 - 7])),
        r,
        writeIntegers([last]),
      ]);
    default: {
      const twin = P256_ORDER - BigInt(`0x${Buffer.from(last).toString('hex')}`);
      return twin > 0n ? writeIntegers([r, toBytes(twin)]) : Buffer.from(value);
    }
  }
}

function takeApart(body: Uint8Array): Parts | undefined {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
  const version = bytes[0] ?? 0;
  if (bytes.length < 12 || (version !== 4 && version !== 6)) return undefined;
  const octets = version === 6 ? 4 : 2;
  const hashedStart = 4 + octets;
  const hashedEnd = hashedStart + bytes.readUIntBE(4, octets);
  if (hashedEnd + octets + 2 > bytes.length) return undefined;
  const unhashedEnd = hashedEnd + octets + bytes.readUIntBE(hashedEnd, octets);
  const saltStart = unhashedEnd + 3;
  if (saltStart > bytes.length) return undefined;
  const saltEnd = saltStart + (bytes[unhashedEnd + 2] ?? 0);
  return {
    version,
    type: bytes[1] ?? 0,
    key: bytes[2] ?? 0,
    hash: bytes[3] ?? 0,
    hashed: splitArea(bytes.subarray(hashedStart, hashedEnd)),
    unhashed: splitArea(bytes.subarray(hashedEnd + octets, unhashedEnd)),
    hashTag: bytes.subarray(unhashedEnd, unhashedEnd + 2),
    salt: version === 6 ? bytes.subarray(saltStart, saltEnd) : new Uint8Array(),
    value: bytes.subarray(version === 6 ? saltEnd : unhashedEnd + 2),
  };
}

/** Subpackets with their lengths, which the seeds all have in one octet. */
function splitArea(area: Buffer): readonly Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let at = 0; at < area.length;) {
    const end = at + 1 + (area[at] ?? 0);
    found.push(area.subarray(at, end));
    at = end;
  }
  return found;
}

function putTogether({ version, type, key, hash, hashed, unhashed, hashTag, salt, value }: Parts): Buffer {
  const [protectedArea, area] = [Buffer.concat(hashed), Buffer.concat(unhashed)];
  const isSix = version === 6;
  const length = (bytes: Buffer): Buffer => (isSix ? uint32(bytes.length) : uint16(bytes.length & 0xffff));
  const head = Buffer.from([version, type, key, hash]);
  const salted = isSix ? [Buffer.from([salt.length & 0xff]), salt] : [];
  return Buffer.concat([head, length(protectedArea), protectedArea, length(area), area, hashTag, ...salted, value]);
}

function readIntegers(value: Uint8Array): readonly Uint8Array[] {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.length);
  const found: Uint8Array[] = [];
  for (let at = 0; at + 2 <= bytes.length;) {
    const end = at + 2 + Math.ceil(bytes.readUInt16BE(at) / 8);
    if (end > bytes.length) return [];
    found.push(bytes.subarray(at + 2, end));
    at = end;
  }
  return found;
}

function writeIntegers(integers: readonly Uint8Array[]): Buffer {
  return Buffer.concat(integers.map((integer) => mpi(integer)));
}

function toBytes(integer: bigint): Buffer {
  const hex = integer.toString(16);
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
}
