import { StrictJsonError } from './strict-json-error.ts';

/** A text and how far it has been read. */
export interface Cursor {
  readonly text: string;
  at: number;
}

const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

/** Skips RFC 8259 white space: space, tab, line feed, carriage return. Returns the code unit after it, NaN at the end. */
export function peekAfterSpace(cursor: Cursor): number {
  const { text } = cursor;
  let { at } = cursor;
  let unit = text.charCodeAt(at);
  while (unit === SPACE || unit === 0x0a || unit === 0x0d || unit === 0x09) unit = text.charCodeAt(++at);
  cursor.at = at;
  return unit;
}

/** Reads the string whose opening quote is at the cursor. */
export function scanString(cursor: Cursor): string {
  const { text, at: start } = cursor;
  let isEscaped = false;
  for (let at = start + 1; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) {
      cursor.at = at + 1;
      return isEscaped ? unescapeString(text.slice(start, at + 1), start) : text.slice(start + 1, at);
    }
    if (unit < SPACE) throw new StrictJsonError('grammar', 'a control character in a string', at);
    if (unit === BACKSLASH) {
      isEscaped = true;
      at++;
    }
  }
  throw new StrictJsonError('grammar', 'a string without an end', start);
}

/** Reads the number at the cursor and returns its literal text. */
export function scanNumber(cursor: Cursor): string {
  NUMBER.lastIndex = cursor.at;
  const raw = NUMBER.exec(cursor.text)?.[0];
  if (raw === undefined) throw unexpected(cursor);
  cursor.at += raw.length;
  return raw;
}

/** Reads `true`, `false` or `null` at the cursor. */
export function scanWord(cursor: Cursor): boolean | null {
  const { text, at } = cursor;
  for (const [word, value] of WORDS) {
    if (text.startsWith(word, at)) {
      cursor.at += word.length;
      return value;
    }
  }
  throw unexpected(cursor);
}

const WORDS = [
  ['true', true],
  ['false', false],
  ['null', null],
] as const;

export function unexpected({ text, at }: Cursor): StrictJsonError {
  const found = at < text.length ? `unexpected ${JSON.stringify(text[at])}` : 'unexpected end';
  return new StrictJsonError('grammar', found, at);
}

function unescapeString(literal: string, offset: number): string {
  try {
    return String(JSON.parse(literal));
  } catch {
    throw new StrictJsonError('grammar', 'a string with an invalid escape', offset);
  }
}
