import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { createDirectoryObjectStore } from '../../../lib/platform/objects/directory/directory-object-store.ts';
import type { ObjectStore } from '../../../lib/platform/objects/port/object-store.ts';

/** Makes new directory stores that hold these objects; they are gone when the test file ends. */
export function createDirectoryStores(prefix: string): {
  readonly make: (initial?: Iterable<readonly [string, Uint8Array]>) => Promise<ObjectStore>;
} {
  let scratch = '';
  let count = 0;
  beforeAll(async () => {
    scratch = await mkdtemp(path.join(tmpdir(), prefix));
  });
  afterAll(async () => {
    await rm(scratch, { recursive: true, force: true });
  });
  return {
    async make(initial = []) {
      count += 1;
      const objects = createDirectoryObjectStore(path.join(scratch, String(count)));
      for (const [key, bytes] of initial) await objects.createObject(key, bytes);
      return objects;
    },
  };
}
