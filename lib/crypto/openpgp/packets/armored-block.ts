import { SignatureError } from '../../../base/errors/signature-error.ts';

/** What one armored block holds, and where it ends. */
export interface ArmoredBlock {
  readonly bytes: Uint8Array;
  /** Index of its end line. */
  readonly end: number;
}

export const BEGIN_ARMOR = '-----BEGIN PGP ';
const BASE64_LINE = /^[A-Za-z0-9+/]+={0,2}$/;
const CHECKSUM_LINE = /^=[A-Za-z0-9+/]{4}$/;
const HEADER_LINE = /^[A-Za-z][A-Za-z0-9-]*: /;

/**
 * Splits a text that may hold armor into lines without their ends. Spaces and tabs at the end of a line mean nothing
 * there (RFC 9580 section 6.2), and every octet stays one character.
 */
export function splitArmoredText(untrustedBytes: Uint8Array): readonly string[] {
  const text = Buffer.from(untrustedBytes.buffer, untrustedBytes.byteOffset, untrustedBytes.length).toString('latin1');
  return text.split('\n').map((line) => line.replace(/[ \t\r]+$/, ''));
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
    if (!HEADER_LINE.test(lines[index] ?? '')) throw malformed(index, 'this is no armor header');
  }
  return { bytes: decodeBody(lines.slice(blank + 1, end), blank + 1), end };
}

function decodeBody(lines: readonly string[], start: number): Uint8Array {
  const last = lines.at(-1) ?? '';
  const checksum = CHECKSUM_LINE.test(last) ? last : undefined;
  const body = checksum === undefined ? lines : lines.slice(0, -1);
  const wrong = body.findIndex((line) => !BASE64_LINE.test(line));
  if (wrong >= 0) throw malformed(start + wrong, 'this is not base64');
  const base64 = body.join('');
  if (base64 === '' || base64.length % 4 !== 0 || /=[^=]/.test(base64)) {
    throw malformed(start, 'the armor that starts here is cut short');
  }
  const bytes = Buffer.from(base64, 'base64');
  if (checksum !== undefined && Buffer.from(checksum.slice(1), 'base64').readUIntBE(0, 3) !== crc24(bytes)) {
    throw malformed(start + body.length, 'the checksum of the armor is wrong');
  }
  return bytes;
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

function malformed(index: number, message: string): SignatureError {
  return new SignatureError('SignatureMalformed', `line ${index + 1}: ${message}`);
}
