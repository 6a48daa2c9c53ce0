import { decodeReplacing, tryDecodeBase64 } from '../base/documents/decode.ts';
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

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

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
    return UTF8.decode(content);
  } catch (cause) {
    throw invalid('it is not UTF-8', cause);
  }
}
