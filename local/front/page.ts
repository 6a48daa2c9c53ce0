import { InputError } from '../../lib/base/errors/input-error.ts';
import { type PageFiles, readPageFiles } from '../../lib/platform/files/page-files.ts';

const DEFAULT_FOLDER = './console/dist';

/**
 * The files of the page, from the folder that is named, else from where it is built if it was.
 *
 * @throws InputError `ArgumentInvalid` for a named folder without a page; ConfigurationError for one that is too large
 */
export async function openPageFiles(named: string | undefined): Promise<PageFiles | undefined> {
  const files = await readPageFiles(named ?? DEFAULT_FOLDER);
  if (files !== undefined || named === undefined) return files;
  throw new InputError('ArgumentInvalid', `--console ${named} has no index.html; build the page with npm run console`);
}
