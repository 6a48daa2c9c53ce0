import { createDirectoryObjectStore } from '../../../lib/objects/directory-object-store.ts';
import type { ObjectStore } from '../../../lib/objects/object-store.ts';

/** The object store at a location: a directory. */
export function openObjects(location: string): ObjectStore {
  return createDirectoryObjectStore(location);
}
