import { openObjectStore } from '../../../lib/platform/objects/open-object-store.ts';
import type { ObjectStore } from '../../../lib/platform/objects/port/object-store.ts';

/** The object store at a location: a directory, or `s3://bucket/prefix` at the server that `SIGNET_TEST_S3` names, with the credentials of the environment. */
export async function openObjects(location: string): Promise<ObjectStore> {
  const endpoint = process.env['SIGNET_TEST_S3'];
  return await openObjectStore(location, endpoint === undefined ? {} : { endpoint });
}
