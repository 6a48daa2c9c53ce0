import { expect, test } from 'vitest';
import { MAX_OBJECT_ALIASES } from '../../../lib/base/documents/find-yaml-fault.ts';
import { readObjects } from '../../../lib/base/documents/read-objects.ts';

function withAliases(count: number): string {
  return `kind: A\nanchor: &a text\nlist: [${Array(count).fill('*a').join(', ')}]\n`;
}

test(`${MAX_OBJECT_ALIASES} aliases of a YAML document are read`, () => {
  const [object] = readObjects('file', withAliases(MAX_OBJECT_ALIASES));
  expect(object?.content['list']).toHaveLength(MAX_OBJECT_ALIASES);
});

test.each<[name: string, text: string, message: string]>([
  ['one alias more', withAliases(MAX_OBJECT_ALIASES + 1), `file:3: more than ${MAX_OBJECT_ALIASES} aliases`],
  ['a key twice', 'kind: A\nname: a\nname: b\n', 'file:3: Map keys must be unique'],
  ['a key twice, further down', 'kind: A\nspec:\n  a: 1\n  b: 2\n  a: 3\n', 'file:5: Map keys must be unique'],
  ['a number and the same text as keys', 'kind: A\n1: a\n"1": b\n', 'file:3: Map keys must be unique'],
  ['a list as a key', 'kind: A\n? [a]\n: b\n', 'file:1: a key is not a plain value'],
])('%s is refused', (_, text, message) => {
  expect(() => [...readObjects('file', text)]).toThrow(message);
});
