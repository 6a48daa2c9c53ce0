import { untilAborted } from '../../time/deadline.ts';

/** The bytes of an object, and a tag that changes whenever they do. */
export interface StoredObject {
  readonly bytes: Uint8Array;
  readonly etag: string;
}

/** One row of a listing; `size` in bytes. */
export interface ListedObject {
  readonly key: string;
  readonly size: number;
}

/** Where in a listing to start. */
export interface ListingStart {
  /** Only keys after it, in the order of the listing; it need not be the key of an object. By default from the first. */
  readonly after?: string | undefined;
}

/**
 * Keys and bytes: an S3 bucket or a directory. A key is `/`-separated segments, none empty, `.` or `..`; another
 * key is a StoreError `KeyRefused`. Every other failure is a StoreError too: only "no such key" reads as absent.
 */
export interface ObjectStore {
  /** Short, for messages; no credentials. */
  readonly description: string;
  /** The object, or undefined when there is none. At most `limit` bytes: a longer object is `LimitExceeded`. */
  readObject(key: string, limit: number): Promise<StoredObject | undefined>;
  /** Writes whole or not at all, never over another object. False when the key was taken. */
  createObject(key: string, bytes: Uint8Array): Promise<boolean>;
  /** Replaces what has this tag (undefined: what is absent). False when it is no longer so. */
  replaceObject(key: string, bytes: Uint8Array, etag: string | undefined): Promise<boolean>;
  /** Removes the object if there is one. */
  deleteObject(key: string): Promise<void>;
  /** All objects whose key starts with the prefix, sorted by key as S3 sorts: by the bytes of the UTF-8 form. */
  listObjects(prefix: string, start?: ListingStart): AsyncIterable<ListedObject>;
}

/**
 * The store within one deadline: no operation begins once the signal has aborted, and none is waited for any longer. A
 * write that is under way then may still succeed, as one whose answer was lost.
 *
 * @returns a store whose operations also throw the signal's reason
 */
export function bindObjectStore(store: ObjectStore, signal: AbortSignal): ObjectStore {
  const bind = async <T>(operation: () => Promise<T>): Promise<T> => {
    signal.throwIfAborted();
    return await untilAborted(operation(), signal);
  };
  return {
    description: store.description,
    readObject: (key, limit) => bind(() => store.readObject(key, limit)),
    createObject: (key, bytes) => bind(() => store.createObject(key, bytes)),
    replaceObject: (key, bytes, etag) => bind(() => store.replaceObject(key, bytes, etag)),
    deleteObject: (key) => bind(() => store.deleteObject(key)),
    async *listObjects(prefix, start) {
      for await (const listed of store.listObjects(prefix, start)) {
        signal.throwIfAborted();
        yield listed;
      }
    },
  };
}
