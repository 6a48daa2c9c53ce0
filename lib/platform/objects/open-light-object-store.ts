import type { AwsSettings } from '../aws/aws-settings.ts';
import type { ObjectStore } from './port/object-store.ts';
import { checkDirectoryLocation, isS3Location, parseS3Location } from './s3/s3-location.ts';

/**
 * As `openObjectStore`, without listing and without the AWS SDK: for functions that have to start fast. Only
 * the module of the one place is loaded.
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
