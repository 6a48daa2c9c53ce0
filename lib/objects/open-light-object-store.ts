import { checkDirectoryLocation } from './check-directory-location.ts';
import { createDirectoryObjectStore } from './directory-object-store.ts';
import type { ObjectStore } from './object-store.ts';
import type { S3Credentials } from './s3-client.ts';
import { createS3LightObjectStore } from './s3-light-object-store.ts';
import { isS3Location, parseS3Location } from './s3-location.ts';

/** What a function has of AWS: its region, and credentials that last as long as its environment. */
export interface AwsSettings {
  readonly region: string;
  readonly credentials: S3Credentials;
}

/**
 * As `openObjectStore`, without listing and without the AWS SDK: for functions that have to start fast.
 *
 * @throws InputError `ArgumentInvalid` for another scheme or a bucket that cannot be
 */
export function openLightObjectStore(location: string, readAws: () => AwsSettings): ObjectStore {
  if (isS3Location(location)) return createS3LightObjectStore({ ...parseS3Location(location), ...readAws() });
  checkDirectoryLocation(location);
  return createDirectoryObjectStore(location);
}
