import { InputError } from '../../base/errors/input-error.ts';
import type { IndexedKeyring } from '../../crypto/openpgp/keys/keyring.ts';
import { isAbsent, toFileReason } from '../../platform/files/file-error.ts';
import { readRegularFile } from '../../platform/files/read-regular-file.ts';
import { evaluateSignedList, type ListEvaluation, type ListSignature } from './evaluate-signed-list.ts';
import { type ListedChecksum, MAX_LIST_BYTES, parseChecksumList } from './parse-checksum-list.ts';

/** The signatures of a list in one file. */
export interface SignatureFile {
  readonly file: string;
  readonly form: ListEvaluation['form'];
  readonly signatures: readonly ListSignature[];
}

/** A list with its evaluated signatures. */
export interface VerifiedList {
  /** The file that the user gave. */
  readonly file: string;
  readonly signatureFiles: readonly SignatureFile[];
  /** Lines that no signature covers; they are not part of the list. */
  readonly unsigned: readonly { readonly file: string; readonly line: number; readonly text: string }[];
  /** Undefined if the list is not signed: then nothing of it may be used. */
  readonly listed: readonly ListedChecksum[] | undefined;
}

/** Suffixes of signature files next to a list. */
const SUFFIXES = ['.gpg', '.sig', '.asc'] as const;

/**
 * Reads a list and verifies its signatures. The file may hold the list, its detached signature, or both; its content shows
 * which, and its name only where the other part is. Of several signature files next to a list one must verify.
 *
 * @param signature file with the signatures of the list, instead of those next to it
 * @param now seconds since 1970
 * @throws InputError for a file that cannot be read, or a signed list with an invalid line
 */
export async function verifyListFile(
  { file, signature }: { readonly file: string; readonly signature: string | undefined },
  keyring: IndexedKeyring,
  now: number,
): Promise<VerifiedList> {
  const untrustedBytes = await readListFile(file);
  const alone = evaluateSignedList(untrustedBytes, undefined, keyring, now);
  if (alone.form === 'detached') {
    const list = await findList(file, signature);
    return toList(file, list.file, [
      { file, evaluation: evaluateSignedList(untrustedBytes, list.bytes, keyring, now) },
    ]);
  }
  if (alone.form !== 'unsigned') {
    if (signature !== undefined) {
      throw new InputError('ArgumentInvalid', `${file} holds its own signature: omit --signature`);
    }
    return toList(file, file, [{ file, evaluation: alone }]);
  }
  const evaluated: Evaluated[] = [];
  for (const { file: found, bytes } of await findSignatures(file, signature)) {
    evaluated.push({ file: found, evaluation: evaluateSignedList(bytes, untrustedBytes, keyring, now) });
  }
  return toList(file, file, evaluated);
}

interface Evaluated {
  readonly file: string;
  readonly evaluation: ListEvaluation;
}

interface ReadFile {
  readonly file: string;
  readonly bytes: Uint8Array;
}

async function findSignatures(list: string, signature: string | undefined): Promise<readonly ReadFile[]> {
  if (signature !== undefined) return [{ file: signature, bytes: await readListFile(signature) }];
  const found: ReadFile[] = [];
  for (const suffix of SUFFIXES) {
    const file = `${list}${suffix}`;
    const bytes = await readListFileIfAny(file);
    if (bytes !== undefined) found.push({ file, bytes });
  }
  return found;
}

async function findList(file: string, signature: string | undefined): Promise<ReadFile> {
  const suffix = SUFFIXES.find((candidate) => file.endsWith(candidate));
  if (suffix === undefined || signature !== undefined) {
    throw new InputError(
      'ArgumentInvalid',
      `${file} is a detached signature: give the list, and the signature with --signature`,
    );
  }
  const list = file.slice(0, -suffix.length);
  return { file: list, bytes: await readListFile(list) };
}

/** @param source the file of the list, whose lines are counted if the signature is detached */
function toList(file: string, source: string, evaluated: readonly Evaluated[]): VerifiedList {
  const chosen = evaluated.find(({ evaluation }) => evaluation.signed !== undefined);
  const signed = chosen?.evaluation.signed;
  const unsigned = evaluated.flatMap(({ file: found, evaluation }) =>
    evaluation.outside.map(({ line, text }) => ({ file: found, line, text })),
  );
  const origin = chosen?.evaluation.form === 'detached' ? source : chosen?.file;
  return {
    file,
    signatureFiles: evaluated.map(({ file: found, evaluation: { form, signatures } }) => ({
      file: found,
      form,
      signatures,
    })),
    unsigned,
    listed:
      signed === undefined || origin === undefined
        ? undefined
        : parseChecksumList(signed.content, { file: origin, firstLine: signed.firstLine }),
  };
}

/** Reads a checksum list or its signature. @throws InputError `FileUnreadable`, also for one that is too long */
async function readListFile(file: string): Promise<Uint8Array> {
  const bytes = await readListFileIfAny(file);
  if (bytes === undefined) throw unreadable(file, 'no such file');
  return bytes;
}

/** Reads a file that may be missing: undefined then. @throws InputError `FileUnreadable` */
async function readListFileIfAny(file: string): Promise<Uint8Array | undefined> {
  try {
    const contents = await readRegularFile(file, MAX_LIST_BYTES, 'follow');
    if (contents.kind === 'whole') return contents.bytes;
    const why = contents.kind === 'cut' ? `longer than ${MAX_LIST_BYTES} bytes` : 'not a regular file';
    throw unreadable(file, why);
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    if (isAbsent(cause)) return undefined;
    throw unreadable(file, toFileReason(cause), cause);
  }
}

function unreadable(file: string, why: string, cause?: unknown): InputError {
  return new InputError('FileUnreadable', `cannot read ${file}: ${why}`, { cause });
}
