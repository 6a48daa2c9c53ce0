import { execFile } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { Steps } from './count-steps.ts';

/** Steps of a text twice as long: a reader that goes over it again for each part takes four times as many. */
const MAX_GROWTH = 2.3;
const COUNTER = path.join(import.meta.dirname, 'count-steps.ts');
/** Every turn of every loop is executed as it is written. */
const PLAIN = ['--no-opt', '--no-maglev', '--no-sparkplug'];

test('every reader of untrusted bytes takes steps in proportion to them', { timeout: 120_000 }, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [...PLAIN, COUNTER]);
  const counted = JSON.parse(stdout) as readonly Steps[];
  const grown = counted.filter(({ single, double }) => double > MAX_GROWTH * single + 500);
  expect(grown).toEqual([]);
  // Nothing would be shown by a counter that does not count.
  expect(counted.filter(({ single }) => single === 0)).toEqual([]);
  expect(counted.filter(({ single }) => single > 10_000).length).toBeGreaterThan(20);
});
