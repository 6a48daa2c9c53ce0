import { stat } from 'node:fs/promises';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { unlessAbsent } from '../../lib/platform/files/file-error.ts';
import { openObjectStore } from '../../lib/platform/objects/open-object-store.ts';
import type { ObjectStore } from '../../lib/platform/objects/port/object-store.ts';
import { isS3Location } from '../../lib/platform/objects/s3/s3-location.ts';

/** An object store that has to be there: a directory that is not says nothing about signatures. @throws InputError */
export async function openSource(from: string): Promise<ObjectStore> {
  const objects = await openObjectStore(from);
  const isThere = isS3Location(from) || ((await unlessAbsent(stat(from)))?.isDirectory() ?? false);
  if (!isThere) throw new InputError('FileUnreadable', `${from} is not a directory`);
  return objects;
}
