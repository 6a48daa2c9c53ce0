import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildProgram } from '../../../cli/shell/build-program.ts';
import { loadNouns } from '../../../cli/shell/nouns.ts';
import { START_HELP } from '../../../local/options.ts';
import { buildCli } from '../../../scripts/build-cli.ts';
import { FIXTURE_STORE, FIXTURE_TRUST, fixtureReleases } from '../../support/fixture-releases.ts';
import { toRun } from '../../support/run-signet.ts';

const whole = buildProgram(toRun(), await loadNouns());
const PULLSPEC = fixtureReleases.find(({ expected }) => expected === 'accept')?.pullspec ?? '';
const SIGNATURE = path.join(FIXTURE_STORE, (PULLSPEC.split('@')[1] ?? '').replace(':', '='), 'signature-1');
const KEYRING = path.join(import.meta.dirname, '../../fixtures/openpgp/keys/rsa4096.asc');
/** What V8 says of the scripts that ran. */
const Coverage = v.object({ result: v.array(v.object({ url: v.string() })) });

let scratch = '';
let built = '';
beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'signet-built-'));
  built = await buildCli(path.join(scratch, 'cli'));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

function run(...args: readonly string[]) {
  return new Promise<{ status: number; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, args, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

describe('the built command line', () => {
  // The service reads the options of serve itself.
  const described = whole.commands.filter((command) => command.name() !== 'serve');
  test.each(described.map((command) => [command.name(), command] as const))(
    'has the help of %s, from a program of its own',
    async (name, command) => {
      const help = await run(built, name, '--help');
      expect(help).toMatchObject({ status: 0, stderr: '' });
      expect(help.stdout.replaceAll(/\s+/g, ' ')).toContain(command.description());
      for (const child of command.commands) expect(help.stdout).toContain(child.name());
    },
  );

  test('has the help of serve as the service itself says it', async () => {
    const stdout = START_HELP.replace('npm start --', 'signet serve');
    expect(await run(built, 'serve', '--help')).toEqual({ status: 0, stderr: '', stdout });
  });

  test('lists every command', async () => {
    const { status, stdout } = await run(built, '--help');
    expect(status).toBe(0);
    for (const command of whole.commands) expect(stdout).toContain(`\n  ${command.name()} `);
    expect((await run(built, 'completion', 'bash')).stdout).toContain('"mirror sync")');
  });

  const trust = ['--trust', FIXTURE_TRUST, '--store', FIXTURE_STORE];
  test.each([
    ['verify', ['verify', PULLSPEC, ...trust], 12],
    ['signature verify', ['signature', 'verify', SIGNATURE, '--keyring', KEYRING], 7],
  ])('reads few files for %s: each has to be found, read and linked', async (name, args, most) => {
    const coverage = path.join(scratch, `coverage of ${name}`);
    await promisify(execFile)(process.execPath, [built, ...args], { env: { NODE_V8_COVERAGE: coverage } });
    const [report = ''] = await readdir(coverage);
    const { result } = v.parse(Coverage, JSON.parse(await readFile(path.join(coverage, report), 'utf8')));
    const files = result.map(({ url }) => url).filter((url) => url.startsWith(String(pathToFileURL(scratch))));
    expect(files.filter((url) => url.endsWith('/main.mjs'))).toHaveLength(1);
    expect(files.length).toBeLessThanOrEqual(most);
  });

  test.each([
    ['a word that is none', ['verfy'], /unknown command 'verfy'/],
    ['a word that objects inherit', ['constructor'], /unknown command 'constructor'/],
    ['a path', ['../signature'], /unknown command/],
    ['a command that the word has not', ['signature', 'sign'], /unknown command 'sign'/],
    ['a file that is not there', ['signature', 'verify', '/nowhere', '--keyring', '/nowhere'], /cannot read \/nowhere/],
  ])('refuses %s', async (_, args, reason) => {
    const { status, stderr } = await run(built, ...args);
    expect([status, stderr]).toEqual([2, expect.stringMatching(reason)]);
    expect(stderr).not.toContain('    at ');
  });

  test('says which Node it needs', async () => {
    const older = path.join(scratch, 'older.mjs');
    await writeFile(
      older,
      `Object.defineProperty(process, 'versions', { value: { node: '20.1.0' } });
Object.defineProperty(process, 'version', { value: 'v20.1.0' });
await import(${JSON.stringify(built)});`,
    );
    expect(await run(older, 'verify')).toEqual({
      status: 70,
      stdout: '',
      stderr: 'Signet needs Node 24; this is v20.1.0\n',
    });
  });
});
