import { StoreError } from '../../base/errors/store-error.ts';

/** One challenge of `WWW-Authenticate` (RFC 9110, section 11.6.1). Scheme and parameter names are in lower case. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const SCHEME = new RegExp(TOKEN, 'y');
const SPACES = / +/y;
const SEPARATORS = /[ \t]*(?:,[ \t]*)*/y;
const LIST_END = /[ \t]*(?:,|$)/y;
/** Only with nothing but a separator after it; else `realm="x"` would begin with one. */
const TOKEN68 = /[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))/y;
const PARAMETER = new RegExp(
  `(${TOKEN})[ \\t]*=[ \\t]*(?:"((?:[\\t !#-\\[\\]-~\\x80-\\xff]|\\\\[\\t -~\\x80-\\xff])*)"|(${TOKEN}))`,
  'y',
);

/**
 * All challenges in a header's value. Several header lines are joined by commas. If one does not follow the grammar or has a
 * parameter twice, all are refused. @throws StoreError `ChallengeInvalid`, without the text.
 */
export function parseChallenges(text: string): readonly Challenge[] {
  const challenges: Challenge[] = [];
  const cursor = { text, at: 0 };
  take(cursor, SEPARATORS);
  while (cursor.at < text.length) {
    const scheme = take(cursor, SCHEME)?.[0];
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
  if (isNext(cursor, LIST_END)) {
    take(cursor, SEPARATORS);
    return parameters;
  }
  if (take(cursor, SPACES) === undefined) throw malformed(cursor);
  if (take(cursor, TOKEN68) !== undefined) {
    take(cursor, SEPARATORS);
    return parameters;
  }
  // The first item must be a parameter. After it, an item that is no parameter starts the next challenge.
  if (!isNext(cursor, PARAMETER)) throw malformed(cursor);
  for (let match = take(cursor, PARAMETER); match !== undefined; match = take(cursor, PARAMETER)) {
    const [, name = '', quoted, token = ''] = match;
    const key = name.toLowerCase();
    if (parameters.has(key) || !isNext(cursor, LIST_END)) throw malformed(cursor);
    parameters.set(key, quoted?.replaceAll(/\\(.)/g, '$1') ?? token);
    take(cursor, SEPARATORS);
  }
  return parameters;
}

function take(cursor: Cursor, pattern: RegExp): RegExpExecArray | undefined {
  pattern.lastIndex = cursor.at;
  const match = pattern.exec(cursor.text);
  if (match === null) return undefined;
  cursor.at = pattern.lastIndex;
  return match;
}

function isNext({ text, at }: Cursor, pattern: RegExp): boolean {
  pattern.lastIndex = at;
  return pattern.test(text);
}

function malformed({ at }: Cursor): StoreError {
  return new StoreError('ChallengeInvalid', `the WWW-Authenticate header cannot be read at character ${at}`);
}
