import { type Json, JsonNumber, type JsonValue, type RawJsonValue, setMember } from './json-value.ts';

/** Arrays and objects that may lie inside each other; the reader keeps its own stack, so none overflows. */
export const MAX_JSON_DEPTH = 10_000;

/**
 * Reads a text that bears trust: RFC 8259 exactly, one value and nothing after it, and no member twice in an object,
 * however its name is escaped. `__proto__` is a member like any other.
 *
 * @throws StrictJsonError
 */
export function parseStrictJson(text: string): JsonValue {
  return parse(text, Number);
}

/** As {@link parseStrictJson}, with numbers as written. What the members of `ignored` hold may repeat names. */
export function parseStrictJsonWithRawNumbers(text: string, ignored?: string): RawJsonValue {
  return parse(text, (raw) => new JsonNumber(raw), ignored);
}

type Members<N> = { [member: string]: Json<N> };
type Container<N> =
  | { readonly kind: 'array'; readonly value: Json<N>[] }
  | { readonly kind: 'object'; readonly value: Members<N>; readonly isIgnored: boolean; member: string };

const COMMA = 0x2c;
const COLON = 0x3a;
const QUOTE = 0x22;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

function parse<N>(text: string, toNumber: (raw: string) => N, ignored?: string): Json<N> {
  const cursor: Cursor = { text, at: 0 };
  const open: Container<N>[] = [];
  for (;;) {
    let value = readValue(cursor, open, toNumber, ignored);
    // A container was opened and is not empty: its first element comes next.
    if (value === undefined) continue;
    for (;;) {
      const container = open.at(-1);
      const next = peekAfterSpace(cursor);
      if (container === undefined) {
        if (cursor.at < text.length) throw unexpected(cursor);
        return value;
      }
      addElement(container, value);
      if (next === COMMA) {
        cursor.at++;
        if (container.kind === 'object') container.member = readMember(cursor, container.value, container.isIgnored);
        break;
      }
      if (next !== (container.kind === 'array' ? CLOSE_ARRAY : CLOSE_OBJECT)) throw unexpected(cursor);
      cursor.at++;
      open.pop();
      value = container.value;
    }
  }
}

function readValue<N>(
  cursor: Cursor,
  open: Container<N>[],
  toNumber: (raw: string) => N,
  ignored: string | undefined,
): Json<N> | undefined {
  const first = peekAfterSpace(cursor);
  if (first === QUOTE) return scanString(cursor);
  if (first === OPEN_OBJECT) {
    enter(cursor, open);
    const value: Members<N> = {};
    if (closes(cursor, CLOSE_OBJECT)) return value;
    const isIgnored = open.length > 1 && open[0]?.kind === 'object' && open[0].member === ignored;
    open.push({ kind: 'object', value, isIgnored, member: readMember(cursor, value, isIgnored) });
    return undefined;
  }
  if (first === OPEN_ARRAY) {
    enter(cursor, open);
    const value: Json<N>[] = [];
    if (closes(cursor, CLOSE_ARRAY)) return value;
    open.push({ kind: 'array', value });
    return undefined;
  }
  if (first === 0x74 || first === 0x66 || first === 0x6e) return scanWord(cursor);
  const { at } = cursor;
  const raw = scanNumber(cursor);
  if (!Number.isFinite(Number(raw))) throw new StrictJsonError('grammar', 'a number out of range', at);
  return toNumber(raw);
}

function enter<N>(cursor: Cursor, open: readonly Container<N>[]): void {
  if (open.length >= MAX_JSON_DEPTH) {
    throw new StrictJsonError('depth', `more than ${MAX_JSON_DEPTH} levels`, cursor.at);
  }
  cursor.at++;
}

function closes(cursor: Cursor, close: number): boolean {
  if (peekAfterSpace(cursor) !== close) return false;
  cursor.at++;
  return true;
}

function readMember<N>(cursor: Cursor, object: Members<N>, mayRepeat: boolean): string {
  if (peekAfterSpace(cursor) !== QUOTE) throw unexpected(cursor);
  const offset = cursor.at;
  const member = scanString(cursor);
  if (!mayRepeat && Object.hasOwn(object, member)) {
    throw new StrictJsonError('duplicate', `the member ${JSON.stringify(member)} a second time`, offset);
  }
  if (peekAfterSpace(cursor) !== COLON) throw unexpected(cursor);
  cursor.at++;
  return member;
}

function addElement<N>(container: Container<N>, value: Json<N>): void {
  if (container.kind === 'array') {
    container.value.push(value);
  } else {
    setMember(container.value, container.member, value);
  }
}

type StrictJsonFault = 'grammar' | 'duplicate' | 'depth';

/** A text that is not strict JSON. Callers convert it to an InputError, a ConfigurationError or a SignatureError. */
export class StrictJsonError extends Error {
  override readonly name = 'StrictJsonError';
  readonly fault: StrictJsonFault;
  /** Where, in UTF-16 code units from the start of the text. */
  readonly offset: number;

  constructor(fault: StrictJsonFault, reason: string, offset: number) {
    super(`${reason} at character ${offset}`);
    this.fault = fault;
    this.offset = offset;
  }
}

/** A text and how far it has been read. */
export interface Cursor {
  readonly text: string;
  at: number;
}

const SPACE = 0x20;
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

function unexpected({ text, at }: Cursor): StrictJsonError {
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
