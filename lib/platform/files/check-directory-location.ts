import { InputError } from '../../base/errors/input-error.ts';

/** @throws InputError `ArgumentInvalid` for what is empty or a URL: no store is opened in a directory of that name */
export function checkDirectoryLocation(location: string): void {
  if (location !== '' && !/^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(location)) return;
  throw new InputError('ArgumentInvalid', `${JSON.stringify(location)} is neither s3://bucket nor a directory`);
}
