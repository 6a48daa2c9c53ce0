import { stat } from 'node:fs/promises';
import { InputError } from '../../base/errors/input-error.ts';
import { createDirectoryObjectStore } from './directory/directory-object-store.ts';
import type { ObjectStore } from './port/object-store.ts';
import type { S3ClientOptions } from './s3/s3-client.ts';
import { checkDirectoryLocation, isS3Location, parseS3Location } from './s3/s3-location.ts';

/**
 * The store at `s3://bucket[/prefix]` or in a directory. Who uses a directory never loads the AWS SDK.
 *
 * @throws InputError `ArgumentInvalid` for another scheme or a bucket that cannot be; `FileUnreadable` for a file, which
 * holds no objects
 */
export async function openObjectStore(
  location: string,
  options: S3ClientOptions = {},
  openDirectory: (root: string) => ObjectStore = createDirectoryObjectStore,
): Promise<ObjectStore> {
  if (isS3Location(location)) return openS3(location, options);
  checkDirectoryLocation(location);
  const entry = await stat(location).catch(() => undefined);
  if (entry?.isDirectory() === false) throw new InputError('FileUnreadable', `${location} is not a directory`);
  return openDirectory(location);
}

async function openS3(location: string, options: S3ClientOptions): Promise<ObjectStore> {
  const parsed = parseS3Location(location);
  const [{ createS3Client }, { createS3ObjectStore }] = await Promise.all([
    import('./s3/s3-client.ts'),
    import('./s3/s3-object-store.ts'),
  ]);
  const client = createS3Client(options);
  if (await hasRegion(client)) return createS3ObjectStore({ client, ...parsed });
  return createS3ObjectStore({ client: createS3Client({ ...options, region: FIRST_REGION }), ...parsed });
}

/** Asked where neither the environment nor a profile of AWS names a region: it leads to the bucket's own. */
const FIRST_REGION = 'us-east-1';

async function hasRegion({
  config,
}: {
  readonly config: { readonly region: () => Promise<string> };
}): Promise<boolean> {
  return await config.region().then(
    () => true,
    () => false,
  );
}
