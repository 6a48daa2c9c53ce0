import { describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { parseChallenges } from '../../../lib/registry/client/parse-challenges.ts';

function outcome(text: string): unknown {
  try {
    return parseChallenges(text).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);
  } catch (error) {
    return error instanceof StoreError ? error.code : error;
  }
}

const REALM = 'https://auth.test/token';

describe('challenges that are read', () => {
  test.each([
    {
      name: 'one',
      text: `Bearer realm="${REALM}",service="s"`,
      expected: [['bearer', { realm: REALM, service: 's' }]],
    },
    { name: 'another case', text: `BEARER Realm="${REALM}"`, expected: [['bearer', { realm: REALM }]] },
    { name: 'a token as the value', text: 'Basic realm=simple', expected: [['basic', { realm: 'simple' }]] },
    { name: 'spaces around =', text: 'Basic realm = "a"', expected: [['basic', { realm: 'a' }]] },
    { name: 'empty list elements', text: ', Basic realm="a", ,, x=y ,', expected: [['basic', { realm: 'a', x: 'y' }]] },
    {
      name: 'a comma in quotes',
      text: 'Bearer scope="a:pull,push",b=c',
      expected: [['bearer', { scope: 'a:pull,push', b: 'c' }]],
    },
    {
      name: 'a quoted pair',
      text: String.raw`Basic realm="a\"b\\"`,
      expected: [['basic', { realm: String.raw`a"b\ `.trim() }]],
    },
    { name: 'an empty value', text: 'Bearer realm=""', expected: [['bearer', { realm: '' }]] },
    {
      name: 'two',
      text: `Basic realm="a", Bearer realm="${REALM}",service=s`,
      expected: [
        ['basic', { realm: 'a' }],
        ['bearer', { realm: REALM, service: 's' }],
      ],
    },
    {
      name: 'without parameters',
      text: 'Negotiate, Basic realm="a"',
      expected: [
        ['negotiate', {}],
        ['basic', { realm: 'a' }],
      ],
    },
    {
      name: 'a token68',
      text: 'Negotiate YWJj==, Basic realm="a"',
      expected: [
        ['negotiate', {}],
        ['basic', { realm: 'a' }],
      ],
    },
    {
      name: 'an inner challenge in quotes',
      text: 'Basic realm="x, Bearer realm=y"',
      expected: [['basic', { realm: 'x, Bearer realm=y' }]],
    },
  ])('$name', ({ text, expected }) => {
    expect(outcome(text)).toEqual(expected);
  });
});

describe('challenges that are refused', () => {
  test.each([
    { name: 'nothing', text: '' },
    { name: 'commas alone', text: ' , ,' },
    { name: 'a quote that does not end', text: 'Bearer realm="https://auth.test' },
    { name: 'a quote that ends in a backslash', text: 'Bearer realm="a\\' },
    { name: 'text after a quote', text: 'Bearer realm="a"b' },
    { name: 'no comma between', text: 'Bearer realm="a" service="b"' },
    { name: 'a parameter twice', text: 'Bearer realm="a",realm="b"' },
    { name: 'a parameter twice in another case', text: 'Bearer realm="a",REALM="b"' },
    { name: 'no scheme', text: '="a"' },
    { name: 'a quoted scheme', text: '"Bearer" realm="a"' },
    { name: 'no name', text: 'Bearer ="a"' },
    { name: 'an unquoted URL', text: `Bearer realm=${REALM}` },
    { name: 'a control character', text: 'Bearer realm="a\u0001"' },
    { name: 'a tab after the scheme', text: 'Bearer\trealm="a"' },
    { name: 'parameters after a token68', text: 'Negotiate abc== realm="a"' },
  ])('$name: ChallengeInvalid', ({ text }) => {
    expect(outcome(text)).toBe('ChallengeInvalid');
  });

  test('ends with a hostile one: at this length quadratic time would be hours', () => {
    expect(outcome(`Bearer ${'a=b,'.repeat(400_000)}"`)).toBe('ChallengeInvalid');
    expect(outcome(`Bearer realm="${'\\"'.repeat(800_000)}`)).toBe('ChallengeInvalid');
    expect(outcome(`Bearer ${' '.repeat(1_600_000)}!`)).toBe('ChallengeInvalid');
  });
});
