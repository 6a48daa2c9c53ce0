import { readdir, unlink } from 'node:fs/promises';
import path from 'node:path';
import { unlessAbsent } from '../../platform/files/file-error.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';

/** A store in a directory that can take back what was created through it. */
export interface RecordedCreations {
  readonly objects: ObjectStore;
  /**
   * Removes what was created, from the last. A signature stays when another writer has put one behind it since: readers
   * walk from 1, and would no longer reach that one.
   */
  readonly takeBack: () => Promise<void>;
}

interface Creation {
  readonly key: string;
  readonly folder: string;
  /** What was in the folder before. */
  readonly before: ReadonlySet<string>;
}

/** Records what is created in the store of this directory. */
export function recordCreations(root: string, objects: ObjectStore): RecordedCreations {
  const creations: Creation[] = [];
  return {
    objects: {
      ...objects,
      async createObject(key, bytes) {
        const folder = path.join(root, path.dirname(key));
        const before = new Set(await unlessAbsent(readdir(folder)));
        const isCreated = await objects.createObject(key, bytes);
        if (isCreated) creations.push({ key, folder, before });
        return isCreated;
      },
    },
    async takeBack() {
      for (const creation of creations.toReversed()) {
        if (!(await isFollowed(creation))) await unlessAbsent(unlink(path.join(root, creation.key)));
      }
    },
  };
}

async function isFollowed({ key, folder, before }: Creation): Promise<boolean> {
  const index = indexOf(key);
  const names = (await unlessAbsent(readdir(folder))) ?? [];
  return names.some((name) => !before.has(name) && indexOf(name) > index);
}

/** Of `signature-<n>`; NaN, which is behind nothing, for every other name. */
function indexOf(name: string): number {
  return Number(/(?:^|\/)signature-([1-9][0-9]*)$/.exec(name)?.[1]);
}
