import { SignatureError } from '../errors/signature-error.ts';

/**
 * Standard base64 with its padding and no stray bits; line breaks are skipped, as peers do.
 *
 * @throws SignatureError `SignatureMalformed`, naming `what`
 */
export function decodeBase64(text: string, what: string): Buffer {
  const bytes = tryDecodeBase64(text);
  if (bytes === undefined) throw new SignatureError('SignatureMalformed', `${what} is not base64`);
  return bytes;
}

/** As {@link decodeBase64}; undefined when it is not base64. */
export function tryDecodeBase64(text: string): Buffer | undefined {
  const bare = text.replaceAll('\r', '').replaceAll('\n', '');
  const bytes = Buffer.from(bare, 'base64');
  // Node skips what it does not know; only a text that comes back the same was base64.
  return bytes.toString('base64') === bare ? bytes : undefined;
}

const STRICT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const REPLACEMENT = '\uFFFD';

/**
 * Text of bytes as Go reads it: each byte that belongs to no character becomes U+FFFD. (A `TextDecoder` that is not
 * strict makes one of several.) Readers of signatures and policies in clusters do so, and what they read counts.
 */
export function decodeReplacing(bytes: Uint8Array): string {
  try {
    return STRICT.decode(bytes);
  } catch {
    return replaceInvalid(bytes);
  }
}

function replaceInvalid(bytes: Uint8Array): string {
  const parts: string[] = [];
  let start = 0;
  for (let at = 0; at < bytes.length; ) {
    const length = toCharacterLength(bytes, at);
    if (length === 0) {
      parts.push(STRICT.decode(bytes.subarray(start, at)), REPLACEMENT);
      start = at + 1;
    }
    at += Math.max(length, 1);
  }
  parts.push(STRICT.decode(bytes.subarray(start)));
  return parts.join('');
}

/** First bytes of characters, with their length and the range of the second byte (RFC 3629 section 4). */
const CHARACTERS = [
  { first: [0x00, 0x7f], length: 1, second: [0x00, 0xff] },
  { first: [0xc2, 0xdf], length: 2, second: [0x80, 0xbf] },
  { first: [0xe0, 0xe0], length: 3, second: [0xa0, 0xbf] },
  { first: [0xe1, 0xec], length: 3, second: [0x80, 0xbf] },
  { first: [0xed, 0xed], length: 3, second: [0x80, 0x9f] },
  { first: [0xee, 0xef], length: 3, second: [0x80, 0xbf] },
  { first: [0xf0, 0xf0], length: 4, second: [0x90, 0xbf] },
  { first: [0xf1, 0xf3], length: 4, second: [0x80, 0xbf] },
  { first: [0xf4, 0xf4], length: 4, second: [0x80, 0x8f] },
] as const;

/** Bytes of the character at an offset; 0 where none begins or it is cut short. */
function toCharacterLength(bytes: Uint8Array, at: number): number {
  const found = CHARACTERS.find(({ first }) => isWithin(bytes[at], first));
  if (found === undefined) return 0;
  const isWhole = Array.from({ length: found.length - 1 }, (_, index) => index + 1).every((index) =>
    isWithin(bytes[at + index], index === 1 ? found.second : CONTINUATION),
  );
  return isWhole ? found.length : 0;
}

const CONTINUATION = [0x80, 0xbf] as const;

function isWithin(byte: number | undefined, [from, to]: readonly [number, number]): boolean {
  return byte !== undefined && byte >= from && byte <= to;
}
