import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JsonNumber } from '../../../lib/base/documents/json-value.ts';
import {
  MAX_JSON_DEPTH,
  parseStrictJson,
  parseStrictJsonWithRawNumbers,
  StrictJsonError,
} from '../../../lib/base/documents/parse-strict-json.ts';

function faultOf(text: string): { fault: string; offset: number } | 'accepted' {
  try {
    parseStrictJson(text);
    return 'accepted';
  } catch (error) {
    if (!(error instanceof StrictJsonError)) throw error;
    return { fault: error.fault, offset: error.offset };
  }
}

function outcomeOf(parse: (text: string) => unknown, text: string): unknown {
  try {
    return { value: parse(text) };
  } catch (error) {
    return error instanceof StrictJsonError && error.fault === 'duplicate' ? 'duplicate' : 'refused';
  }
}

const PIECES = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"a"',
  '"\\u0062"',
  '"\\ud800"',
  '"\\',
  '"',
  'true',
  'null',
  'fals',
  '\uFEFF',
  '0',
  '-',
  '1',
  '.5',
  'e+1',
  'E',
  ' ',
  '\t',
  '\n',
  '\r',
  '\f',
  '\u2028',
  '\0',
  '/',
  '\u00e9',
];

describe('what is refused', () => {
  test.each([
    ['the empty text', '', 'grammar', 0],
    ['white space alone', ' \n', 'grammar', 2],
    ['a byte order mark', '\uFEFF{}', 'grammar', 0],
    ['a comment', '{/**/}', 'grammar', 1],
    ['a trailing comma in an object', '{"a":1,}', 'grammar', 7],
    ['a trailing comma in an array', '[1,]', 'grammar', 3],
    ['text after the value', '{} {}', 'grammar', 3],
    ['a no-break space', '\u00A0{}', 'grammar', 0],
    ['a vertical tab', '\v{}', 'grammar', 0],
    ['single quotes', "{'a':1}", 'grammar', 1],
    ['a name without quotes', '{a:1}', 'grammar', 1],
    ['a member without a value', '{"a"}', 'grammar', 4],
    ['an array closed as an object', '[1}', 'grammar', 2],
    ['an object closed as an array', '{"a":1]', 'grammar', 6],
    ['an open array', '[[1]', 'grammar', 4],
    ['a string without an end', '["a', 'grammar', 1],
    ['a string that ends in a backslash', '"\\', 'grammar', 0],
    ['a control character in a string', '"\n"', 'grammar', 1],
    ['an unknown escape', '"\\x41"', 'grammar', 0],
    ['half an escape', '"\\u004"', 'grammar', 0],
    ['a leading zero', '01', 'grammar', 1],
    ['a plus sign', '+1', 'grammar', 0],
    ['a number without a fraction', '1.', 'grammar', 1],
    ['a number without an exponent', '1e', 'grammar', 1],
    ['a minus alone', '-', 'grammar', 0],
    ['a hexadecimal number', '0x10', 'grammar', 1],
    ['NaN', 'NaN', 'grammar', 0],
    ['Infinity', '[Infinity]', 'grammar', 1],
    ['other letter case', 'True', 'grammar', 0],
    ['letters after a word', 'nullx', 'grammar', 4],
    ['a duplicate member', '{"a":1,"a":1}', 'duplicate', 7],
    ['a duplicate member, escaped', '{"a":1,"\\u0061":2}', 'duplicate', 7],
    ['a duplicate member deep inside', '[{"b":{"a":1,"c":[],"a":2}}]', 'duplicate', 20],
    ['a duplicate __proto__', '{"__proto__":1,"__proto__":1}', 'duplicate', 15],
    ['a duplicate empty name', '{"":1,"":1}', 'duplicate', 6],
    [
      'one level too many',
      `${'['.repeat(MAX_JSON_DEPTH + 1)}${']'.repeat(MAX_JSON_DEPTH + 1)}`,
      'depth',
      MAX_JSON_DEPTH,
    ],
    ['a million levels', '[{"a":'.repeat(500_000), 'depth', (MAX_JSON_DEPTH / 2) * 6],
  ])('%s', (_name, text, fault, offset) => {
    expect(faultOf(text)).toEqual({ fault, offset });
  });
});

describe('what is read', () => {
  test('the deepest nesting that is allowed', () => {
    expect(faultOf('['.repeat(MAX_JSON_DEPTH) + ']'.repeat(MAX_JSON_DEPTH))).toBe('accepted');
  });

  test('the same name in different objects', () => {
    expect(parseStrictJson('{"a":{"a":[{"a":1},{"a":2}]}}')).toEqual({ a: { a: [{ a: 1 }, { a: 2 }] } });
  });

  test('names that every object inherits', () => {
    expect(parseStrictJson('{"toString":1,"constructor":2}')).toEqual({ toString: 1, constructor: 2 });
  });

  test('__proto__ as a member of its own', () => {
    const value = parseStrictJson('{"__proto__":{"polluted":true}}');
    expect(Object.keys(value ?? {})).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect('polluted' in Object(value)).toBe(false);
  });

  test('numbers as they are written', () => {
    const value = parseStrictJsonWithRawNumbers('{"t":9007199254740993,"n":[1e3,-0,1.50],"s":"1"}');
    expect(value).toEqual({
      t: new JsonNumber('9007199254740993'),
      n: [new JsonNumber('1e3'), new JsonNumber('-0'), new JsonNumber('1.50')],
      s: '1',
    });
  });
});

describe('agrees with JSON.parse', () => {
  test('on every value', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), fc.constantFrom(0, 1, 2, '\t'), (text, indent) => {
        const value: unknown = JSON.parse(text);
        expect(parseStrictJson(text)).toEqual(value);
        expect(parseStrictJson(JSON.stringify(value, null, indent))).toEqual(value);
      }),
    );
  });

  test('on every text without duplicates, valid or not', () => {
    const pieces = fc.constantFrom(...PIECES);
    fc.assert(
      fc.property(fc.oneof(fc.array(pieces, { maxLength: 12 }), fc.array(fc.string())), (parts) => {
        const text = parts.join('');
        const ours = outcomeOf(parseStrictJson, text);
        expect(ours).toEqual(ours === 'duplicate' ? ours : outcomeOf(JSON.parse, text));
      }),
      { numRuns: 5_000 },
    );
  });
});
