import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const FOLDER = path.join(import.meta.dirname, '../../docs/decisions');
const LINES_MAX = 40;

/** Ours, by name: `0007-force-has-a-route-of-its-own.md`. */
const records = readdirSync(FOLDER)
  .filter((name) => name !== 'README.md')
  .toSorted();

function read(name: string): string {
  return readFileSync(path.join(FOLDER, name), 'utf8');
}

const numberOf = (name: string): number => Number(/^(\d{4})-[a-z0-9-]+\.md$/.exec(name)?.[1]);

test('numbers are consecutive, and none is used twice: take the next one at merge time', () => {
  expect(records.length).toBeGreaterThan(0);
  expect(records.map(numberOf)).toEqual(records.map((_, index) => index + 1));
});

test('the index lists every record once, by its number, with its title', () => {
  const lines = read('README.md').match(/^\d+\. .*$/gm);
  const listed = records.map((name) =>
    read(name)
      .split('\n', 1)[0]
      ?.replace(/^# (\d+\. )(.*)$/, `$1[$2](${name})`),
  );
  expect(lines).toEqual(listed);
});

test.each(records)('%s has its number in its title, and its three parts', (name) => {
  const text = read(name);
  expect(text).toMatch(new RegExp(`^# ${String(numberOf(name))}\\. `));
  expect(text.match(/^## .*$/gm)).toEqual(['## Context', '## Decision', '## Consequences']);
  expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(LINES_MAX);
});
