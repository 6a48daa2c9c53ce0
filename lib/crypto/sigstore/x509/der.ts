import { tryDecodeBase64 } from '../../../base/documents/decode.ts';
import { withoutTrailing } from '../../../base/names/store-url.ts';

/** One DER value: its identifier octet, its content, and both with the length. */
export interface DerValue {
  readonly tag: number;
  readonly content: Buffer;
  readonly encoded: Buffer;
}

/** Identifier octets (X.690); context-specific ones are written as numbers where they are read. */
export const DerTag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Bytes that are not DER. Callers turn it into a SignatureError or a ConfigurationError. */
export class DerError extends Error {
  override readonly name = 'DerError';
}

/** Exactly one value and nothing after it. @throws DerError */
export function readDer(bytes: Buffer): DerValue {
  const value = readAt(bytes, 0);
  if (value.encoded.length !== bytes.length) throw new DerError('bytes follow a value');
  return value;
}

/** True when the bytes are one DER value and nothing else. */
export function isSingleDer(bytes: Buffer): boolean {
  try {
    readDer(bytes);
    return true;
  } catch {
    return false;
  }
}

/** The content of a value that has to have this tag. @throws DerError */
export function expectDer(value: DerValue | undefined, tag: number): Buffer {
  if (value?.tag !== tag) throw new DerError(`expected the tag ${tag}, found ${value?.tag ?? 'nothing'}`);
  return value.content;
}

/** The values in a sequence, or in any other content that holds one after the other. @throws DerError */
export function readDerValues(content: Buffer): readonly DerValue[] {
  const values: DerValue[] = [];
  for (let at = 0; at < content.length;) {
    const value = readAt(content, at);
    values.push(value);
    at += value.encoded.length;
  }
  return values;
}

/** As Go's readers have it, on every platform. */
const MAX_ARC = 2 ** 31 - 1;

/** The dotted form of an object identifier's content. @throws DerError */
export function toDottedOid(content: Buffer): string {
  const arcs: number[] = [];
  let arc = 0;
  let isInside = false;
  for (const octet of content) {
    if (!isInside && octet === 0x80) throw new DerError('an arc of an object identifier is not in its shortest form');
    arc = arc * 128 + (octet & 0x7f);
    if (arc > MAX_ARC) throw new DerError('an arc of an object identifier is too large');
    isInside = (octet & 0x80) !== 0;
    if (isInside) continue;
    arcs.push(arc);
    arc = 0;
  }
  const [first, ...others] = arcs;
  if (isInside || first === undefined) throw new DerError('an object identifier is cut short');
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - root * 40, ...others].join('.');
}

/** A non-negative integer of up to four octets. @throws DerError */
export function toSmallInteger(content: Buffer): number {
  requireNatural(content);
  if (content.length > 5) throw new DerError('an integer is too large');
  return content.readUIntBE(0, content.length);
}

/** The content of an integer of any size that is not negative. @throws DerError */
export function requireNatural(content: Buffer): void {
  const isPadded = content.length > 1 && content[0] === 0 && ((content[1] ?? 0) & 0x80) === 0;
  if (content.length === 0 || isPadded || ((content[0] ?? 0) & 0x80) !== 0) {
    throw new DerError('an integer is negative or not in its shortest form');
  }
}

/** Bits of a bit string: its octets, and how many of the last one are no part of it. */
interface DerBits {
  readonly unused: number;
  readonly octets: Buffer;
}

/** The content of a bit string. @throws DerError */
export function readBits(content: Buffer): DerBits {
  const unused = content[0];
  const last = content.at(-1) ?? 0;
  const isEmpty = content.length === 1;
  if (unused === undefined || unused > 7 || (isEmpty && unused > 0)) throw new DerError('a bit string is not readable');
  if (!isEmpty && (last & ((1 << unused) - 1)) !== 0) throw new DerError('unused bits of a bit string are set');
  return { unused, octets: content.subarray(1) };
}

/** @throws DerError for anything but 00 and FF */
export function toBoolean(content: Buffer): boolean {
  if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff))
    throw new DerError('a boolean is neither true nor false');
  return content[0] === 0xff;
}

function readAt(bytes: Buffer, start: number): DerValue {
  const tag = bytes[start];
  const first = bytes[start + 1];
  if (tag === undefined || first === undefined) throw new DerError('a value is cut short');
  if ((tag & 0x1f) === 0x1f) throw new DerError('tags of several octets are not read');
  const { length, next } = first < 0x80 ? { length: first, next: start + 2 } : readLength(bytes, start + 1);
  const end = next + length;
  if (end > bytes.length) throw new DerError('a value is cut short');
  return { tag, content: bytes.subarray(next, end), encoded: bytes.subarray(start, end) };
}

/** The long form: one to four octets, no shorter form possible. */
function readLength(bytes: Buffer, at: number): { length: number; next: number } {
  const octets = (bytes[at] ?? 0) & 0x7f;
  if (octets === 0 || octets > 4) throw new DerError('a length is indefinite or has more than four octets');
  if (at + 1 + octets > bytes.length) throw new DerError('a length is cut short');
  const length = bytes.readUIntBE(at + 1, octets);
  if (length < 0x80 || bytes[at + 1] === 0) throw new DerError('a length is not in its shortest form');
  return { length, next: at + 1 + octets };
}

interface PemBlock {
  readonly label: string;
  readonly der: Buffer;
}

/** The blocks of a text, and all of it that is in none: a broken block is in `rest`. */
interface PemText {
  readonly blocks: readonly PemBlock[];
  readonly rest: string;
}

const BEGIN = '-----BEGIN ';
const DASHES = '-----';
const LABEL = /^[A-Z0-9 ]+$/;
/** The white space that Go's `encoding/pem` passes over; a vertical tab or a form feed ends the block. */
const BODY = /^[A-Za-z0-9+/= \t\r]*$/;
const BLANKS = /[ \t\r]/g;
const LINE_ENDS = ' \t';

/**
 * Splits RFC 7468 text; blocks with headers (RFC 1421) are not read. Each line is visited twice at most: the search for
 * the end of a block stops at the first line that cannot be in one, which every first line of another is.
 */
export function splitPem(text: string): PemText {
  const lines = text.split(/\r?\n/);
  const blocks: PemBlock[] = [];
  const rest: string[] = [];
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? '';
    const block = line.startsWith(BEGIN) ? readBlock(lines, index) : undefined;
    if (block === undefined) {
      rest.push(line);
      continue;
    }
    blocks.push(block);
    rest.push('');
    index = block.end;
  }
  return { blocks, rest: rest.join('\n') };
}

/** The one block of a text that holds nothing else; undefined otherwise. */
export function trySinglePem(text: string): PemBlock | undefined {
  const { blocks, rest } = splitPem(text);
  return blocks.length === 1 && rest.trim() === '' ? blocks[0] : undefined;
}

/** The block that starts on a line, and where it ends; undefined for what is no block. */
function readBlock(lines: readonly string[], start: number): (PemBlock & { readonly end: number }) | undefined {
  const first = withoutTrailing(lines[start] ?? '', LINE_ENDS);
  const label = first.slice(BEGIN.length, -DASHES.length);
  if (!first.endsWith(DASHES) || !LABEL.test(label)) return undefined;
  let end = start + 1;
  while (BODY.test(lines[end] ?? DASHES)) end++;
  if (withoutTrailing(lines[end] ?? '', LINE_ENDS) !== `-----END ${label}-----`) return undefined;
  const der = tryDecodeBase64(
    lines
      .slice(start + 1, end)
      .join('')
      .replaceAll(BLANKS, ''),
  );
  return der === undefined ? undefined : { label, der, end };
}
