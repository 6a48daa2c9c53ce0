import { stat } from 'node:fs/promises';
import { InputError } from '../lib/errors/input-error.ts';
import { unlessAbsent } from '../lib/objects/file-error.ts';
import type { ObjectStore } from '../lib/objects/object-store.ts';
import { openObjectStore } from '../lib/objects/open-object-store.ts';
import { isS3Location } from '../lib/objects/s3-location.ts';

/** An object store that has to be there: a directory that is not says nothing about signatures. @throws InputError */
export async function openSource(from: string): Promise<ObjectStore> {
  const objects = await openObjectStore(from);
  const isThere = isS3Location(from) || ((await unlessAbsent(stat(from)))?.isDirectory() ?? false);
  if (!isThere) throw new InputError('FileUnreadable', `${from} is not a directory`);
  return objects;
}
