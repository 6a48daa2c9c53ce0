import { createHash } from 'node:crypto';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import {
  compareKeys,
  type ObjectStore,
  parseKeyPrefix,
  parseListingStart,
  parseObjectKey,
  type StoredObject,
} from '../../lib/platform/objects/port/object-store.ts';

export interface MemoryObjectStore extends ObjectStore {
  /** Keys that were read, in order. */
  readonly reads: readonly string[];
}

/** Objects held in memory. With a failure, every read fails with it. */
export function createMemoryObjectStore(
  initial: Iterable<readonly [string, Uint8Array]> = [],
  { failure }: { readonly failure?: StoreError | undefined } = {},
): MemoryObjectStore {
  const objects = new Map(initial);
  const reads: string[] = [];
  // Sorted with the first listing after keys came or went.
  let sorted: readonly string[] | undefined;
  return {
    description: 'memory',
    reads,
    async readObject(key, limit): Promise<StoredObject | undefined> {
      parseObjectKey(key);
      reads.push(key);
      if (failure !== undefined) throw failure;
      const bytes = objects.get(key);
      if (bytes === undefined) return undefined;
      if (bytes.length > limit) throw new StoreError('LimitExceeded', `${key} is longer than ${limit} bytes`);
      return { bytes: Uint8Array.from(bytes), etag: etagOf(bytes) ?? '' };
    },
    async createObject(key, bytes) {
      parseObjectKey(key);
      if (objects.has(key)) return false;
      sorted = undefined;
      objects.set(key, Uint8Array.from(bytes));
      return true;
    },
    async replaceObject(key, bytes, etag) {
      parseObjectKey(key);
      if (etagOf(objects.get(key)) !== etag) return false;
      if (etag === undefined) sorted = undefined;
      objects.set(key, Uint8Array.from(bytes));
      return true;
    },
    async deleteObject(key) {
      parseObjectKey(key);
      objects.delete(key);
      sorted = undefined;
    },
    async *listObjects(prefix, start = {}) {
      parseKeyPrefix(prefix);
      const after = parseListingStart(start);
      sorted ??= [...objects.keys()].toSorted(compareKeys);
      for (const key of sorted) {
        const size = objects.get(key)?.length;
        if (size !== undefined && key.startsWith(prefix) && compareKeys(key, after) > 0) yield { key, size };
      }
    },
  };
}

function etagOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : createHash('sha256').update(bytes).digest('hex');
}
