import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../../scripts/house/sources.ts';

const TESTS = path.join(ROOT, 'test');
/** What a test may change of the process, and what puts it back: files share one, and the next looks at it as it starts. */
const CHANGES: readonly (readonly [changed: RegExp, putBack: RegExp])[] = [
  [/\bstubEnv\(/, /\bunstubAllEnvs\(/],
  [/\buseFakeTimers\(/, /\buseRealTimers\(/],
  [/\b(?:spyOn|listenToLog)\(/, /\b(?:restoreAllMocks|mockRestore)\(/],
];

const files = readdirSync(TESTS, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => ({ file, text: readFileSync(path.join(TESTS, file), 'utf8') }));

test.each(CHANGES)('who changes something by %s puts it back by %s', (changed, putBack) => {
  const changing = files.filter(({ text }) => changed.test(text));
  expect(changing.length).toBeGreaterThan(0);
  expect(changing.filter(({ text }) => !putBack.test(text)).map(({ file }) => file)).toEqual([]);
});
