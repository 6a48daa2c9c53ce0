import { hash } from 'node:crypto';
import path from 'node:path';
import { InputError } from '../../base/errors/input-error.ts';
import type { IndexedKeyring } from '../../crypto/openpgp/keys/keyring.ts';
import { readRegularFile } from '../../platform/files/read-regular-file.ts';
import { allOf } from '../../verdict/judge/outcome.ts';
import type { Outcome } from '../../verdict/judge/verdict.ts';
import { checkFiles, type FileCheck } from './check-files.ts';
import { type ListedFile, requireAgreement, toListedFile, toPath } from './listed-file.ts';
import { isChecksumList, MAX_LIST_BYTES, parseChecksumList } from './parse-checksum-list.ts';
import { type VerifiedList, verifyListFile } from './verify-list-file.ts';

/** Lists that a list names, and lists that those name, all together. */
export const MAX_NESTED_LISTS = 64;
/** Levels of nested lists below the signed one. */
export const MAX_NESTED_DEPTH = 4;

export interface ChecksumQuestion {
  readonly file: string;
  /** Replaces the signature files next to the list. */
  readonly signature: string | undefined;
  /** Files and folders to check; by default the folder of the list. */
  readonly paths: readonly string[];
  readonly ignoreMissing: boolean;
  /** Whether lists that the list names are followed. */
  readonly nested: boolean;
  /** `list`: only the signature is verified. */
  readonly what: 'files' | 'list';
  readonly onProgress: (done: number, total: number) => void;
}

/** A list, its signatures, and the checked files. */
export interface ChecksumReport extends VerifiedList {
  /** `unreadable`: a file could not be read, and nothing else is wrong. */
  readonly outcome: 'verified' | 'rejected' | 'unreadable';
  readonly files: readonly FileCheck[];
}

/**
 * Verifies a list, then the files. No file is hashed for a list that is not signed. If no file is checked, the outcome is
 * a rejection.
 *
 * @param now seconds since 1970
 * @throws InputError for a list that cannot be read, or that has an invalid line
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
  // `./name` and `name` are the same file.
  requireAgreement(named);
  const { files, checks } = question.nested ? await followLists(named, folder) : { files: named, checks: [] };
  if (question.what === 'list') return { ...list, files: checks, outcome: judge(checks, listed.length) };
  const paths = question.paths.length === 0 ? [folder] : question.paths;
  const checked = await checkFiles(files, { ...question, paths });
  const known = new Map(checked.map(({ path: place, outcome }) => [path.resolve(place), outcome]));
  // A nested list that differed when it was followed, and no longer does, was replaced meanwhile: that counts.
  const links = checks.filter((check) => known.get(path.resolve(check.path)) !== check.outcome);
  return { ...list, files: [...links, ...checked], outcome: judge([...links, ...checked], checked.length) };
}

/** @param count how many files or lines had to be checked */
function judge(checks: readonly FileCheck[], count: number): ChecksumReport['outcome'] {
  return FROM_JUDGED[allOf([count > 0 ? 'accepted' : 'rejected', ...checks.map(({ outcome }) => TO_JUDGED[outcome])])];
}

const TO_JUDGED = {
  matches: 'accepted',
  differs: 'rejected',
  missing: 'rejected',
  'not listed': 'rejected',
  refused: 'rejected',
  unreadable: 'indeterminate',
} as const satisfies Readonly<Record<FileCheck['outcome'], Outcome>>;
const FROM_JUDGED = { accepted: 'verified', rejected: 'rejected', indeterminate: 'unreadable' } as const;

/** The files that nested lists name, and the checks of those lists. */
interface FollowedLists {
  readonly files: readonly ListedFile[];
  readonly checks: readonly FileCheck[];
}

/**
 * Follows the checksum lists that a verified list names: their hashes in the signed list make their content as good as
 * signed. Each is hashed and parsed from the same bytes; one whose hash differs is not parsed.
 *
 * @param folder of the signed list
 * @throws InputError for an invalid line, for lists that contradict each other, and for too many lists
 */
async function followLists(listed: readonly ListedFile[], folder: string): Promise<FollowedLists> {
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

/** The bytes of a nested list, or undefined. A missing or unreadable file is reported when it is hashed. */
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
  const message = `more than ${MAX_NESTED_LISTS} nested lists, or nested more than ${MAX_NESTED_DEPTH} deep`;
  return new InputError('FileUnreadable', message);
}
