import type { AwsSettings } from '../aws/aws-settings.ts';
import type { ObjectReader } from './port/object-store.ts';
import { checkDirectoryLocation, isS3Location, parseS3Location } from './s3/s3-location.ts';

/**
 * As `openLightObjectStore`, for a function that reads alone: its bundle holds nothing that writes, locks or lists. A
 * module of its own, because a bundle gets every module that is named here.
 *
 * @throws InputError `ArgumentInvalid` for another scheme or a bucket that cannot be
 */
export async function openLightObjectReader(location: string, readAws: () => AwsSettings): Promise<ObjectReader> {
  if (isS3Location(location)) {
    const bucket = parseS3Location(location);
    const { createS3LightReader } = await import('./s3/s3-light-reader.ts');
    return createS3LightReader({ ...bucket, ...readAws() });
  }
  checkDirectoryLocation(location);
  const { createDirectoryReader } = await import('./directory/directory-reader.ts');
  return createDirectoryReader(location);
}
