import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildProgram } from '../../cli/shell/build-program.ts';
import { loadNouns } from '../../cli/shell/nouns.ts';
import { listElements, readJunit } from '../cli/read-junit.ts';
import { readSarif } from '../cli/read-sarif.ts';
import { FIXTURE_STORE, FIXTURE_TRUST, fixtureReleases } from '../support/fixture-releases.ts';
import { toRun } from '../support/run-signet.ts';
import { readAction, readTask, readTemplate } from './read-pipelines.ts';

const GOOD = fixtureReleases.find(({ expected }) => expected === 'accept')?.pullspec ?? '';
const BAD = fixtureReleases.find(({ expected }) => expected === 'KeyUnknown')?.pullspec ?? '';
const SIGNET = path.join(import.meta.dirname, '../../cli/signet.js');
const FROM = [`--trust=${FIXTURE_TRUST}`, `--store=${FIXTURE_STORE}`];
const AWAY = [`--trust=${FIXTURE_TRUST}`, '--store=http://127.0.0.1:1', '--allow-private-stores'];

interface Ask {
  readonly command?: string;
  readonly arguments: readonly string[];
  readonly pullspecs?: string;
}

interface Answer {
  readonly status: number;
  readonly log: string;
  readonly report: string;
  readonly outputs: Readonly<Record<string, string>>;
}

let parent = '';
let work = '';
beforeAll(async () => {
  parent = await mkdtemp(path.join(tmpdir(), 'signet-pipelines-'));
  await mkdir(path.join(parent, 'bin'));
  await writeProgram(`exec '${process.execPath}' '${SIGNET}' "$@"`);
});
beforeEach(async () => {
  work = await mkdtemp(path.join(parent, 'work-'));
});
afterAll(() => rm(parent, { recursive: true }));

async function writeProgram(line: string, folder = path.join(parent, 'bin')): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'signet'), `#!/bin/sh\n${line}\n`);
  await chmod(path.join(folder, 'signet'), 0o755);
}

async function run(words: readonly string[], env: Readonly<Record<string, string>>, bin = path.join(parent, 'bin')) {
  const [program = '', ...args] = words;
  const child = spawn(program, args, {
    cwd: work,
    env: { PATH: `${bin}:${process.env['PATH'] ?? ''}`, HOME: work, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { status: child.exitCode ?? -1, log: `${stdout}${stderr}` };
}

const readOr = (file: string): Promise<string> => readFile(path.join(work, file), 'utf8').catch(() => '');

/** What GitHub's runner does of a composite action with one step of bash. */
async function runAction(
  ask: Ask & { readonly with?: Readonly<Record<string, string>> },
  bin?: string,
): Promise<Answer> {
  const { inputs, outputs, runs } = readAction();
  const given: Readonly<Record<string, string>> = {
    ...Object.fromEntries(Object.entries(inputs).map(([name, one]) => [name, one.default])),
    ...(ask.command === undefined ? {} : { command: ask.command }),
    arguments: ask.arguments.map((one) => `${one}\n`).join(''),
    pullspecs: ask.pullspecs ?? '',
    ...ask.with,
  };
  const [step] = runs.steps;
  const env = Object.fromEntries(
    Object.entries(step.env).map(([name, value]) => [
      name,
      value.replaceAll(/\$\{\{ inputs\.(\w+) \}\}/g, (_, input: string) => given[input] ?? ''),
    ]),
  );
  const [script, output] = [path.join(work, 'step.sh'), path.join(work, 'output')];
  await writeFile(script, step.run);
  await writeFile(output, '');
  const words = ['bash', '--noprofile', '--norc', '-eo', 'pipefail', script];
  const { status, log } = await run(words, { ...env, GITHUB_OUTPUT: output }, bin);
  const lines = (await readFile(output, 'utf8')).trim().split('\n');
  const set = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  expect(Object.keys(set)).toEqual(Object.keys(outputs));
  return { status, log, outputs: set, report: await readOr(given['report'] ?? '') };
}

/** What GitLab's runner does of a job that extends the template. */
async function runTemplate(ask: Ask, bin?: string): Promise<Answer> {
  const { variables, script, artifacts } = readTemplate();
  const env = {
    ...variables,
    ...(ask.command === undefined ? {} : { JUDGE_COMMAND: ask.command }),
    JUDGE_ARGUMENTS: ask.arguments.join('\n'),
    JUDGE_PULLSPECS: ask.pullspecs ?? '',
  };
  const answer = await run(['sh', '-ec', script[0]], env, bin);
  return { ...answer, outputs: {}, report: await readOr(artifacts.reports.junit) };
}

/** What Tekton does of a TaskRun: its parameters stand in environment and arguments, its results are files. */
async function runTask(ask: Ask, bin?: string): Promise<Answer> {
  const { params, results, steps } = readTask();
  const [step] = steps;
  const given: Readonly<Record<string, string>> = {
    ...Object.fromEntries(params.flatMap((one) => (typeof one.default === 'string' ? [[one.name, one.default]] : []))),
    ...(ask.command === undefined ? {} : { command: ask.command }),
    pullspecs: ask.pullspecs ?? '',
  };
  const toValue = (value: string): string =>
    value
      .replaceAll(/\$\(params\.(\w+)\)/g, (_, name: string) => given[name] ?? '')
      .replaceAll(/\$\(results\.(\w+)\.path\)/g, (_, name: string) => path.join(work, `result-${name}`));
  const env = Object.fromEntries(step.env.map(({ name, value }) => [name, toValue(value)]));
  expect(step.args).toEqual(['$(params.arguments[*])']);
  await writeFile(path.join(work, 'step.sh'), step.script);
  const answer = await run(['sh', path.join(work, 'step.sh'), ...ask.arguments], env, bin);
  const outputs = await Promise.all(results.map(async ({ name }) => [name, await readOr(`result-${name}`)] as const));
  return { ...answer, outputs: Object.fromEntries(outputs), report: await readOr(given['report'] ?? '') };
}

const RUNNERS = [
  ['GitHub', (ask: Ask, bin?: string) => runAction({ ...ask, with: { format: 'junit', report: 'signet.xml' } }, bin)],
  ['GitLab', runTemplate],
  ['Tekton', runTask],
] as const;

describe.each(RUNNERS)('deploy/pipelines: %s', (name, judge) => {
  const hasOutputs = name !== 'GitLab';

  test.each<[name: string, ask: Ask, status: number, outcome: string, seen: readonly number[]]>([
    ['accepted', { arguments: [GOOD, ...FROM] }, 0, 'accepted', [1, 0, 0]],
    ['rejected', { arguments: [GOOD, BAD, ...FROM] }, 1, 'rejected', [2, 1, 0]],
    ['not decided', { arguments: [GOOD, ...AWAY] }, 3, 'indeterminate', [1, 0, 1]],
    ['of a list', { arguments: FROM, pullspecs: `# two\n${GOOD}\n${BAD}\n` }, 1, 'rejected', [2, 1, 0]],
    ['another command', { command: 'catalog check', arguments: ['catalog.txt'] }, 0, 'accepted', [1, 0, 0]],
  ])('%s', async (_, ask, status, outcome, seen) => {
    await writeFile(path.join(work, 'catalog.txt'), `${GOOD}\n`);
    const answer = await judge(ask);
    expect(answer).toMatchObject({ status, outputs: hasOutputs ? { outcome, status: String(status) } : {} });
    const root = readJunit(answer.report.trimEnd());
    expect(['testcase', 'failure', 'error'].map((one) => listElements(root, one).length)).toEqual(seen);
  });

  test.each<[name: string, ask: Ask, status: number]>([
    ['a command that decides nothing', { command: 'trust show', arguments: FROM }, 2],
    ['a command that is script', { command: 'verify; touch made', arguments: FROM }, 2],
    ['a wrong option', { arguments: [GOOD, '--trsut=x'] }, 2],
    ['another format by the arguments', { arguments: [GOOD, ...FROM, '--output=text'] }, 70],
    [
      'arguments that are script and patterns',
      { arguments: ['$(touch made)', '`touch made`', '; touch made', '*'] },
      2,
    ],
    ['pullspecs that are script', { arguments: FROM, pullspecs: '$(touch made)\n`touch made`' }, 2],
    ['pullspecs that are options', { arguments: FROM, pullspecs: '--force' }, 2],
  ])('%s: nothing was judged', async (_, ask, status) => {
    const answer = await judge(ask);
    expect(answer).toMatchObject({ status, outputs: hasOutputs ? { outcome: 'failed', status: String(status) } : {} });
    expect(await readdir(work)).not.toContain('made');
  });

  test('an argument is one, whatever spaces it has', async () => {
    await cp(FIXTURE_TRUST, path.join(work, 'a trust'), { recursive: true });
    expect(await judge({ arguments: [GOOD, '--trust=a trust', `--store=${FIXTURE_STORE}`] })).toMatchObject({
      status: 0,
    });
  });

  test('a program that is not there fails', async () => {
    const bin = path.join(work, 'none');
    expect(await judge({ arguments: [GOOD] }, bin)).toMatchObject({ status: 127 });
  });

  test('a program that says nothing and ends well is no acceptance', async () => {
    const bin = path.join(work, 'bin');
    await writeProgram('exit 0', bin);
    expect(await judge({ arguments: [GOOD] }, bin)).toMatchObject({ status: 70 });
  });
});

describe('deploy/pipelines: GitHub alone', () => {
  test('the default is SARIF, with the place in the list', async () => {
    await writeFile(path.join(work, 'releases.txt'), `${BAD}\n`);
    const { status, outputs, report, log } = await runAction({ arguments: ['--file=releases.txt', ...FROM] });
    expect([status, outputs]).toEqual([1, { outcome: 'rejected', status: '1', report: 'signet.sarif' }]);
    expect(readSarif(report).results[0]?.locations[0]?.physicalLocation).toEqual({
      artifactLocation: { uri: 'releases.txt' },
      region: { startLine: 1 },
    });
    expect(log).toContain('::error title=Signet::rejected, exit status 1\n');
  });

  test('what a stranger says is in the log, and no command to the runner', async () => {
    const bin = path.join(work, 'bin');
    await writeProgram(`echo '<?xml>'; echo '::add-mask::x'; echo '::add-path::/evil' >&2; exit 1`, bin);
    const { log } = await runAction({ arguments: [GOOD], with: { format: 'junit' } }, bin);
    const [, token = '', inner = ''] = /^::stop-commands::([0-9a-f]{32})\n([\s\S]*?)\n::\1::$/m.exec(log) ?? [];
    expect(token).not.toBe('');
    expect(inner).toContain('::add-mask::x');
  });

  test.each<[name: string, given: Readonly<Record<string, string>>]>([
    ['a format that is none', { format: 'text' }],
    ['a report of two lines, which would be an output', { report: 'a\noutcome=accepted' }],
    ['a report that cannot be written', { report: '/nowhere/signet.sarif' }],
  ])('%s', async (_, given) => {
    const { status, outputs } = await runAction({ arguments: [GOOD, ...FROM], with: given });
    expect([status, outputs]).toEqual([2, { outcome: 'failed', status: '2', report: '' }]);
  });
});

test('no script holds what a user gives, and each takes the commands that have a report', async () => {
  const scripts = [readAction().runs.steps[0].run, readTemplate().script[0], readTask().steps[0].script];
  const program = buildProgram(
    toRun(() => undefined),
    await loadNouns(),
  );
  const deciding = program.commands
    .flatMap((noun) => (noun.commands.length === 0 ? [noun] : noun.commands))
    .filter(({ options }) => options.some(({ argChoices }) => argChoices?.includes('junit') === true))
    .map((command) => [command.parent?.name(), command.name()].filter((name) => name !== 'signet').join(' '));
  for (const script of scripts) {
    expect(script).not.toMatch(/\$\{\{|\$\((?:params|results|workspaces|inputs)\./);
    const [, list = ''] = /case "\$JUDGE_COMMAND" in\n([\s\S]*?)\n\s*\*\)/.exec(script) ?? [];
    const taken = list.split(/[|\n;)]+/).map((name) => name.trim().replaceAll("'", ''));
    expect(taken.filter((name) => name !== '').toSorted()).toEqual(deciding.toSorted());
  }
});
