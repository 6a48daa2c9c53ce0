import { openObjectStore } from '../../platform/objects/open-object-store.ts';
import { isS3Location } from '../../platform/objects/s3/s3-location.ts';
import { createDirectoryDestination } from './directory-destination.ts';
import { createObjectDestination, type ImportDestination } from './import-destination.ts';

/** `s3://bucket[/prefix]`, or a directory, which is made with the first write. @throws InputError `ArgumentInvalid` */
export async function openDestination(location: string): Promise<ImportDestination> {
  if (isS3Location(location)) return createObjectDestination(await openObjectStore(location));
  return createDirectoryDestination(location);
}
