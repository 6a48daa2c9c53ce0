import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { unpackTar } from 'modern-tar';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FIXTURE_RELEASES, FIXTURE_TRUST } from '../support/fixture-releases.ts';
import { type Run, runSignet, toOverridden } from '../support/run-signet.ts';

const TRUST = ['--trust', FIXTURE_TRUST];
const FROM = ['--from', FIXTURE_RELEASES, ...TRUST];

describe('signet bundle create --with-tool --with-trust', () => {
  let work = '';
  const at = (...parts: readonly string[]): string => path.join(work, ...parts);
  const signet = (...args: readonly string[]): Promise<Run> => runSignet(['bundle', ...args], { cwd: work });

  beforeAll(async () => {
    work = await mkdtemp(path.join(tmpdir(), 'signet-carry-'));
    await writeFile(at('signet-0.2.0-linux-x64'), '#!/bin/sh\necho carried\n');
  });
  afterAll(async () => {
    await rm(work, { recursive: true });
  });

  test('holds the usual bundle, a program that can be run, and the sums of all; the page says what is told', async () => {
    const { status, stdout, stderr } = await signet(
      'create',
      'carry.tar.gz',
      ...FROM,
      '--tool',
      'signet-0.2.0-linux-x64',
      '--with-trust',
    );
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      /tell the other side, by another way than this archive:\n {4}program {5}signet-0\.2\.0-linux-x64 {2}sha256:/,
    );
    // By another reader than ours, as a person unpacks it.
    const files = await unpackTar(gunzipSync(await readFile(at('carry.tar.gz'))));
    const read = (name: string): Buffer => Buffer.from(files.find(({ header }) => header.name === name)?.data ?? []);
    const lines = files
      .filter(({ header }) => header.name !== 'sha256sum.txt')
      .map(({ header }) => `${createHash('sha256').update(read(header.name)).digest('hex')}  ${header.name}\n`);
    expect(read('sha256sum.txt').toString()).toBe(lines.join(''));
    const programs = files.filter(({ header }) => (header.mode ?? 0) & 0o111).map(({ header }) => header.name);
    expect(programs).toEqual(['signet-0.2.0-linux-x64']);
    const told = stdout.slice(stdout.indexOf('tell the other side'), stdout.indexOf('left out'));
    const shown = [...told.matchAll(/sha256:([0-9a-f]{64})|key +([0-9A-F]{40})/g)].map(([, sum, key]) => sum ?? key);
    expect(shown).toHaveLength(3);
    for (const one of shown) expect(read('README.md').toString()).toContain(one);
    await signet('create', 'plain.tar.gz', ...FROM);
    expect(read('bundle.tar.gz').equals(await readFile(at('plain.tar.gz')))).toBe(true);
    expect(files.map(({ header }) => header.name)).toContain('trust/ocp/release-verification.yaml');
  });

  test('is imported and inspected as the bundle in it, by the trust of this side', async () => {
    await signet('create', 'c.tar.gz', ...FROM, '--with-trust');
    const inspected = await signet('inspect', 'c.tar.gz', ...TRUST);
    expect([inspected.status, inspected.stdout]).toEqual([0, expect.stringMatching(/^intact {2}c\.tar\.gz\n/)]);
    const imported = await signet('import', 'c.tar.gz', ...TRUST, '--to', 'mirror');
    expect([imported.status, imported.stdout]).toEqual([
      0,
      expect.stringMatching(/^imported {2}c\.tar\.gz\n {2}verified {4}3 of 3/),
    ]);
    const without = await signet('import', 'c.tar.gz', '--to', 'other');
    expect([without.status, without.stderr]).toEqual([2, expect.stringContaining('--trust')]);
  });

  test.each(['import', 'inspect'])('of one that was changed nothing is used by %s', async (verb) => {
    await signet('create', 'good.tar.gz', ...FROM, '--with-trust');
    const bytes = await readFile(at('good.tar.gz'));
    bytes[bytes.length - 2000] = (bytes[bytes.length - 2000] ?? 0) ^ 1;
    await writeFile(at('bad.tar.gz'), bytes);
    const to = verb === 'import' ? ['--to', `bad-${verb}`] : [];
    const { status, stdout } = await signet(verb, 'bad.tar.gz', ...TRUST, ...to);
    expect([status === 0, stdout]).toEqual([
      false,
      expect.stringMatching(/^(?:unreadable|refused) {2}bad\.tar\.gz\n {2}fault/),
    ]);
    expect(await readdir(work)).not.toContain('bad-import');
  });

  test.each<[string, readonly string[], string]>([
    ['a Signet that is not one file', ['--with-tool'], 'name one with --tool FILE'],
    ['a program that is not there', ['--tool', 'none'], 'cannot read none'],
    ['no mirror', ['--with-trust', '--from', 'nowhere'], 'nowhere is not a directory: nothing is there'],
  ])('with %s exits 2 and leaves nothing', async (_, args, says) => {
    const before = await readdir(work);
    const { status, stderr } = await signet('create', 'x.tar.gz', ...toOverridden(FROM, args), ...args);
    expect([status, stderr]).toEqual([2, expect.stringContaining(says)]);
    expect(await readdir(work)).toEqual(before);
  });
});
