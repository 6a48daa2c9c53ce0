import { InputError } from '../errors/input-error.ts';

/** One value of a stream, with the line on which it starts, from 1. */
interface JsonPart {
  readonly text: string;
  readonly line: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LINE_FEED = 0x0a;
const OPENING = new Set([0x7b, 0x5b]);
const CLOSING = new Set([0x7d, 0x5d]);
const SPACE = new Set([0x20, 0x09, 0x0d, LINE_FEED]);

/**
 * Cuts objects and arrays that follow one another, so that each can be read by itself; what they hold is not judged.
 *
 * @throws InputError `FileUnreadable` with the line, for a value that does not end and for anything between values
 */
export function* splitJsonStream(file: string, text: string): Generator<JsonPart> {
  let line = 1;
  let depth = 0;
  let start = 0;
  let startLine = 1;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === LINE_FEED) line++;
    if (inString) {
      if (code === BACKSLASH) at++;
      else if (code === QUOTE) inString = false;
      continue;
    }
    if (depth === 0 && !OPENING.has(code)) {
      if (SPACE.has(code)) continue;
      throw new InputError('FileUnreadable', `${file}:${line}: expected an object`);
    }
    if (code === QUOTE) inString = true;
    else if (OPENING.has(code)) {
      if (depth++ === 0) {
        start = at;
        startLine = line;
      }
    } else if (CLOSING.has(code) && --depth === 0) {
      yield { text: text.slice(start, at + 1), line: startLine };
    }
  }
  if (depth > 0)
    throw new InputError('FileUnreadable', `${file}:${startLine}: the object that starts here does not end`);
}
