import {
  type Cursor,
  peekAfterSpace,
  scanNumber,
  scanString,
  scanWord,
} from '../../../base/documents/parse-strict-json.ts';
import type { JsonPath } from '../policy-error.ts';

/** Line, from 1, of a place in a text. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** Where the member name or element at a path begins; the start of the text when there is none. */
export function findOffset(text: string, path: JsonPath): number {
  let found = 0;
  walkPlaces(text, (here, offset) => {
    // The length first: a path is compared in full at its own depth alone, however deep the text goes.
    if (here.length !== path.length || here.some((part, depth) => part !== path[depth])) return false;
    found = offset;
    return true;
  });
  return found;
}

/** The path of the member whose name begins at an offset, also when it is there a second time. */
export function findPath(text: string, memberOffset: number): JsonPath {
  let found: JsonPath = [];
  walkPlaces(text, (here, offset) => {
    if (offset < memberOffset) return false;
    if (offset === memberOffset) found = [...here];
    return true;
  });
  return found;
}

const COMMA = 0x2c;
const COLON = 0x3a;
const QUOTE = 0x22;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** A member that has no name yet; never a part of a path that is shown. */
const UNNAMED = -1;

/** Tells the path of each member name and element with its offset, until told to stop: up to there the text is JSON. */
function walkPlaces(text: string, stopsAt: (path: JsonPath, offset: number) => boolean): void {
  const cursor: Cursor = { text, at: 0 };
  // Live, not copied: a text may be nested as deep as the strict reader allows.
  const path: (string | number)[] = [];
  let isElementNext = false;
  for (let unit = peekAfterSpace(cursor); !Number.isNaN(unit); unit = peekAfterSpace(cursor)) {
    const offset = cursor.at;
    const last = path.at(-1);
    if (last === UNNAMED && unit === QUOTE) {
      path.splice(-1, 1, scanString(cursor));
      if (stopsAt(path, offset)) return;
      continue;
    }
    if (typeof last === 'number' && isElementNext && unit !== CLOSE_ARRAY && stopsAt(path, offset)) return;
    isElementNext = unit === OPEN_ARRAY || (unit === COMMA && typeof last === 'number');
    if (unit === COMMA) path.splice(-1, 1, typeof last === 'number' ? last + 1 : UNNAMED);
    if (unit === OPEN_OBJECT) path.push(UNNAMED);
    if (unit === OPEN_ARRAY) path.push(0);
    if (unit === CLOSE_OBJECT || unit === CLOSE_ARRAY) path.pop();
    skipToken(cursor, unit);
  }
}

function skipToken(cursor: Cursor, unit: number): void {
  switch (unit) {
    case COMMA:
    case COLON:
    case OPEN_ARRAY:
    case CLOSE_ARRAY:
    case OPEN_OBJECT:
    case CLOSE_OBJECT:
      cursor.at++;
      return;
    case QUOTE:
      scanString(cursor);
      return;
    case 0x74:
    case 0x66:
    case 0x6e:
      scanWord(cursor);
      return;
    default:
      scanNumber(cursor);
  }
}
