import { execFile } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parseReport } from '../../../bench/report.ts';
import { SECTIONS } from '../../../bench/sections.ts';

const MAIN = path.join(import.meta.dirname, '../../../bench/main.ts');

async function bench(...args: readonly string[]) {
  return await new Promise<{ status: number; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, [MAIN, ...args], (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

test('--help names every section', async () => {
  const { status, stdout } = await bench('--help');
  for (const name of SECTIONS.keys()) expect(stdout).toContain(name);
  expect(status).toBe(0);
});

test.each([
  ['a section that there is not', ['--only', 'everything'], /--only takes .*not "everything"/],
  ['a commit that there is not', ['--against', 'nowhere'], /--against takes a commit .*not "nowhere"/],
  ['a part of a comparison', ['--against', 'HEAD', '--only', 'start'], /--against takes neither --only nor --check/],
  ['a format that there is not', ['-o', 'yaml'], /--output takes text or json/],
])('refuses %s', async (_, args, reason) => {
  const { status, stdout, stderr } = await bench(...args);
  expect(stderr).toMatch(reason);
  expect(stdout).toBe('');
  expect(status).toBe(2);
});

test('-o json prints the report of what was asked for alone', async () => {
  const { stdout } = await bench('--quick', '--only', 'cosign', '-o', 'json');
  const report = parseReport(stdout);
  expect(report.effort).toBe('quick');
  expect(report.sections.map(({ name, rows }) => [name, rows.length])).toEqual([['cosign', 1]]);
});
