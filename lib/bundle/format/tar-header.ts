import { BundleError } from './bundle-error.ts';
import { type BundlePath, MANIFEST_PATH, maxBytesOf, parseBundlePath } from './bundle-path.ts';

/** Bytes of a block: headers are one, contents are filled up to whole ones. */
export const TAR_BLOCK = 512;

/** Offset and length of the fields that differ between entries, in POSIX.1-1988 (ustar). */
const NAME = [0, 100] as const;
const MODE = 100;
const EXECUTABLE = '0000755\0';
const SIZE = [124, 12] as const;
const CHECKSUM = [148, 8] as const;
const TYPE = 156;
/** From, to. */
const MAGIC = [257, 263] as const;
const PREFIX = [345, 155] as const;

/** All that is the same in every header: a regular file of nobody, of the beginning of 1980. */
const TEMPLATE = makeTemplate();
const ENTRY_KINDS: Readonly<Record<string, string>> = {
  '1': 'a hard link',
  '2': 'a symbolic link',
  '3': 'a character device',
  '4': 'a block device',
  '5': 'a directory',
  '6': 'a FIFO',
  g: 'a global header',
  K: 'a long link name',
  L: 'a long name',
  S: 'a sparse file',
  x: 'an extended header',
};

/** The header of a file of a bundle: the same for the same path and size, wherever and whenever it is written. */
export function toTarHeader(path: string, size: number, isExecutable = false): Buffer {
  const header = Buffer.from(TEMPLATE);
  if (isExecutable) header.write(EXECUTABLE, MODE, 'latin1');
  const slash = path.length > NAME[1] ? path.lastIndexOf('/') : -1;
  header.write(path.slice(slash + 1), NAME[0], 'latin1');
  if (slash > 0) header.write(path.slice(0, slash), PREFIX[0], 'latin1');
  header.write(toOctal(size, SIZE[1] - 1), SIZE[0], 'latin1');
  header.write(`${toOctal(sumOf(header), 6)}\0 `, CHECKSUM[0], 'latin1');
  return header;
}

/**
 * What a header announces. It must be, byte for byte, the one that {@link toTarHeader} makes: what no writer of ours
 * makes is not interpreted, so there is nothing that two readers could take for different files.
 *
 * @throws BundleError
 */
export function parseTarHeader(header: Buffer, isFirst: boolean): { readonly path: BundlePath; readonly size: number } {
  const { path: raw, size } = readTarFields(header);
  const named = { path: toShown(raw) };
  if (!hasChecksum(header)) throw new BundleError('Damaged', 'a tar header has a wrong checksum', named);
  if (isFirst && raw !== MANIFEST_PATH) {
    throw new BundleError(
      'NotABundle',
      `a bundle begins with ${MANIFEST_PATH}; unpack it and import the folder`,
      named,
    );
  }
  const type = String.fromCharCode(header[TYPE] ?? 0);
  if (type !== '0') {
    throw new BundleError(
      'EntryRefused',
      `${ENTRY_KINDS[type] ?? 'an unknown kind of entry'} is not in a bundle`,
      named,
    );
  }
  const path = parseBundlePath(raw);
  if (path === undefined) throw new BundleError('PathRefused', 'no file of a bundle has this path', named);
  if (!Number.isSafeInteger(size) || !toTarHeader(raw, size).equals(header)) {
    throw new BundleError('EntryRefused', 'the tar header is not one that signet writes', named);
  }
  const limit = maxBytesOf(path);
  if (size > limit)
    throw new BundleError('LimitExceeded', `the file has ${size} bytes, at most ${limit} are read`, named);
  return { path, size };
}

/** Zero bytes that follow contents of this size. */
export function paddingOf(size: number): number {
  return (TAR_BLOCK - (size % TAR_BLOCK)) % TAR_BLOCK;
}

function makeTemplate(): Buffer {
  const header = Buffer.alloc(TAR_BLOCK);
  header.write('0000644\0', 100, 'latin1');
  header.write('0000000\0', 108, 'latin1');
  header.write('0000000\0', 116, 'latin1');
  // 1980-01-01: some tools take an earlier time for a fault, and zip cannot say one.
  header.write(`${toOctal(Date.UTC(1980, 0, 1) / 1000, 11)}\0`, 136, 'latin1');
  header.write('0', TYPE, 'latin1');
  header.write('ustar', 257, 'latin1');
  header.write('00', 263, 'latin1');
  return header;
}

const OCTAL = /^[0-7]+$/;

/** What a header states, wherever it comes from; the size is NaN in another notation than octal. */
export function readTarFields(header: Buffer): {
  readonly path: string;
  readonly size: number;
  readonly type: string;
} {
  // Before POSIX, and in GNU's own headers, other fields are where the prefix is.
  const prefix = header.toString('latin1', ...MAGIC) === 'ustar\0' ? textOf(header, ...PREFIX) : '';
  const path = [prefix, textOf(header, ...NAME)].filter((part) => part !== '').join('/');
  const type = String.fromCharCode(header[TYPE] ?? 0);
  const size = textOf(header, ...SIZE).trim();
  return { path, size: OCTAL.test(size) ? Number.parseInt(size, 8) : Number.NaN, type };
}

/** Whether a block is the header of a tar of whatever tool that writes the magic of POSIX or GNU. */
export function isTarHeader(header: Buffer): boolean {
  return header.toString('latin1', MAGIC[0], MAGIC[0] + 5) === 'ustar' && hasChecksum(header);
}

function hasChecksum(header: Buffer): boolean {
  return Number.parseInt(textOf(header, ...CHECKSUM), 8) === sumOf(header);
}

/** As if the checksum were spaces. */
function sumOf(header: Buffer): number {
  const [start, length] = CHECKSUM;
  const isSum = (offset: number): boolean => offset >= start && offset < start + length;
  return header.reduce((sum, byte, offset) => sum + (isSum(offset) ? 0x20 : byte), 0);
}

function textOf(header: Buffer, start: number, length: number): string {
  const field = header.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.toString('latin1', 0, end < 0 ? length : end);
}

function toOctal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}

/** Others' text in an error: neither controls nor what is not ASCII. */
export function toShown(text: string): string {
  return text.replaceAll(/[^ -~]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
