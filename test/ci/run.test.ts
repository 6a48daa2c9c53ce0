import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { afterAll, expect, test } from 'vitest';

const ROOT = path.join(import.meta.dirname, '../..');
const scratch = await mkdtemp(path.join(tmpdir(), 'signet-ci-'));
afterAll(() => rm(scratch, { recursive: true }));

/** What vitest writes. */
const report = (passed: number, failed: number, pending: number): string =>
  JSON.stringify({
    numPassedTests: passed,
    numFailedTests: failed,
    numPendingTests: pending,
    numTodoTests: 0,
    testResults: [
      { name: 'good.test.ts', message: '', assertionResults: [{ status: 'passed', fullName: 'a good test' }] },
      ...Array.from({ length: failed }, (_, at) => ({
        name: `bad-${at}.test.ts`,
        message: '',
        assertionResults: [
          { status: 'failed', fullName: `a bad test ${at}`, failureMessages: ['AssertionError: one is not two'] },
        ],
      })),
    ],
  });

/** What `npm run fuzz` prints of one target. */
function fuzzed(wrong: number): string {
  const counts = `5 inputs, 1 accepted as genuine, ${wrong} wrong accepts, 0 exceptions`;
  return `json: ${counts} in 60 s (1/s)\n${counts}, seed 7`;
}

/** The words of a shell `case` by npm's arguments; `$out` is where vitest writes its report. */
const GOOD: Readonly<Record<string, string>> = {
  'ci *': 'exit 0',
  '*test:tools*': `echo '{"tools": []}' > "$summary"`,
  'run test -- *': `echo '${report(7, 0, 1)}' > "$out"`,
  'run test:stack -- *': `echo '${report(5, 0, 0)}' > "$out"`,
  '*conformance*': 'echo; echo "9 passed, 0 failed, 0 unsupported"',
  '*fuzz*': `echo '${fuzzed(0)}'`,
};

const MISSING = JSON.stringify({
  tools: [
    { name: 'skopeo', neededBy: 'image policies beside skopeo', state: 'missing', reason: 'only root can' },
    { name: 'nginx', neededBy: 'a mirror served by nginx', state: 'present' },
  ],
});

/** What lies beside the checkout, but for the releases. */
const OTHERS = ['vectors', 'apiserver/crds', 'sigstore-conformance'];

/** Runs .ci/run in a checkout without sources, by an npm that does what `cases` say and nothing otherwise. */
async function runCi(cases: Readonly<Record<string, string>>, shared = OTHERS) {
  const root = await mkdtemp(path.join(scratch, 'root-'));
  const [checkout, bin] = [path.join(root, 'signet'), path.join(root, 'bin')];
  for (const file of ['.ci/run', 'scripts/summarize-ci.ts']) await cp(path.join(ROOT, file), path.join(checkout, file));
  await mkdir(bin);
  for (const folder of shared) await mkdir(path.join(root, 'shared', folder), { recursive: true });
  const npm = [
    '#!/bin/bash',
    'out=; summary=; previous=',
    'for word; do case "$word" in --outputFile.json=*) out=$(echo "$word" | cut -d= -f2);; esac',
    '  [ "$previous" = --summary ] && summary=$word; previous=$word; done',
    'case "$*" in',
    ...Object.entries({ ...GOOD, ...cases }).map(([words, lines]) => `${words.replaceAll(' ', '\\ ')}) ${lines};;`),
    'esac',
  ];
  for (const name of ['npm', 'npx']) await writeFile(path.join(bin, name), npm.join('\n'), { mode: 0o755 });
  const PATH = [bin, path.dirname(process.execPath), '/usr/bin', '/bin'].join(path.delimiter);
  const { status, stdout } = spawnSync('bash', ['.ci/run'], { cwd: checkout, env: { PATH }, encoding: 'utf8' });
  const lines = stdout.trimEnd().split('\n');
  return { status, lines, last: lines.at(-1) };
}

const NO_RELEASES = 'not run: real releases: there is no shared/releases beside the checkout';

test.each<{
  readonly name: string;
  readonly cases: Readonly<Record<string, string>>;
  readonly status: number;
  readonly last: string;
  readonly says?: readonly string[];
}>([
  { name: 'all good', cases: {}, status: 0, last: '22 passed, 0 failed, 2 skipped', says: [NO_RELEASES] },
  {
    name: 'a missing tool is skipped',
    cases: { '*test:tools*': `echo '${MISSING}' > "$summary"` },
    status: 0,
    last: '22 passed, 0 failed, 3 skipped',
    says: ['not run: skopeo: image policies beside skopeo: only root can', NO_RELEASES],
  },
  {
    name: 'a failed test',
    cases: { 'run test -- *': `echo '${report(5, 2, 1)}' > "$out"; exit 1` },
    status: 1,
    last: '20 passed, 2 failed, 2 skipped',
    says: ['== why npm run test failed', 'a bad test 1', '  AssertionError: one is not two'],
  },
  {
    name: 'a runner that fails without a failed test',
    cases: { 'run test:stack -- *': `echo '${report(5, 0, 0)}' > "$out"; exit 1` },
    status: 1,
    last: '22 passed, 1 failed, 2 skipped',
  },
  {
    name: 'a runner that ends half-way through its report',
    cases: { 'run test:stack -- *': 'echo "{" > "$out"; exit 137' },
    status: 1,
    last: '17 passed, 1 failed, 2 skipped',
  },
  {
    name: 'an example that prints something else',
    cases: { 'run --silent examples -- --check': 'echo "README.md: an example prints something else"; exit 1' },
    status: 1,
    last: '22 passed, 1 failed, 2 skipped',
    says: ['README.md: an example prints something else'],
  },
  {
    name: 'lint',
    cases: { 'run lint': 'echo "a name is shadowed" >&2; exit 1' },
    status: 1,
    last: '22 passed, 1 failed, 2 skipped',
    says: ['== why npm run lint failed', 'a name is shadowed'],
  },
  {
    name: 'a failed vector',
    cases: { '*conformance*': 'echo "8 passed, 1 failed, 0 unsupported"; exit 1' },
    status: 1,
    last: '21 passed, 1 failed, 2 skipped',
  },
  {
    name: 'a fuzz target with a failure',
    cases: { '*fuzz*': `echo '${fuzzed(1)}'; exit 1` },
    status: 1,
    last: '21 passed, 1 failed, 2 skipped',
  },
  {
    name: 'fuzzing that ends before it counts',
    cases: { '*fuzz*': 'exit 137' },
    status: 1,
    last: '21 passed, 1 failed, 2 skipped',
  },
  {
    name: 'the command that installs tools breaks',
    cases: { '*test:tools*': 'echo "a defect"; exit 1' },
    status: 1,
    last: '22 passed, 1 failed, 2 skipped',
    says: ['a defect'],
  },
  {
    name: 'an installation that fails',
    cases: { 'ci *': 'echo "no such version"; exit 1' },
    status: 1,
    last: '0 passed, 1 failed, 0 skipped',
    says: ['no such version'],
  },
])('.ci/run: $name: $status, $last', async ({ cases, status, last, says = [] }) => {
  const ran = await runCi(cases);
  expect(ran).toMatchObject({ status, last });
  for (const line of says) expect(ran.lines).toContain(line);
});
