import { StoreError } from '../../base/errors/store-error.ts';

/** One challenge of `WWW-Authenticate` (RFC 9110, section 11.6.1). Scheme and parameter names are in lower case. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const SPACES = / +/y;
const BLANKS = /[ \t]*/y;
const SEPARATORS = /[ \t,]*/y;
/** Only with nothing but a separator after it; else `realm="x"` would begin with one. */
const TOKEN68 = /[A-Za-z0-9._~+/-]+=*/y;
const QUOTED_TEXT = /^[\t !#-[\]-~\x80-\xff]$/;
const QUOTED_PAIR = /^[\t -~\x80-\xff]$/;

/**
 * All challenges in a header's value. Several header lines are joined by commas. If one does not follow the grammar or has a
 * parameter twice, all are refused. @throws StoreError `ChallengeInvalid`, without the text.
 */
export function parseChallenges(text: string): readonly Challenge[] {
  const challenges: Challenge[] = [];
  const cursor = { text, at: 0 };
  take(cursor, SEPARATORS);
  while (cursor.at < text.length) {
    const scheme = take(cursor, TOKEN);
    if (scheme === undefined) throw malformed(cursor);
    challenges.push({ scheme: scheme.toLowerCase(), parameters: takeParameters(cursor) });
  }
  if (challenges.length === 0) throw malformed(cursor);
  return challenges;
}

interface Cursor {
  readonly text: string;
  at: number;
}

function takeParameters(cursor: Cursor): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  if (isListEnd(cursor)) {
    take(cursor, SEPARATORS);
    return parameters;
  }
  if (take(cursor, SPACES) === undefined) throw malformed(cursor);
  const start = cursor.at;
  if (take(cursor, TOKEN68) !== undefined && isListEnd(cursor)) {
    take(cursor, SEPARATORS);
    return parameters;
  }
  cursor.at = start;
  // The first item must be a parameter. After it, an item that is no parameter starts the next challenge.
  let parameter = takeParameter(cursor);
  if (parameter === undefined) throw malformed(cursor);
  for (; parameter !== undefined; parameter = takeParameter(cursor)) {
    if (parameters.has(parameter.name) || !isListEnd(cursor)) throw malformed(cursor);
    parameters.set(parameter.name, parameter.value);
    take(cursor, SEPARATORS);
  }
  return parameters;
}

/** `name=token` or `name="text"`; undefined, with the cursor where it was, for anything else. */
function takeParameter(cursor: Cursor): { readonly name: string; readonly value: string } | undefined {
  const start = cursor.at;
  const name = take(cursor, TOKEN);
  take(cursor, BLANKS);
  const isAssigned = name !== undefined && cursor.text[cursor.at] === '=';
  if (isAssigned) cursor.at++;
  take(cursor, BLANKS);
  const value = isAssigned ? (takeQuoted(cursor) ?? take(cursor, TOKEN)) : undefined;
  if (name !== undefined && value !== undefined) return { name: name.toLowerCase(), value };
  cursor.at = start;
  return undefined;
}

/** A quoted string without its quotes and escapes. A loop, so that one without an end is read once. */
function takeQuoted(cursor: Cursor): string | undefined {
  const { text } = cursor;
  if (text[cursor.at] !== '"') return undefined;
  let value = '';
  for (let at = cursor.at + 1; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '"') {
      cursor.at = at + 1;
      return value;
    }
    const isEscape = character === '\\';
    const taken = isEscape ? text.charAt(++at) : character;
    if (!(isEscape ? QUOTED_PAIR : QUOTED_TEXT).test(taken)) return undefined;
    value += taken;
  }
  return undefined;
}

function take(cursor: Cursor, pattern: RegExp): string | undefined {
  pattern.lastIndex = cursor.at;
  const [taken] = pattern.exec(cursor.text) ?? [];
  if (taken !== undefined) cursor.at = pattern.lastIndex;
  return taken;
}

/** Whether a comma or the end follows, with blanks in front of it. */
function isListEnd({ text, at }: Cursor): boolean {
  const cursor = { text, at };
  take(cursor, BLANKS);
  return cursor.at === text.length || text[cursor.at] === ',';
}

function malformed({ at }: Cursor): StoreError {
  return new StoreError('ChallengeInvalid', `the WWW-Authenticate header cannot be read at character ${at}`);
}
