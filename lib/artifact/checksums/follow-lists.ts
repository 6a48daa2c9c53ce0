import { hash } from 'node:crypto';
import path from 'node:path';
import { InputError } from '../../base/errors/input-error.ts';
import { readRegularFile } from '../../platform/files/read-regular-file.ts';
import type { FileCheck } from './check-files.ts';
import { MAX_LIST_BYTES, MAX_NESTED_DEPTH, MAX_NESTED_LISTS } from './limits.ts';
import { type ListedFile, requireAgreement, toListedFile, toPath } from './listed-file.ts';
import { isChecksumList, parseChecksumList } from './parse-checksum-list.ts';

/** What lists name that a verified list names, and the checks of those lists. */
export interface FollowedLists {
  readonly files: readonly ListedFile[];
  readonly checks: readonly FileCheck[];
}

/**
 * Reads on in the checksum lists that a verified list names: the hash in the signed list makes theirs as good as
 * signed. A list is hashed and read from the same bytes; one whose hash differs is not read.
 *
 * @param folder of the signed list
 * @throws InputError for a list with a line that is none, lists that contradict each other, or too many of them
 */
export async function followLists(listed: readonly ListedFile[], folder: string): Promise<FollowedLists> {
  const files = [...listed];
  const checks: FileCheck[] = [];
  let level: readonly ListedFile[] = listed;
  for (let depth = 1; level.length > 0; depth++) {
    const found: ListedFile[] = [];
    for (const file of level) {
      const bytes = await readNested(file, folder);
      if (bytes === undefined || file.place === undefined) continue;
      if (depth > MAX_NESTED_DEPTH || checks.length === MAX_NESTED_LISTS) throw tooMany();
      const check = toCheck(file, toPath(folder, file.place), bytes);
      checks.push(check);
      if (check.outcome !== 'matches') continue;
      const nested = parseChecksumList(bytes, { file: check.path, firstLine: 1 });
      const parent = path.posix.dirname(file.place);
      found.push(...nested.map((checksum) => toListedFile(checksum, check.path, parent)));
    }
    files.push(...found);
    level = found;
  }
  requireAgreement(files);
  return { files, checks };
}

/** Its bytes when it is a list; what is absent or unreadable shows when it is hashed. */
async function readNested({ place }: ListedFile, folder: string): Promise<Uint8Array | undefined> {
  if (place === undefined) return undefined;
  try {
    const contents = await readRegularFile(toPath(folder, place), MAX_LIST_BYTES, 'follow');
    return contents.kind === 'whole' && isChecksumList(contents.bytes) ? contents.bytes : undefined;
  } catch {
    return undefined;
  }
}

function toCheck(listed: ListedFile, file: string, bytes: Uint8Array): FileCheck {
  const actual = hash(listed.algorithm, bytes, 'hex');
  const outcome = actual === listed.hash ? 'matches' : 'differs';
  return { path: file, outcome, listed, actual, message: undefined };
}

function tooMany(): InputError {
  const message = `lists name more than ${MAX_NESTED_LISTS} lists, or lists more than ${MAX_NESTED_DEPTH} deep`;
  return new InputError('FileUnreadable', message);
}
