import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { readVectors } from './read-vectors.ts';
import { isGood, toReport } from './report.ts';
import { runVectors } from './run-vectors.ts';

const VECTORS = process.env['SIGNET_VECTORS'];
const run = promisify(execFile);

/** Areas of which nothing is supported yet, and single kinds of the others. */

async function conformance(...args: readonly string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  try {
    return { status: 0, ...(await run(process.execPath, [path.join(import.meta.dirname, 'main.ts'), ...args])) };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { status: code, stdout, stderr };
  }
}

async function writeVectors(...cases: readonly object[]): Promise<string> {
  const root = await mkdtemp(path.join(tmpdir(), 'signet-vectors-'));
  await mkdir(path.join(root, 'trust'));
  const file = {
    format: 1,
    area: 'trust',
    cases: cases.map((given, index) => ({ name: `case-${index}`, area: 'trust', ...given })),
  };
  await writeFile(path.join(root, 'trust/vectors.json'), JSON.stringify(file));
  return root;
}

const digestCase = (releaseDigest: string, expected: string): object => ({
  kind: 'release-digest',
  inputs: { releaseDigest },
  expected,
});
const GOOD = digestCase(`sha256:${'a'.repeat(64)}`, 'accept');

describe('the runner', () => {
  test.each([
    ['a case that passes', [GOOD], [], 0],
    ['a case that fails', [GOOD, digestCase('sha256:123', 'accept')], [], 1],
    ['a wrong output', [{ ...GOOD, output: { storePathSegment: 'x' } }], [], 1],
    ['an unknown kind', [GOOD, { ...GOOD, kind: 'no-such-kind' }], [], 1],
    ['an unknown area', [GOOD, { ...GOOD, area: 'constructor' }], [], 1],
    ['no case at all', [], [], 1],
    ['an advisory case without ours', [{ ...GOOD, strength: 'advisory' }], [], 2],
    ['an expected rejection that is a crash', [{ kind: 'release-digest', inputs: {}, expected: 'reject' }], [], 1],
  ])('%s', async (_, cases, options, status) => {
    expect((await conformance(...options, await writeVectors(...cases))).status).toBe(status);
  });

  test.each([
    ['an unsupported kind', ['unsupported', 'passed'], false, false],
    ['one that is allowed', ['unsupported', 'passed'], true, true],
    ['nothing that ran', ['unsupported'], true, false],
  ] as const)('%s', async (_, statuses, allows, expected) => {
    const vectors = await readVectors(await writeVectors(...statuses.map((kind) => ({ ...GOOD, kind }))));
    const find = (_area: string, kind: string) => (kind === 'passed' ? () => ({}) : 'unsupported');
    const report = toReport(await runVectors(vectors, find));
    expect(report.rows.map(({ unsupported }) => unsupported)).toEqual(
      statuses.map((kind) => Number(kind === 'unsupported')),
    );
    expect(isGood(report, allows)).toBe(expected);
  });

  test('names each failure, also as JSON', async () => {
    const root = await writeVectors(GOOD, digestCase('sha256:123', 'accept'));
    expect((await conformance(root)).stdout).toMatch(/FAILED trust release-digest case-1/);
    expect(JSON.parse((await conformance('-o', 'json', root)).stdout)).toMatchObject({ passed: 1, failed: 1 });
  });

  test('a directory without vectors, and no directory, are wrong calls', async () => {
    expect((await conformance(tmpdir())).status).toBe(2);
    expect((await conformance()).status).toBe(2);
  });
});

if (VECTORS === undefined || !existsSync(VECTORS)) {
  test.skip('conformance vectors: SIGNET_VECTORS names no set, so none ran', () => undefined);
} else {
  test('the set that SIGNET_VECTORS names', async () => {
    const results = await runVectors(await readVectors(VECTORS));
    expect(results.filter(({ status }) => status !== 'passed')).toEqual([]);
    expect(results.length).toBeGreaterThan(0);
  });
}
