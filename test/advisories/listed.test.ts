import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const ID = /CVE-\d{4}-\d{4,}|GHSA-[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{4}|gpg\.fail: \w+/g;
const read = (file: string): readonly string[] => readFileSync(file, 'utf8').match(ID) ?? [];

test('docs/advisories.md lists the advisories that have a test, and no other', () => {
  const sources = readdirSync(import.meta.dirname).filter(
    (name) => name.endsWith('.test.ts') && name !== 'listed.test.ts',
  );
  const tested = new Set(sources.flatMap((name) => read(path.join(import.meta.dirname, name))));
  const listed = new Set(read(path.join(import.meta.dirname, '../../docs/advisories.md')));
  expect(tested.size).toBeGreaterThan(30);
  expect([...listed].toSorted()).toEqual([...tested].toSorted());
});
