import { tryDecodeBase64 } from '../../../base/documents/base64.ts';

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
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
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
  for (let at = 0; at < content.length; ) {
    const value = readAt(content, at);
    values.push(value);
    at += value.encoded.length;
  }
  return values;
}

/** The dotted form of an object identifier's content. @throws DerError */
export function toDottedOid(content: Buffer): string {
  const arcs: number[] = [];
  let arc = 0;
  let isInside = false;
  for (const octet of content) {
    if (!isInside && octet === 0x80) throw new DerError('an arc of an object identifier is not in its shortest form');
    arc = arc * 128 + (octet & 0x7f);
    if (!Number.isSafeInteger(arc)) throw new DerError('an arc of an object identifier is too large');
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

/** A small non-negative integer. @throws DerError */
export function toSmallInteger(content: Buffer): number {
  const isPadded = content.length > 1 && content[0] === 0 && ((content[1] ?? 0) & 0x80) === 0;
  if (content.length === 0 || content.length > 5 || isPadded || ((content[0] ?? 0) & 0x80) !== 0) {
    throw new DerError('an integer is negative, too large or not in its shortest form');
  }
  return content.readUIntBE(0, content.length);
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

const BLOCK = /^-----BEGIN ([A-Z0-9 ]+)-----[ \t]*\r?\n([A-Za-z0-9+/=\s]*)-----END \1-----[ \t]*\r?$/gm;

/** Splits RFC 7468 text; blocks with headers (RFC 1421) are not read. */
export function splitPem(text: string): PemText {
  const blocks: PemBlock[] = [];
  const rest = text.replaceAll(BLOCK, (whole, label: string, body: string) => {
    const der = tryDecodeBase64(body.replaceAll(/\s/g, ''));
    if (der === undefined) return whole;
    blocks.push({ label, der });
    return '';
  });
  return { blocks, rest };
}

/** The one block of a text that holds nothing else; undefined otherwise. */
export function trySinglePem(text: string): PemBlock | undefined {
  const { blocks, rest } = splitPem(text);
  return blocks.length === 1 && rest.trim() === '' ? blocks[0] : undefined;
}
