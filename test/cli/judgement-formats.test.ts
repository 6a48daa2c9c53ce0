import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Judged, Judgement } from '../../cli/shell/formats/judgement.ts';
import { REASON_HELP } from '../../cli/shell/formats/reason-help.ts';
import { writeJunit } from '../../cli/shell/formats/write-junit.ts';
import { writeSarif } from '../../cli/shell/formats/write-sarif.ts';
import { toManifestsText } from '../../lib/base/documents/manifest-text.ts';
import { toNodeFiles } from '../../lib/cluster/render/machine-config/machine-config-files.ts';
import { toMachineConfigs } from '../../lib/cluster/render/machine-config/machine-config.ts';
import { clusterVersion, digestOf, OCP, writeFiles } from '../cluster/fleet/sample-clusters.ts';
import { makeSite } from '../cluster/readiness/sample-site.ts';
import { documentedFiles } from '../cluster/render/machine-config/machine-config-example.ts';
import { AFTER, BEFORE, describePool } from '../cluster/rollout/describe-pool.ts';
import { FIXTURE_STORE, FIXTURE_TRUST, fixtureReleases } from '../support/fixture-releases.ts';
import { runSignet } from '../support/run-signet.ts';
import { listElements, readJunit } from './read-junit.ts';
import { readSarif } from './read-sarif.ts';

const GOOD = fixtureReleases.find(({ expected }) => expected === 'accept')?.pullspec ?? '';
const BAD = fixtureReleases.find(({ expected }) => expected === 'KeyUnknown')?.pullspec ?? '';
const UNSIGNED = `${OCP}@sha256:${'0'.repeat(64)}`;
const TRUST = ['--trust', FIXTURE_TRUST];
const FROM = [...TRUST, '--store', FIXTURE_STORE];
const NOWHERE = ['--store', 'http://127.0.0.1:1', '--allow-private-stores'];

let work = '';
const at = (name: string): string => path.join(work, name);

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-judgement-'));
  await writeFile(at('list.txt'), `# releases\n${GOOD}\n\n${BAD}\n`);
  await writeFile(at('good.txt'), `${GOOD}\n`);
  await writeFile(at('bad.txt'), `quay.io/x/y:v1\nnot a pullspec\n`);
  await writeFile(at('reject.json'), JSON.stringify({ default: [{ type: 'reject' }] }));
  const keyData = readFileSync(path.join(import.meta.dirname, '../fixtures/openpgp/keys/rsa4096.asc')).toString(
    'base64',
  );
  const signedBy = { type: 'signedBy', keyType: 'GPGKeys', keyData };
  await writeFile(at('signed.json'), JSON.stringify({ default: [signedBy] }));
  await writeFile(at('site.yaml'), makeSite());
  const [name, files] = ['51-{pool}-rh-registry-trust', toNodeFiles(documentedFiles())];
  const configs = toMachineConfigs({ pools: ['worker'], name, ignition: '3.4', files });
  await writeFile(at('ours.yaml'), toManifestsText(configs, 'yaml'));
  for (const { path: file, bytes } of files) {
    for (const node of ['a', 'b', 'c']) {
      await mkdir(path.dirname(path.join(work, 'nodes', node, file)), { recursive: true });
      await writeFile(path.join(work, 'nodes', node, file), bytes);
    }
  }
  await writeFile(at('before.txt'), describePool(BEFORE));
  await writeFile(at('after.txt'), describePool(AFTER));
  const good = clusterVersion({ desired: `${OCP}@${digestOf('a')}` });
  await writeFiles(at('ready'), { 'east.yaml': good });
  await writeFiles(at('mixed'), { 'east.yaml': good, 'north.yaml': ': [' });
});
afterAll(async () => {
  await rm(work, { recursive: true });
});

/** What a pipeline makes of a report, beside the exit status. */
async function judge(args: readonly string[]) {
  const [junit, sarif] = [await runSignet([...args, '-o', 'junit']), await runSignet([...args, '-o', 'sarif'])];
  const root = readJunit(junit.stdout);
  const count = (name: string): number => listElements(root, name).length;
  const run = readSarif(sarif.stdout);
  for (const suite of [root, ...root.children]) {
    const { tests, failures, errors } = suite.attributes;
    expect([tests, failures, errors]).toEqual(['testcase', 'failure', 'error'].map((name) => String(count(name))));
  }
  return { junit, sarif, failures: count('failure'), errors: count('error'), cases: count('testcase'), run };
}

describe('-o junit and -o sarif of every command that decides say what the exit status says', () => {
  test.each<[name: string, args: () => readonly string[], status: number, seen: object]>([
    ['verify: accepted', () => ['verify', GOOD, ...FROM], 0, { cases: 1, failures: 0, errors: 0 }],
    ['verify: rejected', () => ['verify', BAD, ...FROM], 1, { cases: 1, failures: 1, errors: 0 }],
    ['verify: not decided', () => ['verify', UNSIGNED, ...TRUST, ...NOWHERE], 3, { cases: 1, failures: 0, errors: 1 }],
    [
      'verify: several, each with its own',
      () => ['verify', GOOD, `x.example/y@${digestOf('1')}`, UNSIGNED, ...FROM, ...NOWHERE],
      1,
      { cases: 3, failures: 1, errors: 1 },
    ],
    ['verify -f: lines', () => ['verify', '-f', at('list.txt'), ...FROM], 1, { cases: 2, failures: 1, errors: 0 }],
    ['verify --force', () => ['verify', BAD, ...FROM, '--force'], 0, { cases: 1, failures: 0, errors: 0 }],
    [
      'verify --fail-on-forced',
      () => ['verify', BAD, GOOD, ...FROM, '--force', '--fail-on-forced'],
      1,
      { cases: 2, failures: 1, errors: 0 },
    ],
    ['catalog check: pinned', () => ['catalog', 'check', at('good.txt')], 0, { cases: 1, failures: 0, errors: 0 }],
    [
      'catalog check: a tag, and a line that is none',
      () => ['catalog', 'check', at('bad.txt')],
      1,
      { cases: 2, failures: 2, errors: 0 },
    ],
    [
      'catalog check: a store that is away',
      () => ['catalog', 'check', at('good.txt'), '--verify', ...TRUST, ...NOWHERE],
      3,
      { cases: 1, failures: 0, errors: 1 },
    ],
    ['fleet check: ready', () => ['fleet', 'check', at('ready')], 0, { cases: 1, failures: 0, errors: 0 }],
    ['fleet check: not shown', () => ['fleet', 'check', at('mixed')], 3, { cases: 2, failures: 0, errors: 1 }],
    [
      'rollout check: live',
      () => ['rollout', 'check', '--pool', at('after.txt'), '--expect', at('ours.yaml'), '--node-files', at('nodes')],
      0,
      { cases: 1, failures: 0, errors: 0 },
    ],
    [
      'rollout check: not yet',
      () => ['rollout', 'check', '--pool', at('before.txt'), '--expect', at('ours.yaml')],
      1,
      { cases: 1, failures: 1, errors: 0 },
    ],
    [
      'image verify: a policy that rejects',
      () => ['image', 'verify', `docker://127.0.0.1:1/a/b@${digestOf('a')}`, '--policy', at('reject.json')],
      1,
      { cases: 1, failures: 1, errors: 0 },
    ],
    [
      'image verify: a registry that is away',
      () => ['image', 'verify', `docker://127.0.0.1:1/a/b@${digestOf('a')}`, '--policy', at('signed.json')],
      3,
      { cases: 1, failures: 0, errors: 1 },
    ],
    [
      'mirror check: a registry that is away',
      () => ['mirror', 'check', '127.0.0.1:1/ocp/release', '--digest', GOOD, ...FROM],
      3,
      { failures: 0, errors: 1 },
    ],
    [
      'report transition: a registry that is away',
      () => ['report', 'transition', '--mirror', '127.0.0.1:1/ocp/release', '--digest', GOOD, ...FROM],
      1,
      { failures: 1 },
    ],
    [
      'readiness: a site that is not ready',
      () => [
        'readiness',
        '--to',
        '4.21',
        '--cluster',
        at('site.yaml'),
        '--digest',
        GOOD,
        '--mirror',
        '127.0.0.1:1/a/b',
        ...FROM,
      ],
      1,
      {},
    ],
  ])('%s', async (_, args, status, seen) => {
    const judged = await judge(args());
    expect([judged.junit.status, judged.sarif.status]).toEqual([status, status]);
    expect(judged).toMatchObject(seen);
    expect(judged.failures + judged.errors > 0).toBe(status !== 0);
    expect(judged.run.results.some(({ level }) => level === 'error')).toBe(status !== 0);
  });

  test('a result of a file has its place', async () => {
    const { stdout } = await runSignet(['verify', '-f', at('list.txt'), ...FROM, '-o', 'sarif']);
    expect(readSarif(stdout).results).toMatchObject([
      {
        ruleId: 'KeyUnknown',
        level: 'error',
        locations: [
          {
            physicalLocation: {
              artifactLocation: { uri: pathToFileURL(at('list.txt')).href },
              region: { startLine: 4 },
            },
          },
        ],
      },
    ]);
    const inside = await runSignet(['verify', '-f', 'list.txt', ...FROM, '-o', 'sarif'], { cwd: work });
    expect(readSarif(inside.stdout).results[0]?.locations[0]?.physicalLocation?.artifactLocation.uri).toBe('list.txt');
  });

  test.each<[name: string, args: readonly string[], status: number, stderr: RegExp]>([
    ['not of a command that decides nothing', ['trust', 'show', ...TRUST, '-o', 'junit'], 2, /Allowed choices are/],
    [
      'not of other words',
      ['verify', GOOD, ...FROM, '--as', 'hive', '-o', 'sarif'],
      2,
      /-o sarif is of what a command/,
    ],
  ])('%s', async (_, args, status, stderr) => {
    expect(await runSignet(args)).toEqual({ status, stdout: '', stderr: expect.stringMatching(stderr) as string });
  });
});

const one = (given: Partial<Judged>): Judged => ({ name: 'a', outcome: 'accepted', findings: [], ...given });

function write(judgement: Judgement) {
  const [xml, json] = [writeJunit({}, () => judgement) ?? '', writeSarif({}, () => judgement) ?? ''];
  return { root: readJunit(xml), run: readSarif(json), xml, json };
}

describe('names and messages of strangers', () => {
  test.each<[name: string, untrusted: string, shown: string]>([
    ['markup', "\"/></testsuite><testcase name='x'/>", "\"/></testsuite><testcase name='x'/>"],
    ['the end of CDATA', ']]><![CDATA[', ']]><![CDATA['],
    ['an entity', '&amp;&x;&#0;', '&amp;&x;&#0;'],
    ['control characters', 'a\u0000\u0008\u001b[2Jb\u007f\u009b', 'a\\u0000\\u0008\\u001b[2Jb\\u007f\\u009b'],
    ['lines', 'a\r\n    <failure/>', 'a\\u000d\\u000a    <failure/>'],
    ['bidirectional controls', 'a\u202eb', 'a\\u202eb'],
    ['lone surrogates and no characters', 'a\ud800\ufffe\uffff', 'a\\ud800\\ufffe\\uffff'],
    ['a character of two units', 'a\u{1F511}', 'a\u{1F511}'],
  ])('%s', (_, untrusted, shown) => {
    const finding = { code: untrusted, message: untrusted, remedy: untrusted, details: [untrusted] };
    const judged = [
      one({ name: untrusted, outcome: 'rejected', findings: [finding], notes: [finding], file: untrusted }),
    ];
    const { root, run } = write({ command: 'verify', outcome: 'rejected', judged });
    const cases = listElements(root, 'testcase');
    expect(cases.map(({ attributes }) => attributes['name'])).toEqual([shown]);
    expect(cases[0]?.children.map(({ name }) => name)).toEqual(['failure', 'system-out']);
    expect(cases[0]?.children[0]?.attributes).toEqual({ type: shown, message: shown });
    expect(run.results.map(({ level }) => level)).toEqual(['error', 'note']);
  });

  test('make no link and no placeholder of SARIF', () => {
    const findings = [{ code: 'KeyUnknown', message: '[click](https://evil.example) {0} \\[' }];
    const { run } = write({ command: 'verify', outcome: 'rejected', judged: [one({ outcome: 'rejected', findings })] });
    expect(run.results[0]?.message.text).toBe('a: \\[click\\](https://evil.example) {{0}} \\\\\\[');
  });

  test('a place stays a place', () => {
    const findings = [{ code: 'KeyUnknown', message: 'x' }];
    const file = 'javascript:alert(1) #?%';
    const { run } = write({
      command: 'verify',
      outcome: 'rejected',
      judged: [one({ outcome: 'rejected', findings, file })],
    });
    expect(run.results[0]?.locations[0]?.physicalLocation?.artifactLocation.uri).toBe(
      'javascript%3Aalert(1)%20%23%3F%25',
    );
  });
});

describe('a report is never better than the outcome', () => {
  test.each<[name: string, judgement: Omit<Judgement, 'command'>, failures: number, errors: number]>([
    ['nothing was judged', { outcome: 'rejected', judged: [] }, 1, 0],
    ['nothing was decided', { outcome: 'indeterminate', judged: [] }, 0, 1],
    ['what was judged is good, and the whole is not', { outcome: 'rejected', judged: [one({})] }, 1, 0],
    ['a rejection without a reason', { outcome: 'rejected', judged: [one({ outcome: 'rejected' })] }, 1, 0],
    ['notes alone', { outcome: 'accepted', judged: [one({ notes: [{ code: 'note', message: 'x' }] })] }, 0, 0],
  ])('%s', (_, judgement, failures, errors) => {
    const { root, run } = write({ command: 'fleet check', ...judgement });
    const count = (name: string): number => listElements(root, name).length;
    expect([count('failure'), count('error')]).toEqual([failures, errors]);
    expect(run.results.filter(({ level }) => level === 'error')).toHaveLength(failures + errors);
    expect(run.invocations[0].executionSuccessful).toBe(judgement.outcome !== 'indeterminate');
  });
});

test('a finding has the same fingerprint the next day, and another thing has another', () => {
  const findings = [{ code: 'KeyUnknown', message: 'x' }];
  const print = (name: string): unknown => {
    const judged = [one({ name, outcome: 'rejected', findings })];
    return write({ command: 'verify', outcome: 'rejected', judged }).run.results[0]?.partialFingerprints;
  };
  expect(print('a')).toEqual(print('a'));
  expect(print('a')).not.toEqual(print('b'));
});

test('the help of a rule is that of the reference', () => {
  const page = readFileSync(path.join(import.meta.dirname, '../../docs/reference/reason-codes.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `(\w+)`\s*\| (.*?)\s*\| (.*?)\s*\|$/gm)].map(([, code = '', ...cells]) => {
    const [meaning, remedy] = cells.map((cell) => cell.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll('`', ''));
    return [code, { meaning, remedy }] as const;
  });
  expect(REASON_HELP).toEqual(Object.fromEntries(rows));
});
