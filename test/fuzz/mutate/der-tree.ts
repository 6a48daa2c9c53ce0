import type { Draw } from '../draw.ts';
import { mutateBytes } from './bytes.ts';

/** A DER value taken apart; what is in octet and bit strings is taken apart where it is DER too. */
interface Der {
  readonly tag: number;
  readonly content: Uint8Array | readonly Der[];
  /** Octets in front of what was taken apart inside: the unused bits of a bit string. */
  readonly prefix: Uint8Array;
}

const TAGS = [
  0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x0c, 0x13, 0x16, 0x17, 0x18, 0x1e, 0x30, 0x31, 0x80, 0x81, 0x82, 0x86,
  0xa0, 0xa3, 0x1f, 0x00,
];
const [BIT_STRING, OCTET_STRING, NULL] = [0x03, 0x04, 0x05];
const IS_CONSTRUCTED = 0x20;
const NOTHING = new Uint8Array();
const MAX_DEPTH = 32;

/** A copy of DER with one value changed; bytes that are not DER are changed as bytes. */
export function mutateDer(draw: Draw, bytes: Uint8Array, others: readonly Uint8Array[]): Buffer {
  const tree = readAll(bytes, 0);
  if (tree === undefined || draw.once(6)) return mutateBytes(draw, bytes, others);
  const foreign = readAll(draw.pick(others.length === 0 ? [bytes] : others), 0) ?? tree;
  const target = draw.below(count(tree));
  let at = 0;
  const visit = (value: Der): readonly Der[] => {
    if (at++ === target) return editValue(draw, value, foreign);
    return at > target || !isTree(value.content) ? [value] : [{ ...value, content: value.content.flatMap(visit) }];
  };
  return write(tree.flatMap(visit), draw.once(12) ? draw : undefined);
}

function editValue(draw: Draw, value: Der, foreign: readonly Der[]): readonly Der[] {
  const { content } = value;
  switch (draw.below(10)) {
    case 0:
      return [];
    case 1:
      return [value, value];
    case 2:
      return [{ ...value, tag: draw.pick(TAGS) }];
    case 3:
      return [pick(draw, foreign)];
    case 4:
      return [value, pick(draw, foreign)];
    case 5:
      return [isTree(content) ? { ...value, content: content.toReversed() } : { ...value, content: NOTHING }];
    case 6:
      return [{ tag: NULL, content: NOTHING, prefix: NOTHING }, value];
    case 7:
      return [{ tag: draw.pick(TAGS), content: [value], prefix: NOTHING }];
    default:
      return [
        isTree(content)
          ? { ...value, content: content.toSpliced(draw.below(content.length + 1), 0, pick(draw, foreign)) }
          : { ...value, content: mutateBytes(draw, content, []) },
      ];
  }
}

function pick(draw: Draw, values: readonly Der[]): Der {
  const value = draw.pick(values);
  return isTree(value.content) && value.content.length > 0 && !draw.once(4) ? pick(draw, value.content) : value;
}

function isTree(content: Der['content']): content is readonly Der[] {
  return Array.isArray(content);
}

function count(values: readonly Der[]): number {
  return values.reduce((sum, { content }) => sum + 1 + (isTree(content) ? count(content) : 0), 0);
}

/** Undefined for bytes that are not DER values, one after the other. */
function readAll(bytes: Uint8Array, depth: number): readonly Der[] | undefined {
  const values: Der[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = bytes[at] ?? 0;
    const first = bytes[at + 1] ?? 0;
    const octets = first < 0x80 ? 0 : first & 0x7f;
    if (octets > 3 || (tag & 0x1f) === 0x1f) return undefined;
    const start = at + 2 + octets;
    if (start > bytes.length) return undefined;
    const length = octets === 0 ? first : Buffer.from(bytes.subarray(at + 2, start)).readUIntBE(0, octets);
    if (start + length > bytes.length) return undefined;
    values.push(readContent(tag, bytes.subarray(start, start + length), depth));
    at = start + length;
  }
  return values.length === 0 ? undefined : values;
}

function readContent(tag: number, content: Uint8Array, depth: number): Der {
  const isString = tag === OCTET_STRING || tag === BIT_STRING;
  if (depth === MAX_DEPTH || ((tag & IS_CONSTRUCTED) === 0 && !isString)) return { tag, content, prefix: NOTHING };
  const prefix = tag === BIT_STRING ? content.subarray(0, 1) : NOTHING;
  const inner = readAll(content.subarray(prefix.length), depth + 1);
  return inner === undefined ? { tag, content, prefix: NOTHING } : { tag, content: inner, prefix };
}

/** `odd`: lengths are sometimes not in their shortest form, or wrong. */
function write(values: readonly Der[], odd: Draw | undefined): Buffer {
  return Buffer.concat(
    values.flatMap(({ tag, content, prefix }) => {
      const inner = Buffer.concat([prefix, isTree(content) ? write(content, odd) : content]);
      return [Buffer.from([tag]), writeLength(inner.length, odd), inner];
    }),
  );
}

function writeLength(length: number, odd: Draw | undefined): Buffer {
  if (odd?.once(8) === true) {
    return odd.pick([
      Buffer.from([0x80]),
      Buffer.from([0x82, length >>> 8, length & 0xff]),
      Buffer.from([0x84, 0xff, 0xff, 0xff, 0xff]),
      Buffer.from([(length + 1) & 0x7f]),
      Buffer.from([0x88, 0, 0, 0, 0, 0, 0, length >>> 8, length & 0xff]),
    ]);
  }
  if (length < 0x80) return Buffer.from([length]);
  return length < 0x100 ? Buffer.from([0x81, length]) : Buffer.from([0x82, (length >>> 8) & 0xff, length & 0xff]);
}
