import { ConfigurationError } from '../../../base/errors/configuration-error.ts';
import { SignatureError } from '../../../base/errors/signature-error.ts';
import { withoutTrailing } from '../../../base/names/store-url.ts';

/** The start of an armor's first line, without its type and the dashes after it. */
export const BEGIN_ARMOR = '-----BEGIN PGP ';
const BEGIN_KEY = `${BEGIN_ARMOR}PUBLIC KEY BLOCK-----`;
const END_KEY = '-----END PGP PUBLIC KEY BLOCK-----';
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const CHECKSUM_LINE = /^=[A-Za-z0-9+/]{4}$/;
const HEADER_LINE = /^[A-Za-z][A-Za-z0-9-]*: /;

/**
 * Decodes every armored public key block of a key file (RFC 9580 section 6). Text around blocks and CRLF are allowed; a
 * checksum may be missing but not wrong, and a block of any other type is an error: this file is for keys.
 *
 * @throws ConfigurationError `KeyUnreadable`
 */
export function decodeArmoredKeys(text: string): readonly Uint8Array[] {
  const lines = text.split('\n').map((line) => line.trim());
  const blocks: Uint8Array[] = [];
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? '';
    if (!line.startsWith(BEGIN_ARMOR)) continue;
    if (line !== BEGIN_KEY) throw unreadable(`${JSON.stringify(line)} does not start a public key`);
    const start = index + 1;
    while (index < lines.length && (index < start || !(lines[index] ?? '').startsWith('-----END'))) index++;
    // Some real files have a stray character after the end line.
    if (!(lines[index] ?? '').startsWith(END_KEY)) throw unreadable('an armored key has no end line');
    blocks.push(decodeKey(lines.slice(start, index)));
  }
  return blocks;
}

function decodeKey(lines: readonly string[]): Uint8Array {
  const { body, checksum } = splitChecksum(lines.slice(lines.indexOf('') + 1).filter((line) => line !== ''));
  const base64 = body.join('');
  if (base64 === '') throw unreadable('an armored key is empty');
  const bytes = tryDecodeRadix64(base64);
  if (bytes === undefined) throw unreadable('an armored key is not base64');
  if (!isChecksumOf(checksum, bytes)) throw unreadable('the checksum of an armored key is wrong');
  return bytes;
}

/** One armored block of a signed file, decoded, and where it ends. */
export interface ArmoredBlock {
  readonly bytes: Uint8Array;
  /** Index of its end line. */
  readonly end: number;
}

/**
 * Splits a text that may hold armor into lines without their ends. Spaces and tabs at the end of a line are no part of
 * it (RFC 9580 section 6.2), and every octet stays one character.
 */
export function splitArmoredText(untrustedBytes: Uint8Array): readonly string[] {
  const text = Buffer.from(untrustedBytes.buffer, untrustedBytes.byteOffset, untrustedBytes.length).toString('latin1');
  return text.split('\n').map((line) => withoutTrailing(line, ' \t\r'));
}

/** Whether a line starts armor of this type, such as `SIGNATURE`. */
export function startsArmor(line: string | undefined, type: string): boolean {
  return line === `${BEGIN_ARMOR}${type}-----`;
}

/**
 * Decodes the armored block whose first line is at `start` (RFC 9580 section 6). A checksum may be missing, not wrong.
 *
 * @throws SignatureError `SignatureMalformed`, with the line
 */
export function decodeArmoredBlock(lines: readonly string[], start: number): ArmoredBlock {
  const first = lines[start] ?? '';
  const endLine = `-----END PGP ${first.slice(BEGIN_ARMOR.length)}`;
  const end = lines.indexOf(endLine, start + 1);
  if (end < 0) throw malformed(start, `${JSON.stringify(endLine)} is missing for the armor that starts here`);
  const blank = lines.indexOf('', start + 1);
  if (blank < 0 || blank > end) throw malformed(start, 'no empty line ends the headers of the armor');
  for (let index = start + 1; index < blank; index++) {
    if (!HEADER_LINE.test(lines[index] ?? '')) throw malformed(index, 'not an armor header');
  }
  return { bytes: decodeBody(lines.slice(blank + 1, end), blank + 1), end };
}

function decodeBody(lines: readonly string[], start: number): Uint8Array {
  const { body, checksum } = splitChecksum(lines);
  const wrong = body.findIndex((line) => !BASE64.test(line));
  if (wrong >= 0) throw malformed(start + wrong, 'not base64');
  const bytes = tryDecodeRadix64(body.join(''));
  if (bytes === undefined) throw malformed(start, 'the armor that starts here is cut short');
  if (!isChecksumOf(checksum, bytes)) throw malformed(start + body.length, 'the checksum of the armor is wrong');
  return bytes;
}

function splitChecksum(lines: readonly string[]): { body: readonly string[]; checksum: string | undefined } {
  const last = lines.at(-1) ?? '';
  return CHECKSUM_LINE.test(last) ? { body: lines.slice(0, -1), checksum: last } : { body: lines, checksum: undefined };
}

/** Undefined for what is empty, cut short or not base64. */
function tryDecodeRadix64(base64: string): Uint8Array | undefined {
  return base64.length % 4 === 0 && BASE64.test(base64) ? Buffer.from(base64, 'base64') : undefined;
}

/** True also without a checksum: it may be left out. */
function isChecksumOf(checksum: string | undefined, bytes: Uint8Array): boolean {
  return checksum === undefined || Buffer.from(checksum.slice(1), 'base64').readUIntBE(0, 3) === crc24(bytes);
}

/** The armor's checksum (RFC 9580 section 6.1.1). */
function crc24(bytes: Uint8Array): number {
  let crc = 0xb704ce;
  for (const octet of bytes) {
    crc ^= octet << 16;
    for (let bit = 0; bit < 8; bit++) {
      crc <<= 1;
      if ((crc & 0x1000000) !== 0) crc ^= 0x1864cfb;
    }
  }
  return crc & 0xffffff;
}

function unreadable(reason: string): ConfigurationError {
  return new ConfigurationError('KeyUnreadable', reason);
}

function malformed(index: number, message: string): SignatureError {
  return new SignatureError('SignatureMalformed', `line ${index + 1}: ${message}`);
}
