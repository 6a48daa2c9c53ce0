import { InputError } from '../../base/errors/input-error.ts';

export type ChecksumAlgorithm = 'sha256' | 'sha384' | 'sha512';

/** Bytes of a checksum list, or of a file with its signature. */
export const MAX_LIST_BYTES = 1024 * 1024;

/** One line of a checksum list. */
export interface ListedChecksum {
  /** The listed name, with escapes resolved. */
  readonly name: string;
  readonly algorithm: ChecksumAlgorithm;
  /** Lower-case hex. */
  readonly hash: string;
  /** Line of the file, from 1. */
  readonly line: number;
}

/** The file of a list, and the line on which the list starts. */
export interface ListOrigin {
  readonly file: string;
  readonly firstLine: number;
}

const ALGORITHMS: ReadonlyMap<number, ChecksumAlgorithm> = new Map([
  [64, 'sha256'],
  [96, 'sha384'],
  [128, 'sha512'],
]);
/** Lengths of hashes that are broken: two files with the same hash can be made. */
const BROKEN: ReadonlyMap<number, string> = new Map([
  [32, 'MD5'],
  [40, 'SHA-1'],
]);
const GNU_LINE = /^(\\?)([0-9a-fA-F]{32,128}) [ *](.+)$/s;
const BSD_LINE = /^(\\?)(SHA256|SHA384|SHA512) \((.+)\) = ([0-9a-fA-F]+)$/s;

/**
 * Parses a list as `sha256sum` and similar tools write it, in GNU format (`hash  name`, `hash *name`, a backslash before
 * an escaped name) or BSD format (`SHA256 (name) = hash`). Only empty lines and `#` comments may occur between the entries.
 *
 * @throws InputError `FileUnreadable` with the file and line, also for a name with two different hashes
 */
export function parseChecksumList(content: Uint8Array, origin: ListOrigin): readonly ListedChecksum[] {
  const listed = new Map<string, ListedChecksum>();
  for (const [index, raw] of decode(content, origin).split('\n').entries()) {
    const text = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    if (text.trim() === '' || text.startsWith('#')) continue;
    const line = origin.firstLine + index;
    const checksum = parseLine(text, line, origin.file);
    const earlier = listed.get(checksum.name);
    if (earlier === undefined) {
      listed.set(checksum.name, checksum);
    } else if (earlier.hash !== checksum.hash) {
      const name = JSON.stringify(checksum.name);
      throw unreadable(origin.file, line, `${name} has another hash than in line ${earlier.line}`);
    }
  }
  return [...listed.values()];
}

/** Whether the first line, apart from empty ones and comments, is one of a checksum list: then all must be. */
export function isChecksumList(content: Uint8Array): boolean {
  const lines = Buffer.from(content).toString('latin1').split(/\r?\n/);
  const first = lines.find((line) => line.trim() !== '' && !line.startsWith('#')) ?? '';
  return GNU_LINE.test(first) || BSD_LINE.test(first);
}

function decode(content: Uint8Array, { file, firstLine }: ListOrigin): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch (cause) {
    throw new InputError('FileUnreadable', `${file}: the list from line ${firstLine} is not UTF-8`, { cause });
  }
}

function parseLine(text: string, line: number, file: string): ListedChecksum {
  const gnu = GNU_LINE.exec(text);
  const bsd = gnu === null ? BSD_LINE.exec(text) : null;
  if (gnu === null && bsd === null) {
    throw unreadable(file, line, `not a line of a checksum list: ${JSON.stringify(text.slice(0, 80))}`);
  }
  const [, escaped = '', hash = '', name = ''] = gnu ?? [bsd?.[0], bsd?.[1], bsd?.[4], bsd?.[3]];
  const broken = BROKEN.get(hash.length);
  if (broken !== undefined) throw unreadable(file, line, `${broken} is broken: use SHA-256, SHA-384 or SHA-512`);
  const algorithm = ALGORITHMS.get(hash.length);
  if (algorithm === undefined || (bsd !== null && bsd[2] !== algorithm.toUpperCase())) {
    throw unreadable(file, line, `a hash of ${hash.length} digits is not SHA-256, SHA-384 or SHA-512`);
  }
  return {
    name: escaped === '' ? name : unescapeName(name, line, file),
    algorithm,
    hash: hash.toLowerCase(),
    line,
  };
}

/** Resolves the escapes of coreutils: backslash, line feed and carriage return. */
function unescapeName(name: string, line: number, file: string): string {
  return name.replaceAll(/\\(.?)/gs, (_, letter: string) => {
    const character = { '\\': '\\', n: '\n', r: '\r' }[letter];
    if (character === undefined) throw unreadable(file, line, 'the name has an unknown escape');
    return character;
  });
}

function unreadable(file: string, line: number, why: string): InputError {
  return new InputError('FileUnreadable', `${file}:${line}: ${why}`);
}
