import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';

const CASES = process.env['SIGNET_SIGSTORE_CONFORMANCE'];
const ENTRYPOINT = path.join(import.meta.dirname, 'entrypoint');
const BEACON = 'https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon';
const IDENTITY = `${BEACON}/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main`;
const ISSUER = 'https://token.actions.githubusercontent.com';

interface Ran {
  readonly status: number;
  readonly output: string;
}

async function run(args: readonly string[]): Promise<Ran> {
  return await new Promise((resolve) => {
    execFile(ENTRYPOINT, args, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code), output: stdout + stderr });
    });
  });
}

async function toArguments(folder: string): Promise<readonly string[]> {
  const at = (file: string) => path.join(folder, file);
  const textOf = async (file: string, otherwise: string) =>
    existsSync(at(file)) ? (await readFile(at(file), 'utf8')).trim() : otherwise;
  const signer = existsSync(at('key.pub'))
    ? ['--key', at('key.pub')]
    : [
        '--certificate-identity',
        await textOf('identity', IDENTITY),
        '--certificate-oidc-issuer',
        await textOf('issuer', ISSUER),
      ];
  const root = existsSync(at('trusted_root.json')) ? ['--trusted-root', at('trusted_root.json')] : [];
  return ['verify-bundle', '--bundle', at('bundle.sigstore.json'), ...signer, ...root];
}

/** By the path of what was signed, and by its digest. */
async function runCase(cases: string, name: string): Promise<readonly Ran[]> {
  const folder = path.join(cases, name);
  const own = path.join(folder, 'artifact');
  const artifact = existsSync(own) ? own : path.join(cases, 'a.txt');
  const args = await toArguments(folder);
  const digest = createHash('sha256')
    .update(await readFile(artifact))
    .digest('hex');
  return await Promise.all([run([...args, artifact]), run([...args, `sha256:${digest}`])]);
}

if (CASES === undefined) {
  test.skip('the sigstore-conformance suite: SIGNET_SIGSTORE_CONFORMANCE names no cases, so none ran', () => undefined);
} else {
  const entries = await readdir(CASES, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);

  test('there are cases of both kinds', () => {
    const failing = names.filter((name) => name.endsWith('_fail'));
    expect(failing.length).toBeGreaterThan(30);
    expect(names.length - failing.length).toBeGreaterThan(10);
    process.stdout.write(`sigstore-conformance: ${names.length} cases, each by path and by digest\n`);
  });

  describe('the sigstore-conformance suite', () => {
    test.each(names)(
      '%s',
      async (name) => {
        const statuses = (await runCase(CASES, name)).map(({ status }) => status);
        // 1 is a rejection, and 2 a key that cannot be read; 70 would be a fault of Signet's own.
        const allowed = name.endsWith('_fail') ? [1, 2] : [0];
        expect(statuses.map((status) => allowed.includes(status))).toEqual([true, true]);
      },
      120_000,
    );
  });

  test('without a trusted root of the staging instance it says what to give', async () => {
    const args = ['verify-bundle', '--staging', '--bundle', 'bundle.json', '--key', 'key.pub', 'a.txt'];
    const { status, output } = await run(args);
    expect([status, output]).toEqual([2, expect.stringContaining('give --trusted-root: there is no staging root at ')]);
  });

  test('nothing but verify-bundle is a command', async () => {
    expect(await run(['sign-bundle'])).toEqual({ status: 2, output: 'entrypoint: the one command is verify-bundle\n' });
  });
}
