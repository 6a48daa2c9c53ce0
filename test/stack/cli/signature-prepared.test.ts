import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SignedRelease, writeSignedRelease } from '../../../bench/process/verifying-programs.ts';
import { buildCli } from '../../../scripts/build-cli.ts';

const SOURCE = path.join(import.meta.dirname, '../../../cli/shell/main.ts');

let scratch: string;
let release: SignedRelease;
let other: SignedRelease;
let built: string;

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'signet-prepared-'));
  release = await writeSignedRelease(scratch);
  const folder = await mkdtemp(path.join(scratch, 'other-'));
  other = await writeSignedRelease(folder);
  built = await buildCli(path.join(scratch, 'cli'), ['signature']);
});

afterAll(() => rm(scratch, { recursive: true, force: true }));

async function signet(program: string, ...args: readonly string[]) {
  return await new Promise<{ status: number; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, [program, 'signature', 'verify', ...args], (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

describe('signet signature verify --prepared', () => {
  test.each(['source', 'built'])('accepts what the key files accept, in the same words (%s)', async (kind) => {
    const program = kind === 'built' ? built : SOURCE;
    const signature = release.at('signature-1');
    const byPrepared = await signet(program, signature, '--prepared', release.at('prepared.json'));
    const byKeys = await signet(program, signature, '--keyring', release.at('keys.asc'));
    expect(byPrepared.stdout).toMatch(/^valid {2}sha256:/);
    expect(byPrepared).toMatchObject({ status: 0, stderr: '' });
    expect(byPrepared).toEqual(byKeys);
  });

  test('rejects a signature by a key that the trust does not hold', async () => {
    const { status, stdout } = await signet(SOURCE, release.at('signature-1'), '--prepared', other.at('prepared.json'));
    expect(stdout).toMatch(/^invalid {2}KeyUnknown/);
    expect(status).toBe(1);
  });

  test.each<readonly [string, (at: SignedRelease['at']) => readonly string[], RegExp]>([
    ['neither keys nor trust', () => [], /name at least one key file with --keyring/],
    ['both', (at) => ['--prepared', at('prepared.json'), '--keyring', at('keys.asc')], /not both/],
    ['a file that is not there', () => ['--prepared', '/no/such/file'], /cannot read \/no\/such\/file/],
    ['a file that is no trust', (at) => ['--prepared', at('keys.asc')], /keys\.asc/],
  ])('refuses %s', async (_, toArgs, reason) => {
    const { status, stderr, stdout } = await signet(SOURCE, release.at('signature-1'), ...toArgs(release.at));
    expect(stderr).toMatch(reason);
    expect(stdout).toBe('');
    expect(status).toBe(2);
  });

  test('refuses trust whose revision is not that of its documents', async () => {
    const trust = JSON.parse(await readFile(release.at('prepared.json'), 'utf8')) as object;
    const file = path.join(scratch, 'changed.json');
    await writeFile(file, JSON.stringify({ ...trust, revision: 'a'.repeat(64) }));
    const { status, stderr } = await signet(SOURCE, release.at('signature-1'), '--prepared', file);
    expect(stderr).toMatch(/the revision is not that of its documents/);
    expect(status).toBe(2);
  });
});
