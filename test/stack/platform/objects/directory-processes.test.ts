import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDirectoryObjectStore } from '../../../../lib/platform/objects/directory/directory-object-store.ts';
import { listKeys, readText, toBytes } from '../../../platform/objects/object-store-contract.ts';
import { startProcess, waitForExit } from '../../../platform/objects/processes/start-process.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'signet-processes-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe('directory: between processes', () => {
  it('loses no compare-and-swap of several processes', async () => {
    const processes = Array.from({ length: 4 }, () => startProcess('increment-counter.ts', [root, '5']));
    expect(await Promise.all(processes.map(waitForExit))).toEqual([0, 0, 0, 0]);
    expect(await readText(createDirectoryObjectStore(root), 'counter')).toBe('20');
    expect(await readdir(path.join(root, '.tmp', 'locks'))).toEqual([]);
  });

  it('holds only whole objects after its writers were killed', async () => {
    const store = createDirectoryObjectStore(root);
    let keys: readonly string[] = [];
    // On a busy machine a writer may be killed before its first object.
    for (let round = 0; round < 8 || keys.length <= 8; round += 1) {
      const child = startProcess('write-forever.ts', [root]);
      if (child.stdout !== null) await once(child.stdout, 'data');
      await delay(20 + round * 11);
      child.kill('SIGKILL');
      await waitForExit(child);
      keys = await listKeys(store, '');
    }
    for (const key of keys) {
      const bytes = (await store.readObject(key, 1_000_000))?.bytes ?? toBytes('');
      const hash = createHash('sha256').update(bytes.subarray(32)).digest();
      expect({ key, whole: hash.equals(bytes.subarray(0, 32)) }).toEqual({ key, whole: true });
    }
  });
});
