import { spawn } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import type { Row } from '../row.ts';

const ROOT = path.join(import.meta.dirname, '../..');
const GOAL_SECONDS = 240;

/** How long `npm test` takes, which has to pass. */
export async function measureNpmTest(): Promise<readonly Row[]> {
  const started = performance.now();
  const child = spawn('npm', ['test'], { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'], env: process.env });
  const status = await new Promise((resolve) => child.on('exit', resolve));
  if (status !== 0) throw new Error(`npm test ended with ${String(status)}`);
  const seconds = (performance.now() - started) / 1000;
  return [
    {
      id: 'npm-test',
      name: '`npm test`, wall',
      unit: 's',
      ours: seconds,
      beside: 'the goal',
      theirs: GOAL_SECONDS,
      goal: { kind: 'at most', ratio: 1 },
    },
  ];
}
