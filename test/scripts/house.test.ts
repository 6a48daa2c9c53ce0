import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as v from 'valibot';
import { afterAll, describe, expect, test } from 'vitest';
import { findComparisons } from '../../scripts/house/comparisons.ts';
import { isMet } from '../../scripts/house/figures.ts';

const HOUSE = path.join(import.meta.dirname, '../../scripts/house.ts');
const Report = v.object({
  figures: v.array(v.object({ id: v.string(), value: v.number(), isMet: v.boolean(), found: v.array(v.string()) })),
});

const scratch = await mkdtemp(path.join(tmpdir(), 'signet-house-test-'));
afterAll(() => rm(scratch, { recursive: true }));

describe('a comparison of outcomes is found', () => {
  test.each<[name: string, source: string, lines: readonly number[]]>([
    ['a search for a rejection', "\nif (outcomes.includes('rejected')) return;", [2]],
    ['a search in a list of another name', "return all.includes('indeterminate');", [1]],
    ['a search for an outcome of its own', "const isShort = outcomes.includes('incomplete');", [1]],
    ['some of them', "return images.some(({ outcome }) => outcome === 'rejected');", [1]],
    ['all of them', "return images.every(({ outcome }) => outcome === 'accepted');", [1]],
    ['the worse of two', 'function worstOf(outcomes: readonly Outcome[]): Outcome {', [1]],
    ['nothing in a comment', "/**\n * outcomes.includes('rejected')\n */\n// outcomes.includes('rejected')\n", []],
    ['nothing in one outcome', "if (outcome === 'rejected') return;", []],
    ['nothing in a worst case of something else', 'function worstCase(bytes: number): number {', []],
  ])('%s', async (name, source, lines) => {
    const file = path.join(scratch, `${name.replaceAll(' ', '-')}.ts`);
    await writeFile(file, source);
    expect(findComparisons([file]).map(({ line }) => line)).toEqual(lines);
  });
});

test.each([
  ['at most', 3, 4, true],
  ['at most', 4, 4, true],
  ['at most', 5, 4, false],
  ['at least', 3, 4, false],
  ['at least', 4, 4, true],
  ['exactly', 4, 4, true],
  ['exactly', 3, 4, false],
] as const)('a goal of %s: %i of %i is met: %s', (kind, value, goal, expected) => {
  expect(isMet({ value, goal: { kind, value: goal } })).toBe(expected);
});

function house(...args: readonly string[]) {
  return spawnSync(process.execPath, [HOUSE, ...args], { encoding: 'utf8' });
}

test('-o json lists each figure once, and the calls of one verification', () => {
  const { status, stdout, stderr } = house('--calls', '-o', 'json');
  expect([status, stderr]).toEqual([0, '']);
  const { figures } = v.parse(Report, JSON.parse(stdout));
  expect(new Set(figures.map(({ id }) => id)).size).toBe(figures.length);
  const called = (id: string) => figures.find((figure) => figure.id === id)?.found;
  expect(called('calls-request')).toContain('functions/verify-image/handler.ts');
  expect(called('calls-command')).toContain('cli/verify/verify.ts');
  for (const id of ['calls-request', 'calls-command']) {
    expect(called(id)).toContain('lib/verdict/judge/outcome.ts');
    // Loaded by choice, or by nobody.
    expect(called(id)?.filter((file) => /s3-|x509|lib\/cluster/.test(file))).toEqual([]);
  }
});

test('refuses an option that there is not with 2', () => {
  const { status, stdout, stderr } = house('--all');
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(/^Unknown option '--all'/);
});
