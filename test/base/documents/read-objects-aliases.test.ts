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
  ['is a key of its own mapping', 'a: &a {x: 1}\nb: {<<: *a, z: 2}\n', { a: { x: 1 }, b: { x: 1, z: 2 } }],
  ['gives way to what follows', 'a: &a {x: 1}\nb: {<<: *a, x: 2}\n', { a: { x: 1 }, b: { x: 2 } }],
  ['may name several', 'b: {<<: [{x: 1}, {x: 2, z: 3}]}\n', { b: { x: 1, z: 3 } }],
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
  ['a line that kubectl alone begins', 'kind: A\n# \u2028spec: {force: true}\n', 'file:2: the character U+2028 ends'],
  ['a line behind a carriage return alone', 'kind: A\n# \rspec: {force: true}\n', 'file:2: the character U+000D ends'],
  ['one of a paragraph separator', 'kind: A\n# \u2029---\nkind: B\n', 'file:2: the character U+2029 ends'],
  ['one of a next line', 'kind: A\u0085\nname: a\n', 'file:1: the character U+0085 ends'],
  ['prose', '# Signet\n\nKeys: one,\ntwo: three: four\n', 'file:4: cannot be read as YAML: '],
  ['a list as a key', 'kind: A\n? [a]\n: b\n', 'file:1: a key is not a plain value'],
])('%s is refused', (_, text, message) => {
  expect(() => [...readObjects('file', text)]).toThrow(message);
});

test.each([
  ['yes', true],
  ['y', true],
  ['On', true],
  ['NO', false],
  ['n', false],
  ['off', false],
  ['true', true],
  ['FALSE', false],
  ['"yes"', 'yes'],
  ['yeS', 'yeS'],
  ['!!str no', 'no'],
])('%s is read as kubectl reads it', (text, value) => {
  expect([...readObjects('file', `force: ${text}\n`)].map((one) => one.content['force'])).toEqual([value]);
});

test.each([
  ['JSON', '{"kind":"A","name":"a\u2028b"}'],
  ['double quotes', 'kind: A\nname: "a\u2028b"\n'],
  ['single quotes', "kind: A\r\nname: 'a\u2028b'\r\n"],
])('such a character is text in %s', (_, text) => {
  expect([...readObjects('file', text)].map((one) => one.content)).toEqual([{ kind: 'A', name: 'a\u2028b' }]);
});
