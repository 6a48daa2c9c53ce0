import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { formatPlaces, plainObject, toFaults } from '../../../lib/base/documents/schema.ts';

const SECRET = 's3cret';

const schema = v.strictObject({
  name: v.pipe(v.string(), v.minLength(1), v.regex(/^[a-z]*$/)),
  count: v.pipe(v.number(), v.safeInteger()),
  mode: v.picklist(['enforce', 'warn']),
  link: v.variant('kind', [v.strictObject({ kind: v.literal('by'), by: v.string() })]),
  either: v.union([v.string(), v.strictObject({ text: v.string() })]),
  map: v.exactOptional(v.pipe(plainObject, v.record(v.string(), v.string()))),
  own: v.exactOptional(v.custom<string>((value) => value === 'own')),
});
const GOOD = { name: 'a', count: 1, mode: 'warn', link: { kind: 'by', by: 'x' }, either: 'x' };

describe('each fault of a document', () => {
  const rows: readonly (readonly [name: string, change: object, path: string, message: string])[] = [
    ['another type', { name: 1 }, 'name', 'expected string, found number'],
    ['null', { count: null }, 'count', 'expected number, found null'],
    ['an array', { either: [] }, 'either', 'expected string, found array, or text: missing'],
    ['too short', { name: '' }, 'name', 'expected a length of >=1'],
    ['no integer', { count: 1.5 }, 'count', 'expected an integer'],
    ['too large a number', { count: Number.POSITIVE_INFINITY }, 'count', 'expected an integer'],
    ['another pattern', { name: SECRET }, 'name', 'expected /^[a-z]*$/'],
    ['none of the words', { mode: SECRET }, 'mode', 'expected "enforce" | "warn", found another string'],
    ['an unknown kind', { link: { kind: SECRET } }, 'link.kind', 'expected "by", found another string'],
    [
      'no alternative',
      { either: { text: 1 } },
      'either',
      'expected string, found object, or text: expected string, found number',
    ],
    ['an array for a map', { map: [] }, 'map', 'expected an object'],
    ['what a guard refuses', { own: SECRET }, 'own', 'not valid'],
    ['an unknown member', { [SECRET]: 1 }, SECRET, 'unknown field'],
    ['an unknown member that objects inherit', { toString: 1 }, 'toString', 'unknown field'],
  ];

  test.each(rows)('%s', (_, change, path, message) => {
    const { success, issues } = v.safeParse(schema, { ...GOOD, ...change });
    expect(success).toBe(false);
    expect(toFaults(issues ?? [])).toStrictEqual([{ path: path.split('.'), message }]);
    // The name of a member may be a secret too.
    expect(formatPlaces(issues ?? [])).toBe(message === 'unknown field' ? 'the whole' : path);
  });

  test.each(rows.filter(([, change]) => JSON.stringify(Object.values(change)).includes(SECRET)))(
    '%s: the value is not told',
    (_, change) => {
      const { issues } = v.safeParse(schema, { ...GOOD, ...change });
      expect(JSON.stringify(toFaults(issues ?? []))).not.toContain(SECRET);
    },
  );

  test('what is missing, and the document itself', () => {
    const { name: _, ...rest } = GOOD;
    expect(toFaults(v.safeParse(schema, rest).issues ?? [])).toStrictEqual([{ path: ['name'], message: 'missing' }]);
    const { issues = [] } = v.safeParse(schema, 'text');
    expect(toFaults(issues)).toStrictEqual([{ path: [], message: 'expected object, found string' }]);
    expect(formatPlaces(issues)).toBe('the whole');
  });

  test('nothing is wrong', () => {
    expect(v.safeParse(schema, GOOD).success).toBe(true);
  });
});
