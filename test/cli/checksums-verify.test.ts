import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { addChecksums } from '../../cli/checksums/index.ts';
import { type ListSigner, makeListSigner, toLine } from '../artifact/checksums/list-signer.ts';
import { callNoun } from '../support/run-signet.ts';

const hashOf = (content: string): string => createHash('sha256').update(content).digest('hex');
const LIST = toLine(hashOf('one'), 'one.tar.gz') + toLine(hashOf('two'), 'two.tar.gz');

let signer: ListSigner;
let work = '';
const at = (name: string): string => path.join(work, name);

beforeAll(async () => {
  signer = await makeListSigner('cli');
  work = await mkdtemp(path.join(tmpdir(), 'signet-checksums-cli-'));
  const files = {
    'key.gpg': signer.certificate,
    'one.tar.gz': 'one',
    'two.tar.gz': 'two',
    spoilt: 'spoilt',
    'sha256sum.txt': LIST,
    'sha256sum.txt.gpg': signer.inline(LIST),
    'sha256sum.txt.sig': `Hello\u001b[2J\n${signer.clearsigned(LIST, { version: 3 })}${toLine(hashOf('x'), 'x')}`,
    unsigned: LIST,
    'malformed.gpg': signer.inline(`${LIST}hello\n`),
    'swapped.txt': LIST.replace('one', 'own'),
    'swapped.txt.gpg': signer.inline(LIST),
  };
  for (const [name, content] of Object.entries(files)) await writeFile(at(name), content);
});
afterAll(async () => {
  await rm(work, { recursive: true });
});

async function run(...args: readonly string[]) {
  const { status, stdout } = await callNoun(addChecksums, ['checksums', 'verify', ...args]);
  return { status, stdout: stdout.replaceAll(`${work}${path.sep}`, '') };
}

const keyring = (): readonly string[] => ['--keyring', at('key.gpg')];

describe('signet checksums verify', () => {
  test('says who signed and what matches', async () => {
    const { status, stdout } = await run(at('sha256sum.txt.gpg'), ...keyring());
    expect(status).toBe(0);
    expect(stdout.split('\n')).toEqual([
      'verified  sha256sum.txt.gpg',
      `  signed by   ${signer.fingerprint}, 2025-01-15T00:00:00.000Z  (sha256sum.txt.gpg, inline)`,
      '  listed      2 files',
      '  matches     one.tar.gz',
      '  matches     two.tar.gz',
      '',
    ]);
  });

  test('never shows a hash outside the signed part as signed, and no control character', async () => {
    const { status, stdout } = await run(at('sha256sum.txt.sig'), at('x'), ...keyring());
    expect(status).toBe(1);
    expect(stdout).toContain('not signed  sha256sum.txt.sig:1: Hello\\u001b[2J');
    expect(stdout).toContain(`: ${hashOf('x')}  x\n`);
    expect(stdout).toContain('  not listed  x: no signed line names this file');
    expect(stdout.split(hashOf('x'))).toHaveLength(2);
  });

  test('shows no more of a line that is not signed than anybody reads', async () => {
    await writeFile(at('letter'), `${'x'.repeat(5000)}\n${signer.clearsigned(LIST)}`);
    const [text, json] = [await run(at('letter'), ...keyring()), await run(at('letter'), ...keyring(), '-o', 'json')];
    await rm(at('letter'));
    expect(text.stdout).toContain(`letter:1: ${'x'.repeat(200)}…\n`);
    expect(json.stdout).toContain('x'.repeat(5000));
  });

  test('shows names as they are written, and none that a terminal would obey', async () => {
    await writeFile(at('names'), signer.inline(toLine(hashOf('one'), 'a\u001b[2J\u009b2J\rb\u202e')));
    const { stdout } = await run(at('names'), '--list-only', ...keyring());
    await rm(at('names'));
    expect(stdout).toContain('  a\\u001b[2J\\u009b2J\\u000db\\u202e\n');
  });

  test('shows both hashes of a file that differs', async () => {
    await writeFile(at('two.tar.gz'), 'too');
    const { status, stdout } = await run(at('sha256sum.txt'), at('two.tar.gz'), ...keyring());
    await writeFile(at('two.tar.gz'), 'two');
    expect(status).toBe(1);
    expect(stdout).toContain(`    listed    sha256:${hashOf('two')}\n    it has    sha256:${hashOf('too')}\n`);
  });

  test('lists what is signed', async () => {
    const { status, stdout } = await run(at('sha256sum.txt.gpg'), '--list-only', ...keyring());
    expect(status).toBe(0);
    expect(stdout).toContain(`  files       none was hashed\n    sha256:${hashOf('one')}  one.tar.gz\n`);
  });

  test('says all of it as JSON', async () => {
    const { stdout } = await run(at('sha256sum.txt.gpg'), at('one.tar.gz'), ...keyring(), '-o', 'json');
    expect(JSON.parse(stdout)).toMatchObject({
      outcome: 'verified',
      signatureFiles: [{ form: 'inline', signatures: [{ valid: true, signer: signer.fingerprint }] }],
      unsigned: [],
      files: [{ outcome: 'matches', actual: hashOf('one'), listed: { name: 'one.tar.gz', line: 1 } }],
    });
  });

  test.each<[string, readonly string[], number, string]>([
    ['an unsigned list', ['unsigned'], 1, 'no signature is in it or beside it'],
    ['another list under a good name', ['swapped.txt'], 1, 'ContentMismatch'],
    ['a file that is not listed', ['sha256sum.txt.gpg', 'spoilt'], 1, 'not listed  spoilt'],
    ['a file that is missing', ['sha256sum.txt.gpg', 'gone/one.tar.gz'], 1, 'missing     gone/one.tar.gz'],
  ])('%s: exit %d', async (_, files, status, text) => {
    const result = await run(...files.map(at), ...keyring());
    expect(result.status).toBe(status);
    expect(result.stdout).toContain(text);
  });

  test.each<[string, readonly string[], string]>([
    ['a line that is none', ['malformed.gpg'], 'malformed.gpg:3: not a line of a checksum list'],
    ['no such list', ['gone'], 'no such file'],
  ])('%s is a wrong call', async (_, files, message) => {
    await expect(run(...files.map(at), ...keyring())).rejects.toThrow(message);
  });

  test('files beside --list-only are a wrong call, and so is no keyring', async () => {
    await expect(run(at('unsigned'), at('x'), '--list-only', ...keyring())).rejects.toThrow('--list-only');
    const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    await expect(run(at('unsigned'))).rejects.toThrow('--keyring');
    stderr.mockRestore();
  });
});
