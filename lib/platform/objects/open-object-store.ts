import { InputError } from '../../base/errors/input-error.ts';
import type { AwsSettings } from '../aws/aws-settings.ts';
import { createDirectoryObjectStore } from './directory/directory-object-store.ts';
import type { ObjectStore } from './port/object-store.ts';
import type { S3ClientOptions } from './s3/s3-client.ts';
import { isS3Location, parseS3Location } from './s3/s3-location.ts';

/**
 * The store at `s3://bucket[/prefix]` or in a directory. Who uses a directory never loads the AWS SDK.
 *
 * @throws InputError `ArgumentInvalid` for another scheme or a bucket that cannot be
 */
export async function openObjectStore(location: string, options: S3ClientOptions = {}): Promise<ObjectStore> {
  if (isS3Location(location)) return openS3(location, options);
  checkDirectoryLocation(location);
  return createDirectoryObjectStore(location);
}

async function openS3(location: string, options: S3ClientOptions): Promise<ObjectStore> {
  const parsed = parseS3Location(location);
  const [{ createS3Client }, { createS3ObjectStore }] = await Promise.all([
    import('./s3/s3-client.ts'),
    import('./s3/s3-object-store.ts'),
  ]);
  return createS3ObjectStore({ client: createS3Client(options), ...parsed });
}

/**
 * As `openObjectStore`, without listing and without the AWS SDK: for functions that have to start fast. What speaks to
 * the one place is not loaded for the other.
 *
 * @throws InputError `ArgumentInvalid` for another scheme or a bucket that cannot be
 */
export async function openLightObjectStore(location: string, readAws: () => AwsSettings): Promise<ObjectStore> {
  if (isS3Location(location)) {
    const bucket = parseS3Location(location);
    const { createS3LightObjectStore } = await import('./s3/s3-light-object-store.ts');
    return createS3LightObjectStore({ ...bucket, ...readAws() });
  }
  checkDirectoryLocation(location);
  const { createDirectoryObjectStore } = await import('./directory/directory-object-store.ts');
  return createDirectoryObjectStore(location);
}

/** @throws InputError `ArgumentInvalid` for what is empty or a URL: no store is opened in a directory of that name */
export function checkDirectoryLocation(location: string): void {
  if (location !== '' && !/^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(location)) return;
  throw new InputError('ArgumentInvalid', `${JSON.stringify(location)} is neither s3://bucket nor a directory`);
}
