import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MAX_TRUST_FILE_BYTES } from '../../../lib/trust/documents/parse-trust-file.ts';
import { readTrustDirectory } from '../../../lib/trust/prepare/read-trust-directory.ts';
import { MAX_DOCUMENTS } from '../../../lib/trust/prepared/prepared-trust.ts';
import { configurationErrorOf } from '../expect-configuration-error.ts';
import { profile } from '../sample-documents.ts';

let root = '';

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'signet-trust-'));
});

afterEach(async () => {
  await rm(root, { recursive: true });
});

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
}

async function readNames(): Promise<[string, string[]][]> {
  return (await readTrustDirectory(root)).map(({ profile: name, documents }) => [name, documents.map((d) => d.name)]);
}

const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`ocp/${n}.yaml`, '']));

describe('what is read', () => {
  test.each([
    ['one profile in YAML', { 'a.yaml': '', 'b.yml': '', 'ca.pem': '' }, [[undefined, ['a.yaml', 'b.yml', 'ca.pem']]]],
    ['one profile in JSON', { 'a.json': '{}' }, [[undefined, ['a.json']]]],
    ['registries.d alone', { 'registries.d/a.yaml': '' }, [[undefined, ['registries.d/a.yaml']]]],
    ['a name from the Profile', { 'p.yaml': profile({}, 'acme'), 'a.yaml': '' }, [['acme', ['a.yaml', 'p.yaml']]]],
    [
      'a directory for each profile, and notes beside them',
      { 'README.md': '', 'okd/a.yaml': '', 'ocp/b.yaml': '', 'ocp/registries.d/c.yaml': '' },
      [
        ['ocp', ['b.yaml', 'registries.d/c.yaml']],
        ['okd', ['a.yaml']],
      ],
    ],
    ['hidden names are passed over', { 'ocp/a.yaml': '', 'ocp/.b.yaml': '', '.git/c.yaml': '' }, [['ocp', ['a.yaml']]]],
    [
      'a broken profile does not hide the others',
      { 'a/x.yaml': '{', 'b/y.yaml': '' },
      [
        ['a', ['x.yaml']],
        ['b', ['y.yaml']],
      ],
    ],
  ])('%s', async (_name, files, expected) => {
    await write(files);
    expect(await readNames()).toEqual(expected.map(([name, documents]) => [name ?? basename(root), documents]));
  });

  test('a mounted ConfigMap, whose files are links into a hidden directory', async () => {
    await write({ 'ocp/..2026/x.yaml': 'a: 1' });
    await symlink('..2026', join(root, 'ocp/..data'));
    await symlink('..data/x.yaml', join(root, 'ocp/x.yaml'));
    const [ocp] = await readTrustDirectory(root);
    expect(ocp?.documents).toEqual([{ name: 'x.yaml', bytes: new TextEncoder().encode('a: 1') }]);
  });

  test('hidden links beside profiles are passed over', async () => {
    await write({ 'ocp/x.yaml': '', '..2026/y.yaml': '' });
    await symlink('..2026', join(root, '..data'));
    expect(await readNames()).toEqual([['ocp', ['x.yaml']]]);
  });

  test('a link to a file beside profiles is no profile', async () => {
    await write({ 'ocp/x.yaml': '', 'README.md': '' });
    await symlink('README.md', join(root, 'README'));
    expect(await readNames()).toEqual([['ocp', ['x.yaml']]]);
  });

  test('a link to the directory itself', async () => {
    await write({ 'real/ocp/x.yaml': '' });
    await symlink('real', join(root, 'link'));
    expect(await readTrustDirectory(join(root, 'link'))).toHaveLength(1);
  });
});

describe('what is refused', () => {
  test.each([
    ['an empty directory', {}, 'TrustMissing', 'there are no trust documents in it'],
    ['notes alone', { 'README.md': '' }, 'TrustMissing', 'there are no trust documents in it'],
    ['a profile and directories', { 'a.yaml': '', 'ocp/a.yaml': '' }, 'DocumentInvalid', 'itself and ocp/'],
    ['a directory in a profile', { 'ocp/a.yaml': '', 'ocp/b/a.yaml': '' }, 'DocumentInvalid', 'ocp/b: '],
    ['a file beyond the limit', { 'a.yaml': ' '.repeat(MAX_TRUST_FILE_BYTES + 1) }, 'LimitExceeded', 'a.yaml: '],
    ['more files than allowed', many(MAX_DOCUMENTS + 1), 'LimitExceeded', 'more than 256 documents'],
    ['a Profile that cannot be read', { 'a.yaml': profile({ mode: 'x' }) }, 'DocumentInvalid', 'a.yaml:8: '],
  ])('%s', async (_name, files, code, reason) => {
    await write(files);
    const error = await configurationErrorOf(() => readTrustDirectory(root));
    expect(error?.code).toBe(code);
    expect(error?.message).toContain(reason);
  });

  test('as many files and bytes as are allowed are read', async () => {
    await write({ ...many(MAX_DOCUMENTS - 1), 'ocp/x.txt': ' '.repeat(MAX_TRUST_FILE_BYTES) });
    expect((await readTrustDirectory(root))[0]?.documents).toHaveLength(MAX_DOCUMENTS);
  });

  test.each([
    ['a directory that is not there', 'none', 'TrustMissing'],
    ['a file', 'x.yaml', 'TrustMissing'],
  ])('%s', async (_name, name, code) => {
    await write({ 'x.yaml': '' });
    expect((await configurationErrorOf(() => readTrustDirectory(join(root, name))))?.code).toBe(code);
  });

  test.each([
    ['a link to a directory beside profiles', { 'ocp/a.yaml': '', '.okd/a.yaml': '' }, '.okd'],
    ['a link to a directory alone', { '.okd/a.yaml': '' }, '.okd'],
    ['a link to a directory elsewhere', { 'ocp/a.yaml': '' }, tmpdir()],
    ['a link to what is not there: a profile that is not mounted', { 'ocp/a.yaml': '' }, 'nowhere'],
  ])('%s, where profiles are', async (_name, files, target) => {
    await write(files);
    await symlink(target, join(root, 'okd'));
    const error = await configurationErrorOf(() => readTrustDirectory(root));
    expect([error?.code, error?.message.slice(0, 5)]).toEqual(['DocumentInvalid', 'okd: ']);
  });

  test.each([
    ['a link to a directory', (path: string) => symlink('..', path)],
    ['a link to nothing', (path: string) => symlink('nowhere', path)],
    ['a named pipe', async (path: string) => void execFileSync('mkfifo', [path])],
  ])('%s', async (_name, make) => {
    await write({ 'ocp/a.yaml': '' });
    await make(join(root, 'ocp/b.yaml'));
    const error = await configurationErrorOf(() => readTrustDirectory(root));
    expect([error?.code, error?.message.slice(0, 8)]).toEqual(['DocumentInvalid', 'b.yaml: ']);
  });
});
