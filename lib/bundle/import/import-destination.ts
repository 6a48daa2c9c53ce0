import type { ObjectStore } from '../../platform/objects/port/object-store.ts';

/** Where verified signatures go. */
export interface ImportDestination {
  /** Short, for messages; no credentials. */
  readonly description: string;
  /**
   * Runs what writes. When it fails, a directory is left as it was; of a bucket, what was written stays: it was
   * verified, and the next import goes on from there.
   *
   * @throws what `action` throws; StoreError
   */
  write<Result>(action: (objects: ObjectStore) => Promise<Result>): Promise<Result>;
}

/** A bucket, which has no way to take many writes as one: all is verified before the first, and writes only add. */
export function createObjectDestination(objects: ObjectStore): ImportDestination {
  return { description: objects.description, write: (action) => action(objects) };
}
