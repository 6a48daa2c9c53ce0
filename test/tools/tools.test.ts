import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { access, chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { findTool, toFolder } from '../support/tools.ts';
import { TEST_TOOLS, type TestTool } from './table.ts';

const MAIN = path.join(import.meta.dirname, 'main.ts');
const parent = await mkdtemp(path.join(tmpdir(), 'signet-tools-'));
const reader: TestTool | undefined = TEST_TOOLS.find(({ name }) => name === 'cluster-reader');
let cache: string;

beforeEach(async () => {
  cache = await mkdtemp(path.join(parent, 'cache-'));
  vi.stubEnv('SIGNET_TEST_TOOLS', cache);
});
afterEach(() => {
  vi.unstubAllEnvs();
});
afterAll(() => rm(parent, { recursive: true }));

/** A folder for the PATH with a `go` that runs these lines of shell; without lines a folder without `go`. */
async function toPath(...lines: readonly string[]): Promise<string> {
  const folder = await mkdtemp(path.join(parent, 'bin-'));
  if (lines.length === 0) return folder;
  const file = path.join(folder, 'go');
  await writeFile(file, ['#!/bin/sh', '[ "$1" = --version ] && exit 0', ...lines].join('\n'));
  await chmod(file, 0o755);
  return folder;
}

/** A folder with an `npm` that notes its arguments and makes a program, and with what builds native code, but for some. */
async function toNpmPath(...absent: readonly string[]): Promise<string> {
  const folder = await mkdtemp(path.join(parent, 'bin-'));
  const npm = ['[ "$1" = --version ] && exit 0', 'while [ "$1" != --prefix ]; do shift; done'];
  npm.push('/bin/mkdir -p "$2/node_modules/.bin"', 'echo "echo $3" > "$2/node_modules/.bin/aws-lambda-ric"');
  npm.push('/bin/chmod 755 "$2/node_modules/.bin/aws-lambda-ric"');
  const programs = ['npm', 'cmake', 'g++', 'make', 'xz'].filter((name) => !absent.includes(name));
  for (const name of programs) {
    const file = path.join(folder, name);
    await writeFile(file, ['#!/bin/sh', ...(name === 'npm' ? npm : ['exit 0'])].join('\n'));
    await chmod(file, 0o755);
  }
  return folder;
}

/** Writes what follows `-o`. */
const WRITES = ['while [ "$1" != -o ]; do shift; done', 'printf "#!/bin/sh\\n" > "$2"', '/bin/chmod 755 "$2"'];

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function runTools(PATH: string, ...args: readonly string[]): Promise<Ran> {
  const { promise, resolve } = Promise.withResolvers<Ran>();
  const child = execFile(
    process.execPath,
    [MAIN, ...args],
    { env: { PATH, HOME: parent, SIGNET_TEST_TOOLS: cache } },
    (_, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }),
  );
  return await promise;
}

async function readSummary(): Promise<unknown> {
  return JSON.parse(await readFile(path.join(cache, 'summary.json'), 'utf8'));
}

async function isThere(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  );
}

describe('the table', () => {
  test('has every name once', () => {
    expect(new Set(TEST_TOOLS.map(({ name }) => name)).size).toBe(TEST_TOOLS.length);
  });
});

describe('installing', () => {
  test('puts a whole folder in place, where tests find it, and once', async () => {
    const bin = await toPath(...WRITES);
    expect(await runTools(bin, '--only', 'cluster-reader')).toMatchObject({ code: 0, stderr: '' });
    expect(findTool('cluster-reader')).toMatch(/cluster-reader\/[0-9a-f]{12}\/cluster-reader$/);
    expect(await readSummary()).toMatchObject({ tools: [{ name: 'cluster-reader', state: 'installed' }] });
    expect(await readdir(path.join(cache, 'cluster-reader'))).toHaveLength(1);
    expect(await isThere(path.join(cache, 'lock'))).toBe(false);

    expect((await runTools(await toPath('exit 1'), '--only', 'cluster-reader')).stdout).toContain(
      'present: cluster-reader',
    );
  });

  test.each([
    ['without Go', [], 'there is no Go on this machine'],
    ['whose build fails', ['echo "# module"', 'echo "main.go:1: error: no such module"', 'exit 1'], 'no such module'],
    ['whose build makes nothing', ['exit 0'], 'it has no program cluster-reader'],
  ])('a tool %s is not run, and fails nothing', async (_, lines, reason) => {
    const { code, stdout } = await runTools(await toPath(...lines), '--only', 'cluster-reader');
    expect(code).toBe(0);
    expect(stdout).toContain('not run: cluster-reader: mirrors read by library-go: ');
    expect(stdout).toContain(reason);
    const why: unknown = expect.stringContaining(reason);
    expect(await readSummary()).toMatchObject({ tools: [{ name: 'cluster-reader', state: 'missing', reason: why }] });
    expect(findTool('cluster-reader')).toBeUndefined();
  });

  test('of a package of npm brings its program, in this version', async () => {
    const installed = await runTools(await toNpmPath(), '--only', 'lambda-runtime');
    expect(installed).toMatchObject({ code: 0, stderr: '' });
    const program = findTool('lambda-runtime') ?? '';
    expect(program).toMatch(/lambda-runtime\/4\.0\.2\/aws-lambda-ric$/);
    expect(spawnSync('/bin/sh', [program], { encoding: 'utf8' }).stdout).toBe('aws-lambda-ric@4.0.2\n');
  });

  test.each([
    ['npm', 'there is no npm on this machine'],
    ['cmake', 'there is no apt-get on this machine'],
  ])('of a package of npm without %s is not run, and fails nothing', async (absent, reason) => {
    const { code, stdout } = await runTools(await toNpmPath(absent), '--only', 'lambda-runtime');
    expect(code).toBe(0);
    expect(stdout).toContain('not run: lambda-runtime: the zips run by the client of the Lambda runtime: ');
    expect(stdout).toContain(reason);
    expect(findTool('lambda-runtime')).toBeUndefined();
  });

  test('ends within the budget, and leaves nothing in place', async () => {
    const bin = await toPath('exec /bin/sleep 600');
    const { code, stdout } = await runTools(bin, '--only', 'cluster-reader', '--budget', '0');
    expect(code).toBe(0);
    expect(stdout).toContain('the budget of 0 s is used up');
    expect(await readdir(path.join(cache, 'cluster-reader')).catch(() => [])).toEqual([]);
  });

  test('when it is ended, all that it started ends with it', async () => {
    const pids = path.join(cache, 'pids');
    const PATH = await toPath('/bin/sleep 600 &', `echo "$$ $!" > ${pids}.new && /bin/mv ${pids}.new ${pids}`, 'wait');
    const env = { PATH, HOME: parent, SIGNET_TEST_TOOLS: cache };
    const child = spawn(process.execPath, [MAIN, '--only', 'cluster-reader'], { env, stdio: 'ignore' });
    await vi.waitUntil(() => isThere(pids), { timeout: 90_000 });
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
    for (const pid of (await readFile(pids, 'utf8')).trim().split(' ')) expect(await isRunning(pid)).toBe(false);
    expect(await readSummary()).toMatchObject({ tools: [{ reason: 'it was ended by SIGTERM' }] });
    expect(await isThere(path.join(cache, 'lock'))).toBe(false);
  });

  test('what an ended run left is removed', async () => {
    const left = `${reader === undefined ? '' : toFolder(reader)}.unfinished-1`;
    await mkdir(left, { recursive: true });
    await runTools(await toPath(...WRITES), '--only', 'cluster-reader');
    expect(await isThere(left)).toBe(false);
  });
});

/** Not a process that has ended and is not yet waited for. */
async function isRunning(pid: string): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return /^State:\s+[^ZX]/m.test(status);
}

describe('the lock', () => {
  test('of a living process is waited for, within the budget', async () => {
    await writeFile(path.join(cache, 'lock'), String(process.pid));
    const { code, stdout } = await runTools(await toPath(...WRITES), '--only', 'cluster-reader', '--budget', '1');
    expect(code).toBe(0);
    expect(stdout).toContain(`waits for process ${process.pid}`);
    expect(stdout).toContain('the budget of 1 s is used up');
    expect(await readFile(path.join(cache, 'lock'), 'utf8')).toBe(String(process.pid));
  });

  test.each([
    ['of a process that has ended', async () => String(await endedProcess())],
    ['without a number', async () => ''],
  ])('%s is taken', async (_, toContent) => {
    await writeFile(path.join(cache, 'lock'), await toContent());
    await runTools(await toPath(...WRITES), '--only', 'cluster-reader');
    expect(findTool('cluster-reader')).toBeDefined();
  });
});

async function endedProcess(): Promise<number | undefined> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(child, 'exit');
  return child.pid;
}

describe('arguments', () => {
  test.each([
    ['an unknown tool', ['--only', 'oc'], 'there is no test tool "oc"'],
    ['an unknown flag', ['--all'], "Unknown option '--all'"],
    ['a budget of words', ['--budget', 'much'], '"much" is not a number of seconds'],
  ])('%s: exit 2', async (_, args, message) => {
    const { code, stderr } = await runTools(await toPath(), ...args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  test('--list installs nothing', async () => {
    const { stdout } = await runTools(await toPath(...WRITES), '--list', '--only', 'cluster-reader');
    expect(stdout).toMatch(/^cluster-reader [0-9a-f]{12}: not installed \(about 240 s\)\n$/);
  });
});
