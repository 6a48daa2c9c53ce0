import { expect, test } from 'vitest';
import { MAX_MERGED_KEYS, MAX_OBJECT_ALIASES } from '../../../lib/base/documents/find-yaml-fault.ts';
import { readObjects } from '../../../lib/base/documents/read-objects.ts';

function withAliases(count: number): string {
  return `kind: A\nanchor: &a text\nlist: [${Array(count).fill('*a').join(', ')}]\n`;
}

function withMerged(count: number): string {
  return `kind: A\nmerged: {<<: {${Array.from({ length: count }, (_, at) => `k${at}: 1`).join(', ')}}}\n`;
}

test.each<[string, string, unknown]>([
  ['is a key of its own mapping', 'a: &a {x: 1}\nb: {<<: *a, y: 2}\n', { a: { x: 1 }, b: { x: 1, y: 2 } }],
  ['gives way to what follows', 'a: &a {x: 1}\nb: {<<: *a, x: 2}\n', { a: { x: 1 }, b: { x: 2 } }],
  ['may name several', 'b: {<<: [{x: 1}, {x: 2, y: 3}]}\n', { b: { x: 1, y: 3 } }],
  ['is none in quotes', 'b: {"<<": {x: 1}}\n', { b: { '<<': { x: 1 } } }],
])('a merge key %s', (_, text, content) => {
  expect([...readObjects('file', text)].map((one) => one.content)).toEqual([content]);
});

test(`${MAX_OBJECT_ALIASES} aliases of a YAML document are read`, () => {
  const [object] = readObjects('file', withAliases(MAX_OBJECT_ALIASES));
  expect(object?.content['list']).toHaveLength(MAX_OBJECT_ALIASES);
});

test.each<[name: string, text: string, message: string]>([
  ['one alias more', withAliases(MAX_OBJECT_ALIASES + 1), `file:3: more than ${MAX_OBJECT_ALIASES} aliases`],
  ['a key twice', 'kind: A\nname: a\nname: b\n', 'file:3: Map keys must be unique'],
  ['a key twice, further down', 'kind: A\nspec:\n  a: 1\n  b: 2\n  a: 3\n', 'file:5: Map keys must be unique'],
  ['a number and the same text as keys', 'kind: A\n1: a\n"1": b\n', 'file:3: Map keys must be unique'],
  ['a merge key behind what it has too', 'kind: A\nname: a\n<<: {x: 1, name: b}\n', 'file:3: a merge key has a key'],
  ['one behind many others', `kind: A\n<<: [${'{x: 1}, '.repeat(100)}{kind: B}]\n`, 'file:2: a merge key has a key'],
  ['one of an alias', 'b: &b {name: b}\nc: {name: c, <<: *b}\n', 'file:2: a merge key has a key'],
  ['merge keys in each other', 'a: &a {x: 1}\nb: &b {<<: *a}\nc: {<<: *b}\n', 'file:3: what a merge key names has'],
  ['an anchor that merges itself', 'a: &a {<<: *a}\n', 'file:1: what a merge key names has'],
  ['two merge keys', 'a: {<<: {x: 1}, <<: {y: 1}}\n', 'file:1: Map keys must be unique'],
  ['a merge key of no mapping', 'a: {<<: 5}\n', 'file:1: Merge sources must be maps'],
  ['one merged key too many', withMerged(MAX_MERGED_KEYS + 1), `file:2: more than ${MAX_MERGED_KEYS} keys are merged`],
  ['a list as a key', 'kind: A\n? [a]\n: b\n', 'file:1: a key is not a plain value'],
])('%s is refused', (_, text, message) => {
  expect(() => [...readObjects('file', text)]).toThrow(message);
});
