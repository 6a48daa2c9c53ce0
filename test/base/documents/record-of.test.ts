import * as v from 'valibot';
import { expect, test } from 'vitest';
import { formatPlaces, recordOf } from '../../../lib/base/documents/schema.ts';

const schema = recordOf(v.pipe(v.string(), v.regex(/^[a-z_]+$/)), v.pipe(v.string(), v.minLength(1)));

test.each([
  ['no member', '{}'],
  ['members in their order', '{"b":"x","a":"y"}'],
  ['names that every object inherits', '{"constructor":"x","prototype":"y","__proto__":"z"}'],
])('takes %s', (_, text) => {
  const found = v.parse(schema, JSON.parse(text));
  expect(JSON.stringify(found)).toBe(text);
  expect(Object.getPrototypeOf(found)).toBe(Object.prototype);
});

test.each([
  ['an array', '[]', 'the whole'],
  ['null', 'null', 'the whole'],
  ['a text', '"a"', 'the whole'],
  ['a value of another type', '{"a":1}', 'a'],
  ['a value that its schema refuses', '{"a":"x","b":""}', 'b'],
  ['a name that its schema refuses', '{"A":"x"}', 'A'],
  ['constructor of another type', '{"constructor":1}', 'constructor'],
  ['prototype of another type', '{"prototype":[]}', 'prototype'],
  ['__proto__ of another type', '{"__proto__":{}}', '__proto__'],
])('refuses %s', (_, text, place) => {
  expect(formatPlaces(v.safeParse(schema, JSON.parse(text)).issues ?? [])).toBe(place);
});
