import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { PATTERNS } from '../../lib/cluster/explain/patterns/patterns.ts';
import { fromRoot, listSources, ROOT } from '../../scripts/house/sources.ts';
import { findExpressions } from './find-expressions.ts';
import { findSuperLinear } from './prove-linear.ts';

/** The page reads what strangers write, too. */
const page = readdirSync(path.join(ROOT, 'console/src'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => path.join(entry.parentPath, entry.name));
const found = [...listSources(), ...page].map((file) => findExpressions(file, fromRoot(file)));
const scratch = mkdtempSync(path.join(tmpdir(), 'signet-expressions-'));
afterAll(() => rmSync(scratch, { recursive: true }));

test('no expression of a source takes more than linear time, whatever text it sees', () => {
  const made = PATTERNS.map(({ words }) => ({ source: words.source, flags: words.flags, place: 'a pattern' }));
  const all = [...found.flatMap(({ constant }) => constant), ...made];
  const faults = all.flatMap(({ source, flags, place }) => {
    const fault = findSuperLinear(source, flags);
    return fault === undefined ? [] : [`${place}: /${source}/${flags}: ${fault}`];
  });
  expect(faults).toEqual([]);
  expect(all.length).toBeGreaterThan(250);
});

/** The patterns of `signet explain` are made by a function; they are proven one by one above. */
test('every other expression is written where it is used', () => {
  const places = found.flatMap(({ made }) => made.map((place) => place.slice(0, place.indexOf(':'))));
  expect(places).toEqual(['lib/cluster/explain/patterns/pattern.ts']);
});

test.each<[expression: RegExp, isLinear: boolean]>([
  [/a+/, true],
  [/^a+b$/, true],
  [/^(?:a+b)+$/, true],
  [/^(?:[a-z]+\.)*[a-z]+\.$/, true],
  [/^.+-[0-9a-f]{32}$/, true],
  [/^[^:]+:.*$/, true],
  [/x{1,64}y/, true],
  [/ab*$/, true],
  [/a+$/, false],
  [/a+b/, false],
  [/^\s*b/m, false],
  [/^(?:a+)+$/, false],
  [/^(?:a*)*$/, false],
  [/^(?:a|a)+$/, false],
  [/^(?:a|ab|b)+$/, false],
  [/^(?:ab|abab)+$/, false],
  [/^(?:ab)*(?:ab)*$/, false],
  [/^a*b?a*$/, false],
  [/^\d+\.?\d*$/, false],
  [/^[ \t]+(.*)$/, false],
  [/<([^<>]*)>\s*;[^,]*next/, false],
  [/:rule\/.*plan/, false],
  [/^a{1,900}a{1,900}$/, false],
  [/^(a+)\1$/, false],
  [/a(?=b*c)/, false],
  [/\w+@\w+/y, false],
])('%s is linear: %s', (expression, isLinear) => {
  const fault = findSuperLinear(expression.source, expression.flags);
  expect(fault === undefined).toBe(isLinear);
});

test.each<[name: string, text: string, constant: readonly string[], made: number]>([
  ['a literal', 'export const a = /b+/g;', ['b+/g'], 0],
  ['in a type, none', 'export type A = RegExp;', [], 0],
  ['made of a text', "export const a = new RegExp('b+', 'g');", ['b+/g'], 0],
  ['made of a constant', "const B = 'b';\nexport const a = RegExp(B + '+');", ['b+/'], 0],
  ['made of the source of another', 'const B = /b/;\nexport const a = RegExp(B.source);', ['b/', 'b/'], 0],
  ['made of raw text', 'export const a = new RegExp(String.raw`\\d`);', ['\\d/'], 0],
  ['given to a method as text', "export const a = 'x'.match('b+');", ['b+/'], 0],
  ['made of what is given', 'export const a = (b: string) => new RegExp(b);', [], 1],
  ['made by another name', 'export const A = RegExp;', [], 1],
])('an expression %s is found', (name, text, constant, made) => {
  const file = path.join(scratch, `${name.replaceAll(' ', '-')}.ts`);
  writeFileSync(file, text);
  const result = findExpressions(file);
  expect(result.constant.map(({ source, flags }) => `${source}/${flags}`)).toEqual(constant);
  expect(result.made).toHaveLength(made);
});
