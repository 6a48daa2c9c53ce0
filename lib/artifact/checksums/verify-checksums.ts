import path from 'node:path';
import type { IndexedKeyring } from '../../crypto/openpgp/keys/keyring.ts';
import { checkFiles, type FileCheck } from './check-files.ts';
import { followLists } from './follow-lists.ts';
import { requireAgreement, toListedFile } from './listed-file.ts';
import { type VerifiedList, verifyListFile } from './verify-list-file.ts';

export interface ChecksumQuestion {
  readonly file: string;
  /** Instead of what lies beside the list. */
  readonly signature: string | undefined;
  /** Files and folders; none: the folder of the list. */
  readonly paths: readonly string[];
  readonly ignoreMissing: boolean;
  /** Reads on in lists that the list names. */
  readonly nested: boolean;
  /** `list`: its signature is all that is asked for. */
  readonly what: 'files' | 'list';
  readonly onProgress: (done: number, total: number) => void;
}

/** A list, its signatures, and the files that were held against it. */
export interface ChecksumReport extends VerifiedList {
  /** `unreadable`: nothing is wrong but that something could not be read. */
  readonly outcome: 'verified' | 'rejected' | 'unreadable';
  readonly files: readonly FileCheck[];
}

/**
 * Verifies a list, then the files. Nothing is hashed against a list that is not signed, and files that were asked for
 * and not found at all are a rejection: an answer about nothing is no yes.
 *
 * @param now seconds since 1970
 * @throws InputError for a file that cannot be read, or a list with a line that is none
 */
export async function verifyChecksums(
  question: ChecksumQuestion,
  keyring: IndexedKeyring,
  now: number,
): Promise<ChecksumReport> {
  const list = await verifyListFile(question, keyring, now);
  const { listed } = list;
  if (listed === undefined) return { ...list, outcome: 'rejected', files: [] };
  const folder = path.dirname(question.file);
  const named = listed.map((checksum) => toListedFile(checksum, question.file, ''));
  // `./name` and `name` are one file.
  requireAgreement(named);
  const { files, checks } = question.nested ? await followLists(named, folder) : { files: named, checks: [] };
  if (question.what === 'list') return { ...list, files: checks, outcome: judge(checks, listed.length) };
  const paths = question.paths.length === 0 ? [folder] : question.paths;
  const asked = await checkFiles(files, { ...question, paths });
  const known = new Map(asked.map(({ path: place, outcome }) => [path.resolve(place), outcome]));
  // A list that differed when it was read on in, and no longer does, was swapped: that counts.
  const links = checks.filter((check) => known.get(path.resolve(check.path)) !== check.outcome);
  return { ...list, files: [...links, ...asked], outcome: judge([...links, ...asked], asked.length) };
}

/** @param asked how much there was to answer */
function judge(checks: readonly FileCheck[], asked: number): ChecksumReport['outcome'] {
  const failed = checks.filter(({ outcome }) => outcome !== 'matches');
  if (failed.some(({ outcome }) => outcome !== 'unreadable')) return 'rejected';
  if (failed.length > 0) return 'unreadable';
  return asked > 0 ? 'verified' : 'rejected';
}
