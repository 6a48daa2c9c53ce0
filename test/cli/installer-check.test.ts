import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { packTar } from 'modern-tar';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addInstaller } from '../../cli/installer/index.ts';
import { makeInstaller } from '../artifact/installer/installer-writer.ts';
import { FIXTURE_STORE, FIXTURE_TRUST, fixtureReleases } from '../support/fixture-releases.ts';
import { callNoun } from '../support/run-signet.ts';

let work = '';
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-installer-cli-'));
});
afterAll(async () => {
  await rm(work, { recursive: true });
});

async function check(bytes: Uint8Array, ...args: readonly string[]) {
  const file = path.join(work, 'openshift-install');
  await writeFile(file, bytes);
  const source = ['--trust', FIXTURE_TRUST, '--store', FIXTURE_STORE];
  return await callNoun(addInstaller, ['installer', 'check', file, ...source, ...args]);
}

describe('signet installer check', () => {
  test.each(fixtureReleases)('$why: $expected', async ({ pullspec, version, expected }) => {
    const { status, stdout } = await check(makeInstaller({ image: pullspec, version }), '-o', 'json');
    const { carries, verdict } = JSON.parse(stdout) as {
      carries: { untrustedPullspec: string; version: string };
      verdict: { outcome: string; pullspec: string; reasons: { code: string }[] };
    };
    expect(carries).toMatchObject({ untrustedPullspec: pullspec, version });
    expect(verdict.pullspec).toBe(pullspec);
    expect(status).toBe(expected === 'accept' ? 0 : 1);
    if (expected !== 'accept') expect(verdict.reasons.map(({ code }) => code)).toContain(expected);
  });

  test('says what it carries, and the verdict', async () => {
    const pullspec = fixtureReleases[0]?.pullspec ?? '';
    const body = makeInstaller({ image: pullspec, version: '4.99.0', architecture: 'linux/amd64' });
    const header = { name: 'openshift-install', size: body.length, type: 'file' } as const;
    const { status, stdout } = await check(gzipSync(await packTar([{ header, body }])));
    expect(status).toBe(0);
    expect(stdout).toMatch(new RegExp(`^carries {2}${pullspec}\n`));
    for (const line of ['  in it      openshift-install', '  says       version 4.99.0', `\naccepted  ${pullspec}`]) {
      expect(stdout).toContain(line);
    }
  });

  test('shows names in an archive, and none that a terminal would obey', async () => {
    const body = makeInstaller({ image: fixtureReleases[0]?.pullspec ?? '' });
    const header = { name: 'a\u001b[2J\nb', size: body.length, type: 'file' } as const;
    const { stdout } = await check(gzipSync(await packTar([{ header, body }])));
    expect(stdout).toContain('  in it      a\\u001b[2J\\u000ab\n');
  });

  test('an image from elsewhere is rejected by the pullspec policy', async () => {
    const { status, stdout } = await check(
      makeInstaller({ image: `quay.io/evil/ocp-release@sha256:${'a'.repeat(64)}` }),
    );
    expect([status, stdout.includes('RepositoryNotCanonical')]).toEqual([1, true]);
  });

  test('an image without a digest is rejected', async () => {
    const { status, stdout } = await check(
      makeInstaller({ image: 'quay.io/openshift-release-dev/ocp-release:4.16.37-x86_64' }),
    );
    expect([status, stdout.includes('DigestMissing')]).toEqual([1, true]);
  });

  test('a development build is a wrong call', async () => {
    await expect(check(makeInstaller({}))).rejects.toMatchObject({ name: 'InputError', code: 'FileUnreadable' });
  });
});
