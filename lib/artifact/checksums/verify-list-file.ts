import { InputError } from '../../base/errors/input-error.ts';
import type { IndexedKeyring } from '../../crypto/openpgp/keys/keyring.ts';
import { evaluateSignedList, type ListEvaluation, type ListSignature } from './evaluate-signed-list.ts';
import { type ListedChecksum, parseChecksumList } from './parse-checksum-list.ts';
import { readListFile, readListFileIfAny } from './read-list-file.ts';

/** What one file with signatures says of a list. */
export interface SignatureFile {
  readonly file: string;
  readonly form: ListEvaluation['form'];
  readonly signatures: readonly ListSignature[];
}

/** A list as its signatures prove it. */
export interface VerifiedList {
  /** The file that was named. */
  readonly file: string;
  readonly signatureFiles: readonly SignatureFile[];
  /** What is in the files and not signed: never part of the list. */
  readonly unsigned: readonly { readonly file: string; readonly line: number; readonly text: string }[];
  /** Undefined: the list is not signed, and nothing of it may be used. */
  readonly listed: readonly ListedChecksum[] | undefined;
}

/** Where a signature is looked for beside a list, and what is cut off to find the list beside a signature. */
const SUFFIXES = ['.gpg', '.sig', '.asc'] as const;

/**
 * Reads a list and verifies its signatures. The file may carry both, be the list, or be the signature; its content
 * says which, and names only say where to look for the other half. Of several files beside a list one has to verify.
 *
 * @param signature file with the signatures of the list, instead of those beside it
 * @param now seconds since 1970
 * @throws InputError for a file that cannot be read, or a signed list with a line that is none
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
      throw new InputError('ArgumentInvalid', `${file} carries its own signature: leave --signature out`);
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
    throw new InputError('ArgumentInvalid', `${file} is a signature alone: name the list, and it with --signature`);
  }
  const list = file.slice(0, -suffix.length);
  return { file: list, bytes: await readListFile(list) };
}

/** @param source the file that lines are counted in where a signature is detached from its list */
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
