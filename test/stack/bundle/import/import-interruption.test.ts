import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { readSignedReleases } from '../../../../lib/cluster/render/read-signed-releases.ts';
import { createDirectoryObjectStore } from '../../../../lib/platform/objects/directory/directory-object-store.ts';
import {
  createScratch,
  digestOf,
  importInto,
  keyOf,
  makeBundle,
  makeBundleSigner,
  makeMirror,
  NOW,
  SIGNAL,
} from '../../../bundle/bundle-setup.ts';

const newPath = createScratch('bundle-kill-');
const COUNT = 300;
const KILLS = 8;

/** Imports in another process. @returns its exit code, and the milliseconds that it took once it had started */
async function importOnce(args: readonly string[], killAfterMs?: number) {
  const worker = spawn(
    process.execPath,
    [path.join(import.meta.dirname, '../../../bundle/import/processes/import-bundle.ts'), ...args],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  await once(worker.stdout, 'data');
  const began = performance.now();
  if (killAfterMs !== undefined) {
    await delay(killAfterMs);
    worker.kill('SIGKILL');
  }
  if (worker.exitCode === null && worker.signalCode === null) await once(worker, 'exit');
  return { code: worker.exitCode, took: performance.now() - began };
}

test.each(['a directory that is not there', 'a directory that holds signatures'])(
  'killed at random points of an import into %s, and run once more: complete, and nothing unverified',
  async (kind) => {
    const signer = await makeBundleSigner();
    const digests = Array.from({ length: COUNT }, (_, index) => digestOf(`killed ${index}`));
    const mirror = makeMirror(signer, digests);
    const [file, to, trust] = [newPath('bundle.tar.gz'), newPath('site'), newPath('trust')];
    await writeFile(file, (await makeBundle(mirror, [signer.profile])).bundle);
    await mkdir(path.join(trust, 'ocp'), { recursive: true });
    for (const { name, bytes } of signer.documents) await writeFile(path.join(trust, 'ocp', name), bytes);
    const objects = createDirectoryObjectStore(to);
    const held = digestOf('held before');
    if (kind.endsWith('signatures')) await objects.createObject(keyOf(held), signer.sign(held));
    const args = [file, to, trust, NOW.toISOString()];
    const { code, took } = await importOnce([file, newPath('measured'), trust, NOW.toISOString()]);
    expect(code).toBe(0);

    for (let kill = 0; kill < KILLS; kill += 1) {
      await importOnce(args, Math.random() * took);
      // Whatever is there after a kill can be served: whole, verified, from 1.
      const { leftOut } = await readSignedReleases({ objects, trust: signer.profile.trust, now: NOW, signal: SIGNAL });
      expect(leftOut).toEqual([]);
    }
    const last = await importInto(file, to, [signer.profile]);
    expect([last.outcome, last.written + last.held]).toEqual(['imported', COUNT]);
    const { releases, leftOut } = await readSignedReleases({
      objects,
      trust: signer.profile.trust,
      now: NOW,
      signal: SIGNAL,
    });
    expect([releases.length, leftOut]).toEqual([kind.endsWith('signatures') ? COUNT + 1 : COUNT, []]);
    for (const digest of digests) {
      expect(await readdir(path.join(to, path.dirname(keyOf(digest))))).toEqual(['signature-1']);
    }
  },
);
