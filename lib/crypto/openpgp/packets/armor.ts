import { ConfigurationError } from '../../../base/errors/configuration-error.ts';

const BEGIN = '-----BEGIN PGP ';
const BEGIN_KEY = '-----BEGIN PGP PUBLIC KEY BLOCK-----';
const END_KEY = '-----END PGP PUBLIC KEY BLOCK-----';
const BASE64_LINE = /^[A-Za-z0-9+/]*={0,2}$/;
const CHECKSUM_LINE = /^=[A-Za-z0-9+/]{4}$/;

/**
 * Decodes every armored public key block of a key file (RFC 9580 section 6). Text around blocks is skipped and CRLF
 * taken; a checksum may be missing but not wrong, and a block of any other type is an error: this file is for keys.
 *
 * @throws ConfigurationError `KeyUnreadable`
 */
export function decodeArmoredKeys(text: string): readonly Uint8Array[] {
  const lines = text.split('\n').map((line) => line.trim());
  const blocks: Uint8Array[] = [];
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? '';
    if (!line.startsWith(BEGIN)) continue;
    if (line !== BEGIN_KEY) throw unreadable(`${JSON.stringify(line)} does not start a public key`);
    const end = lines.findIndex((candidate, position) => position > index && candidate.startsWith('-----END'));
    // Some real files have a stray character after the end line.
    if (end < 0 || !(lines[end] ?? '').startsWith(END_KEY)) throw unreadable('an armored key has no end line');
    blocks.push(decodeBlock(lines.slice(index + 1, end)));
    index = end;
  }
  return blocks;
}

function decodeBlock(lines: readonly string[]): Uint8Array {
  const blank = lines.indexOf('');
  const body = lines.slice(blank + 1).filter((line) => line !== '');
  const checksum = CHECKSUM_LINE.test(body.at(-1) ?? '') ? body.at(-1) : undefined;
  const base64 = (checksum === undefined ? body : body.slice(0, -1)).join('');
  if (base64 === '') throw unreadable('an armored key is empty');
  if (!BASE64_LINE.test(base64) || base64.length % 4 !== 0) throw unreadable('an armored key is not base64');
  const bytes = Buffer.from(base64, 'base64');
  if (checksum !== undefined && Buffer.from(checksum.slice(1), 'base64').readUIntBE(0, 3) !== crc24(bytes)) {
    throw unreadable('the checksum of an armored key is wrong');
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

function unreadable(reason: string): ConfigurationError {
  return new ConfigurationError('KeyUnreadable', reason);
}
