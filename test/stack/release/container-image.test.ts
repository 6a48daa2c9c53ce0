import { execFile, spawn } from 'node:child_process';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { promisify } from 'node:util';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FIXTURE_STORE, FIXTURE_TRUST, fixtureReleases } from '../../support/fixture-releases.ts';
import { findTool } from '../../support/tools.ts';

const run = promisify(execFile);
const ROOT = path.join(import.meta.dirname, '../../..');
const PLATFORM = `${process.platform}-${process.arch}`;
/** What Node links to, and roots of TLS: a base like UBI's without anything that has to be pulled. */
const BASE_PACKAGES = ['libc6', 'libgcc-s1', 'libstdc++6', 'ca-certificates', 'base-files'];
/** A user as OpenShift assigns one: without a name, in the group 0. */
const USER = '1000660000:0';
const Config = v.object({
  config: v.object({
    User: v.string(),
    Entrypoint: v.array(v.string()),
    Cmd: v.array(v.string()),
    Volumes: v.unknown(),
  }),
});

/**
 * Runs a program of a root file system that is mounted read-only, with /data from elsewhere and the program as the first
 * process, as a container runtime does.
 */
const CONTAINER = `set -e
root=$1; data=$2; shift 2
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount --bind "$data" "$root/data"
exec chroot --userspec=${USER} --groups=0 "$root" "$@"`;

const canRun = findTool('buildah') !== undefined && findTool('skopeo') !== undefined && process.getuid?.() === 0;

describe.runIf(canRun)('the container image', () => {
  let work = '';
  let archive = '';
  let config: v.InferOutput<typeof Config> | undefined;
  const at = (...parts: readonly string[]): string => path.join(work, ...parts);

  beforeAll(async () => {
    work = await mkdtemp(path.join(tmpdir(), 'signet-image-'));
    await makeBase();
    const release = ['scripts/release.ts', '--output', at('release'), '--platform', PLATFORM];
    await run(process.execPath, [...release, '--image', '--base', `oci-archive:${at('base.tar')}`], { cwd: ROOT });
    archive = at('release', (await readdir(at('release'))).find((name) => name.endsWith('-image.tar')) ?? '');
    await run('skopeo', ['copy', '--all', `oci-archive:${archive}`, `dir:${at('copied')}`]);
    await unpack();
  }, 300_000);
  afterAll(async () => {
    await rm(work, { recursive: true, force: true });
  });

  async function makeBase(): Promise<void> {
    await mkdir(at('packages'));
    await mkdir(at('base'));
    await run('apt-get', ['download', ...BASE_PACKAGES], { cwd: at('packages') });
    for (const name of await readdir(at('packages'))) await run('dpkg', ['-x', at('packages', name), at('base')]);
    const storage = ['--root', at('storage'), '--runroot', at('runroot')];
    const buildah = async (...args: readonly string[]) => (await run('buildah', [...storage, ...args])).stdout.trim();
    const container = await buildah('from', 'scratch');
    await buildah('copy', container, at('base'), '/');
    const image = await buildah('commit', '-q', container);
    await buildah('push', '-q', image, `oci-archive:${at('base.tar')}:base`);
    await buildah('rm', '--all');
    await buildah('rmi', '--all', '--force');
  }

  /** The layers of the one image, in order, as a root file system. */
  async function unpack(): Promise<void> {
    const index = v.parse(
      v.object({ manifests: v.array(v.object({ digest: v.string() })) }),
      JSON.parse(readFileSync(at('copied/manifest.json'), 'utf8')),
    );
    const blob = (digest = ''): string => at('copied', digest.replace('sha256:', ''));
    const manifestFile = `${blob(index.manifests[0]?.digest)}.manifest.json`;
    const manifest = v.parse(
      v.object({ config: v.object({ digest: v.string() }), layers: v.array(v.object({ digest: v.string() })) }),
      JSON.parse(readFileSync(manifestFile, 'utf8')),
    );
    config = v.parse(Config, JSON.parse(readFileSync(blob(manifest.config.digest), 'utf8')));
    await mkdir(at('root'));
    for (const { digest } of manifest.layers) await run('tar', ['-xpf', blob(digest), '-C', at('root')]);
    await mkdir(at('volume'));
    await chmod(at('volume'), 0o775);
  }

  /** @param data the folder that /data is */
  function start(args: readonly string[], data = at('volume')) {
    const inside = ['unshare', '-m', '-p', '-f', 'sh', '-c', CONTAINER, 'sh', at('root'), data];
    const [program = '', ...rest] = [...inside, ...(config?.config.Entrypoint ?? []), ...args];
    return spawn(program, rest, { env: { PATH: process.env['PATH'] }, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  test('says how it is run', () => {
    expect(config?.config).toEqual({
      User: '1001:0',
      Entrypoint: ['/usr/local/bin/signet'],
      Cmd: ['serve', '--host', '0.0.0.0', '--data', '/data'],
      Volumes: { '/data': {} },
    });
  });

  test('serves as any user over a read-only root, and SIGTERM ends it in order', async () => {
    await writeFile(at('volume/tokens'), `reader:${hash('sha256', 'token')}\n`);
    const who = ['--public-name', 'localhost', '--auth-token-file', '/data/tokens'];
    const child = start([...(config?.config.Cmd ?? []), '--port', '0', ...who]);
    let stderr = '';
    const port = await new Promise<string>((resolve, reject) => {
      child.once('close', () => reject(new Error(stderr)));
      child.stderr.on('data', (text) => {
        stderr += String(text);
        const [, found] = /ready at http:\/\/[^:]+:([0-9]+)/.exec(stderr) ?? [];
        if (found !== undefined) resolve(found);
      });
    });
    const answer = await fetch(`http://localhost:${port}/healthz`);
    const closed = once(child.removeAllListeners('close'), 'close');
    await run('pkill', ['-TERM', '-P', String(child.pid)]);
    await closed;
    expect([answer.status, stderr.includes('polling failed'), stderr.endsWith('stopped\n')]).toEqual([
      200,
      false,
      true,
    ]);
  });

  test('verifies a release, and imports what it mirrored and packed', async () => {
    const data = at('carried');
    await mkdir(data);
    await chmod(data, 0o775);
    await cp(FIXTURE_STORE, path.join(data, 'signatures'), { recursive: true });
    await cp(FIXTURE_TRUST, path.join(data, 'trust'), { recursive: true });
    const release = fixtureReleases.find(({ expected }) => expected === 'accept')?.pullspec ?? '';
    const [, digest = ''] = release.split('@');
    const [trust, store] = [
      ['--trust', '/data/trust'],
      ['--store', '/data/signatures'],
    ] as const;
    const call = async (...args: readonly string[]): Promise<string> => {
      const child = start(args, data);
      const [output, errors] = await Promise.all([
        readText(child.stdout),
        readText(child.stderr),
        once(child, 'close'),
      ]);
      return `${child.exitCode} ${output}${errors}`;
    };
    expect(await call('verify', release, ...trust, ...store)).toMatch(/^0 accepted {2}/);
    const synced = await call('mirror', 'sync', ...trust, ...store, '--to', '/data/mirror', '--digest', digest);
    expect(synced).toMatch(/^0 .*1 completed with 1 signature/);
    expect(await call('bundle', 'create', '/data/b.tar.gz', '--from', '/data/mirror', ...trust)).toMatch(/^0 created/);
    const imported = await call('bundle', 'import', '/data/b.tar.gz', '--to', '/data/site', ...trust);
    expect(imported).toMatch(/^0 imported .*\n {2}verified {4}1 of 1 signatures/);
    const refused = fixtureReleases.find(({ expected }) => expected === 'SignatureInvalid')?.pullspec ?? '';
    expect(await call('verify', refused, ...trust, ...store)).toMatch(/^1 rejected {2}/);
  });

  test('a data folder that it may not write is one line, exit 2', async () => {
    await mkdir(at('closed'), { mode: 0o755 });
    const child = start(['serve', '--port', '0', '--data', '/data'], at('closed'));
    let stderr = '';
    child.stderr.on('data', (text) => (stderr += String(text)));
    await once(child, 'close');
    expect([child.exitCode, stderr]).toEqual([2, expect.stringMatching(/^signet: --data \/data: .*\n$/)]);
  });

  test('two builds over one base are identical', async () => {
    const again = at('again');
    const args = ['scripts/release.ts', '--output', again, '--platform', PLATFORM, '--image'];
    await run(process.execPath, [...args, '--base', `oci-archive:${at('base.tar')}`], { cwd: ROOT });
    expect(readFileSync(path.join(again, path.basename(archive))).equals(readFileSync(archive))).toBe(true);
  });

  test('a base that cannot be had is an error, and nothing is left in its place', async () => {
    await writeFile(at('no-base.tar'), 'nothing');
    const args = ['scripts/release.ts', '--output', at('none'), '--platform', PLATFORM, '--image'];
    await expect(
      run(process.execPath, [...args, '--base', `oci-archive:${at('no-base.tar')}`], { cwd: ROOT }),
    ).rejects.toThrow();
    expect((await readdir(at('none'))).some((name) => name.endsWith('-image.tar'))).toBe(false);
  });
});
