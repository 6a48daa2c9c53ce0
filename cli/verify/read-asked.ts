import { decodeText } from '../../lib/base/documents/read-objects.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { type Pullspec, parsePullspec } from '../../lib/base/names/reference.ts';
import { isReleaseVersion } from '../../lib/mirror/graph/release-name.ts';
import { refuseTransport } from '../../lib/registry/images/image-source.ts';
import { readInput, readStandardInput } from '../shell/read-input.ts';

/** Bytes of a file of pullspecs, and lines of it. */
export const MAX_LIST_BYTES = 8 * 1024 * 1024;
export const MAX_ASKED = 100_000;

/** What a call asks about, in its order; `line`, from 1, of one that a file names. */
export type Asked = AskedName & { readonly line?: number };

type AskedName =
  | { readonly kind: 'pullspec'; readonly text: string; readonly pullspec: Pullspec }
  | { readonly kind: 'version'; readonly version: string };

/**
 * The pullspecs and versions of the command line, then those of a file: one to a line, `#` begins a comment. All are read
 * before anything is contacted.
 *
 * @throws InputError, with file and line
 */
export async function readAsked(
  named: readonly string[],
  file: string | undefined,
  signal: AbortSignal,
): Promise<readonly Asked[]> {
  const asked: Asked[] = named.map(parseAsked);
  if (file === undefined) return asked;
  const isStandard = file === '-';
  const name = isStandard ? 'standard input' : file;
  const bytes = isStandard ? await readStandardInput(MAX_LIST_BYTES, signal) : await readInput(file, MAX_LIST_BYTES);
  const lines = decodeText(name, bytes).split('\n');
  for (const [at, line] of lines.entries()) {
    const comment = line.search(/(?:^|\s)#/);
    const text = (comment < 0 ? line : line.slice(0, comment)).trim();
    if (text !== '') asked.push({ ...parseLine(text, `${name}:${at + 1}`), line: at + 1 });
    if (asked.length > MAX_ASKED)
      throw new InputError('BodyTooLarge', `${name}:${at + 1}: more than ${MAX_ASKED} lines`);
  }
  if (asked.length === 0) throw new InputError('ArgumentInvalid', `${name} names no pullspec`);
  return asked;
}

function parseLine(text: string, place: string): AskedName {
  try {
    return parseAsked(text);
  } catch (cause) {
    if (!(cause instanceof InputError)) throw cause;
    throw new InputError(cause.code, `${place}: ${cause.message}`, { cause });
  }
}

function parseAsked(text: string): AskedName {
  if (isReleaseVersion(text)) return { kind: 'version', version: text };
  if (/^[0-9]+(?:\.[0-9]+)?$/.test(text)) {
    throw new InputError(
      'ArgumentInvalid',
      `${JSON.stringify(text)} is not a whole version: expected one such as 4.16.37`,
    );
  }
  refuseTransport(text, 'a pullspec or a version');
  return { kind: 'pullspec', text, pullspec: parsePullspec(text) };
}
