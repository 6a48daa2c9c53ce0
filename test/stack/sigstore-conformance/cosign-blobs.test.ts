import { execFileSync } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { runSignet } from '../../support/run-signet.ts';
import { findTool } from '../../support/tools.ts';

const cosign = findTool('cosign-3');
const work = mkdtempSync(path.join(tmpdir(), 'signet-cosign-blobs-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

const CONTENT = Buffer.from('what cosign signed\n');
const OFFLINE = ['--use-signing-config=false', '--tlog-upload=false', '-y'];

function run(program: string, ...args: readonly string[]): void {
  execFileSync(program, args, { cwd: work, env: { ...process.env, COSIGN_PASSWORD: '' }, stdio: 'pipe' });
}

const verify = async (artifact: string, bundle: string, key: string): Promise<string> => {
  const { stdout } = await runSignet(['sigstore', 'verify', artifact, '--bundle', bundle, '--key', key, '-o', 'json'], {
    cwd: work,
  });
  const result = JSON.parse(stdout) as { valid: boolean; code?: string };
  return result.valid ? 'valid' : (result.code ?? '');
};

describe.skipIf(cosign === undefined)('bundles that cosign 3 makes of a file', () => {
  test('hold, and every change has its own code', async () => {
    const program = cosign ?? '';
    for (const name of ['one', 'other']) run(program, 'generate-key-pair', '--output-key-prefix', name);
    writeFileSync(path.join(work, 'file'), CONTENT);
    writeFileSync(path.join(work, 'changed'), 'what cosign signed!');
    run(program, 'sign-blob', 'file', '--key', 'one.key', '--bundle', 'bundle.json', ...OFFLINE);
    const digest = `sha256:${createHash('sha256').update(CONTENT).digest('hex')}`;
    expect([
      await verify('file', 'bundle.json', 'one.pub'),
      await verify(digest, 'bundle.json', 'one.pub'),
      await verify('changed', 'bundle.json', 'one.pub'),
      await verify('file', 'bundle.json', 'other.pub'),
      await verify(digest, 'bundle.json', 'other.pub'),
    ]).toEqual(['valid', 'valid', 'DigestMismatch', 'SignatureInvalid', 'SignatureInvalid']);
  });

  test('by a key of Ed25519, for which it states no digest: the file decides', async () => {
    const program = cosign ?? '';
    const { privateKey } = generateKeyPairSync('ed25519');
    writeFileSync(path.join(work, 'ed.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
    run(program, 'import-key-pair', '--key', 'ed.pem', '--output-key-prefix', 'ed');
    writeFileSync(path.join(work, 'file'), CONTENT);
    writeFileSync(path.join(work, 'changed'), 'what cosign signed!');
    run(program, 'sign-blob', 'file', '--key', 'ed.key', '--bundle', 'ed.json', ...OFFLINE);
    const digest = `sha256:${createHash('sha256').update(CONTENT).digest('hex')}`;
    expect([
      await verify('file', 'ed.json', 'ed.pub'),
      await verify('changed', 'ed.json', 'ed.pub'),
      await verify(digest, 'ed.json', 'ed.pub'),
    ]).toEqual(['valid', 'SignatureInvalid', 'SignatureUnsupported']);
  });
});
