import { execFile } from 'node:child_process';
import { hash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { createCleartextMessage, generateKey, readPrivateKey, sign } from 'openpgp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Check, runChecklist } from '../../scripts/release/checklist.ts';

const run = promisify(execFile);
const PROGRAM = `signet-1.2.3-${process.platform}-${process.arch}`;
const CHANGELOG = '# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-11-30\n\n- Something.\n';

let work = '';
let keys: { privateKey: string; publicKey: string };
const outerPath = process.env['PATH'];
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-checklist-'));
  keys = await generateKey({ userIDs: [{ name: 'Releaser' }], format: 'armored' });
});
afterAll(async () => {
  await rm(work, { recursive: true });
});

interface Case {
  /** Files of the checkout instead of the good ones. */
  readonly files?: Readonly<Record<string, string>>;
  readonly gate?: string;
  /** Done after the commit. */
  readonly before?: (root: string) => Promise<unknown>;
  /** What the second build differs in. */
  readonly second?: Readonly<Record<string, string>>;
  /** What is changed after the signature. */
  readonly tampered?: Readonly<Record<string, string>>;
  readonly commit?: string;
  readonly isSignedByAnother?: boolean;
  readonly program?: string;
}

const GIT = ['-c', 'user.name=t', '-c', 'user.email=t@t.example', '-c', 'commit.gpgsign=false'];

/** A checkout whose `npm run release` copies what a build would write. */
async function check(given: Case): Promise<{ checks: readonly Check[]; upload: string | undefined }> {
  const folder = await mkdtemp(path.join(work, 'case-'));
  const at = (...parts: readonly string[]): string => path.join(folder, ...parts);
  const root = at('root');
  const files: Readonly<Record<string, string>> = {
    'package.json': '{"version": "1.2.3"}',
    'package-lock.json': '{"version": "1.2.3"}',
    'lib/verdict/judge/verdict.ts': "export const VERIFIER_VERSION = 'signet/1.2.3';\n",
    'CHANGELOG.md': CHANGELOG,
    ...given.files,
  };
  for (const [name, text] of Object.entries(files)) await write(path.join(root, name), text);
  const git = async (...args: readonly string[]) => (await run('git', [...GIT, '-C', root, ...args])).stdout.trim();
  await git('init', '-q');
  await git('add', '-A');
  await git('commit', '-q', '-m', 'a release');
  await given.before?.(root);
  const digest = { gitCommit: given.commit ?? (await git('rev-parse', 'HEAD')) };
  const built: Readonly<Record<string, string>> = {
    [PROGRAM]: given.program ?? '#!/bin/sh\n[ "$1" = version ] && echo \'{"verifier":"signet/1.2.3"}\'\nexit 0\n',
    'signet-1.2.3.provenance.json': JSON.stringify({
      predicate: { buildDefinition: { resolvedDependencies: [{ digest }] } },
    }),
  };
  const sums = Object.entries(built).map(([name, text]) => `${hash('sha256', text)}  ${name}\n`);
  const signer = given.isSignedByAnother === true ? await generateKey({ userIDs: [{ name: 'Other' }] }) : keys;
  const text = sums.join('');
  const signed = await sign({
    message: await createCleartextMessage({ text }),
    signingKeys: await readPrivateKey({ armoredKey: signer.privateKey }),
  });
  const first = { ...built, 'sha256sum.txt': text, ...given.tampered, 'sha256sum.txt.asc': signed };
  const second = { ...built, 'sha256sum.txt': text, ...given.tampered, ...given.second };
  for (const [name, content] of Object.entries(first)) await write(at('first', name), content);
  for (const [name, content] of Object.entries(second)) await write(at('second', name), content);
  const copy = `mkdir -p "$5" && cp -p ${folder}/$(basename "$5")/* "$5"`;
  await write(at('bin/npm'), `#!/bin/sh\n${copy}\n`);
  await write(at('public.asc'), keys.publicKey);
  process.env['PATH'] = `${at('bin')}:${outerPath ?? ''}`;
  const checks: Check[] = [];
  const options = {
    root,
    output: at('out'),
    gate: given.gate ?? 'true',
    key: at('key.asc'),
    keyring: at('public.asc'),
  };
  try {
    return { upload: await runChecklist(options, (one) => checks.push(one)), checks };
  } finally {
    process.env['PATH'] = outerPath;
  }
}

async function write(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, text);
  await chmod(file, 0o755);
}

test('what holds is followed by what to upload', async () => {
  const { checks, upload } = await check({});
  expect(checks.filter(({ fault }) => fault !== undefined)).toEqual([]);
  expect(checks.length).toBe(11);
  for (const name of [PROGRAM, 'sha256sum.txt', 'sha256sum.txt.asc', 'git tag --sign v1.2.3']) {
    expect(upload).toContain(name);
  }
});

test.each<[name: string, given: Case, check: string, fault: string]>([
  [
    'a file that is not committed',
    { before: (root) => write(path.join(root, 'new'), '') },
    'the checkout is clean',
    'new',
  ],
  ['a lock file of another version', { files: { 'package-lock.json': '{"version":"1.2.2"}' } }, 'one version', '1.2.2'],
  ['no version', { files: { 'package.json': '{"version":"next"}' } }, 'one version', 'package.json'],
  ['sources of another version', { files: { 'lib/verdict/judge/verdict.ts': '' } }, 'one version', 'signet/1.2.3'],
  ['a changelog without it', { files: { 'CHANGELOG.md': '## [Unreleased]\n' } }, 'one version', 'no section'],
  [
    'a changelog without a date',
    { files: { 'CHANGELOG.md': '## [1.2.3] - soon\n\n- A.\n' } },
    'one version',
    'no date',
  ],
  [
    'a section without a word',
    { files: { 'CHANGELOG.md': '## [1.2.3] - 2026-11-30\n' } },
    'one version',
    'says nothing',
  ],
  ['changes left', { files: { 'CHANGELOG.md': CHANGELOG.replace('d]', 'd]\n\n- A.') } }, 'one version', 'Unreleased'],
  ['a tag', { before: (root) => run('git', ['-C', root, 'tag', 'v1.2.3']) }, 'the tag is not taken', 'v1.2.3'],
  ['a gate that fails', { gate: 'echo red; exit 3' }, 'the gate passes', 'red'],
  ['a gate that writes', { gate: 'touch left' }, 'the gate leaves', 'left'],
  ['a build that differs', { second: { [PROGRAM]: 'other' } }, 'both are identical', `${PROGRAM} differs`],
  ['a build with another file', { second: { more: '' } }, 'both are identical', 'more'],
  ['a build of another commit', { commit: '0'.repeat(40) }, 'they are of this commit', 'does not name'],
  ['a file changed after signing', { tampered: { [PROGRAM]: 'other' } }, 'Signet verifies', 'exit status 1'],
  ['another signer', { isSignedByAnother: true }, 'Signet verifies', 'exit status 1'],
  ['a program of another version', { program: '#!/bin/sh\necho signet/1.2.2\n' }, 'so does the program', '1.2.2'],
  ['a program that does not run', { program: '#!/bin/sh\nexit 70\n' }, 'so does the program', 'exit status 70'],
])('%s ends it', async (_, given, name, fault) => {
  const { checks, upload } = await check(given);
  const last = checks.at(-1);
  expect([last?.name.startsWith(name), upload]).toEqual([true, undefined]);
  expect(last?.fault).toContain(fault);
  expect(checks.slice(0, -1).every((one) => one.fault === undefined)).toBe(true);
});
