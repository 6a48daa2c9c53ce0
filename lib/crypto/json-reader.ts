import { decodeUtf8, tryDecodeBase64 } from '../base/documents/decode.ts';
import { JsonNumber, type RawJsonValue } from '../base/documents/json-value.ts';
import { parseStrictJsonWithRawNumbers, StrictJsonError } from '../base/documents/parse-strict-json.ts';
import { SignatureError, type SignatureErrorCode } from '../base/errors/signature-error.ts';

export type Members = Readonly<Record<string, RawJsonValue>>;

/** Reads one kind of strict JSON; anything unexpected is a SignatureError with the reader's code. */
export interface JsonReader {
  /** @param ignored a member of the whole: nothing reads what its members hold, and a name may occur twice in there */
  readonly parse: (content: Uint8Array | string, ignored?: string) => RawJsonValue;
  /** An object with own members only; `known`: the only members allowed; undefined: any. */
  readonly members: (name: string, value: RawJsonValue | undefined, known: readonly string[] | undefined) => Members;
  readonly list: (name: string, value: RawJsonValue | undefined) => readonly RawJsonValue[];
  readonly text: (name: string, value: RawJsonValue | undefined) => string;
  /** Bytes in base64. */
  readonly bytes: (name: string, value: RawJsonValue | undefined) => Buffer;
  /** Plain digits that a double holds exactly. */
  readonly integer: (name: string, value: RawJsonValue | undefined) => number;
  readonly invalid: (fault: string, cause?: unknown) => SignatureError;
}

const PLAIN_INTEGER = /^-?(?:0|[1-9][0-9]*)$/;

/**
 * @param what begins the sentence of every error
 * @param invalidUtf8 `replace` reads bytes that are no characters as Go's `encoding/json` does
 */
export function createJsonReader(
  what: string,
  code: SignatureErrorCode,
  invalidUtf8: 'refuse' | 'replace' = 'refuse',
): JsonReader {
  const invalid = (fault: string, cause?: unknown): SignatureError =>
    new SignatureError(code, `${what} cannot be used: ${fault}`, cause === undefined ? {} : { cause });
  const toText = (content: Uint8Array | string): string => {
    if (typeof content === 'string') return content;
    return invalidUtf8 === 'replace' ? decodeReplacing(content) : decode(content, invalid);
  };
  const present = (name: string, value: RawJsonValue | undefined): RawJsonValue => {
    if (value === undefined) throw invalid(`${name} is missing`);
    return value;
  };
  const text = (name: string, value: RawJsonValue | undefined): string => {
    const found = present(name, value);
    if (typeof found !== 'string') throw invalid(`${name} is not a string`);
    return found.toWellFormed();
  };
  return {
    invalid,
    text,
    parse(content, ignored) {
      try {
        return parseStrictJsonWithRawNumbers(toText(content), ignored);
      } catch (cause) {
        if (cause instanceof StrictJsonError) throw invalid(`it is not strict JSON: ${cause.message}`, cause);
        throw cause;
      }
    },
    members(name, value, known) {
      const found = present(name, value);
      if (typeof found !== 'object' || found === null || Array.isArray(found) || found instanceof JsonNumber) {
        throw invalid(`${name} is not an object`);
      }
      const unknown = Object.keys(found).find((member) => known !== undefined && !known.includes(member));
      if (unknown !== undefined) throw invalid(`${name} has an unknown member ${JSON.stringify(unknown)}`);
      return found;
    },
    list(name, value) {
      const found = present(name, value);
      if (!Array.isArray(found)) throw invalid(`${name} is not a list`);
      return found;
    },
    bytes(name, value) {
      const bytes = tryDecodeBase64(text(name, value));
      if (bytes === undefined) throw invalid(`${name} is not base64`);
      return bytes;
    },
    integer(name, value) {
      const found = present(name, value);
      if (!(found instanceof JsonNumber) || !PLAIN_INTEGER.test(found.raw)) throw invalid(`${name} is not an integer`);
      const integer = Number(found.raw);
      if (!Number.isSafeInteger(integer)) throw invalid(`${name} is out of range`);
      return integer;
    },
  };
}

function decode(content: Uint8Array, invalid: JsonReader['invalid']): string {
  try {
    return decodeUtf8(content);
  } catch (cause) {
    throw invalid('it is not UTF-8', cause);
  }
}

const REPLACEMENT = '\uFFFD';

/**
 * Text of bytes as Go reads it: each byte that belongs to no character becomes U+FFFD. (A `TextDecoder` that is not
 * strict makes one of several.) Readers of signatures and policies in clusters do so, and what they read counts.
 */
export function decodeReplacing(bytes: Uint8Array): string {
  try {
    return decodeUtf8(bytes);
  } catch {
    return replaceInvalid(bytes);
  }
}

function replaceInvalid(bytes: Uint8Array): string {
  const parts: string[] = [];
  let start = 0;
  for (let at = 0; at < bytes.length;) {
    const length = toCharacterLength(bytes, at);
    if (length === 0) {
      parts.push(decodeUtf8(bytes.subarray(start, at)), REPLACEMENT);
      start = at + 1;
    }
    at += Math.max(length, 1);
  }
  parts.push(decodeUtf8(bytes.subarray(start)));
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
