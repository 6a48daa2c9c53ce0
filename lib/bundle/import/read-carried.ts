import { createHash } from 'node:crypto';
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { toStoreError } from '../../platform/files/file-error.ts';
import { type ByteSource, createByteSource, isEmpty } from '../format/archive.ts';
import { BundleError, type BundleFault, isUnreadable, toFault } from '../format/bundle-error.ts';
import { gunzipFile, isGzip, openBundleFile } from '../format/bundle-file.ts';
import { CARRIED_BUNDLE, CARRIED_README, CARRIED_SUMS, parseSums, toCarriedKind } from '../format/carried.ts';
import { MAX_CARRIED_FILES } from '../format/limits.ts';
import { paddingOf, readTarFields, TAR_BLOCK, toTarHeader } from '../format/tar-header.ts';

/** What is to be imported: a file or folder as it is, or the bundle of an archive to carry in, once all of it is right. */
export type OpenedSource =
  | { readonly kind: 'source'; readonly location: string }
  | { readonly kind: 'faulty'; readonly outcome: 'refused' | 'unreadable'; readonly faults: readonly BundleFault[] };

/** Bytes of a long file that are in memory at a time. */
const PIECE_BYTES = 1024 * 1024;

/**
 * Has the bundle in an archive to carry in used as if it were named itself: every file of the archive is compared with
 * its sum first, and with any fault none of it is used. Anything else is used as it is.
 *
 * @throws what `use` throws; InputError, StoreError
 */
export async function withCarriedBundle<T>(
  location: string,
  signal: AbortSignal,
  use: (opened: OpenedSource) => Promise<T>,
): Promise<T> {
  if (!(await isCarried(location))) return await use({ kind: 'source', location });
  const folder = await mkdtemp(path.join(tmpdir(), 'signet-carried-'));
  try {
    const bundle = path.join(folder, CARRIED_BUNDLE);
    const faults = await unpackBundle(location, bundle, signal);
    if (faults.length === 0) return await use({ kind: 'source', location: bundle });
    return await use({ kind: 'faulty', outcome: isUnreadable(faults) ? 'unreadable' : 'refused', faults });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** By its first file: a bundle begins with its manifest. What cannot be read is for whoever reads it next. */
async function isCarried(location: string): Promise<boolean> {
  const file = await openBundleFile(location).catch(() => undefined);
  if (file === undefined) return false;
  try {
    if (!(await isGzip(file))) return false;
    const source = createByteSource(gunzipFile(file));
    return readTarFields(await source.take(TAR_BLOCK)).path === CARRIED_README;
  } catch (error) {
    if (error instanceof BundleError) return false;
    throw error;
  } finally {
    await file.close();
  }
}

async function unpackBundle(location: string, to: string, signal: AbortSignal): Promise<readonly BundleFault[]> {
  const file = await openBundleFile(location);
  const target = await open(to, 'wx').catch((cause: unknown) => {
    throw toStoreError(cause, `writing ${to}`);
  });
  try {
    await readCarried(createByteSource(gunzipFile(file)), target, signal);
    return [];
  } catch (error) {
    if (error instanceof BundleError) return [toFault(error)];
    throw error;
  } finally {
    await target.close();
    await file.close();
  }
}

/** Reads the archive to its end, so that its checksum holds too. @throws BundleError */
async function readCarried(source: ByteSource, target: FileHandle, signal: AbortSignal): Promise<void> {
  const sums = new Map<string, string>();
  const seen = new Map<string, string>();
  for (;;) {
    signal.throwIfAborted();
    const header = await take(source, TAR_BLOCK);
    if (isEmpty(header)) break;
    const { name, size, kind } = parseHeader(header, seen);
    const sum = createHash('sha256');
    const held: Buffer[] = [];
    for (let rest = size; rest > 0; rest -= PIECE_BYTES) {
      signal.throwIfAborted();
      const piece = await take(source, Math.min(rest, PIECE_BYTES));
      sum.update(piece);
      if (kind === 'bundle') await target.write(piece);
      if (name === CARRIED_SUMS) held.push(piece);
    }
    if (!isEmpty(await take(source, paddingOf(size))))
      throw refuse('EntryRefused', 'something is hidden behind it', name);
    seen.set(name, sum.digest('hex'));
    if (name === CARRIED_SUMS) for (const [one, expected] of parseSums(Buffer.concat(held))) sums.set(one, expected);
  }
  if (!isEmpty(await take(source, TAR_BLOCK)) || (await source.take(1)).length > 0) {
    throw refuse('TrailingBytes', 'something follows the end of the archive', undefined);
  }
  compare(sums, seen);
}

function parseHeader(header: Buffer, seen: ReadonlyMap<string, string>) {
  const { path: name, size } = readTarFields(header);
  const known = toCarriedKind(name);
  if (known === undefined) throw refuse('PathRefused', 'no archive to carry in has a file of this name', undefined);
  const isOurs = Number.isSafeInteger(size) && toTarHeader(name, size, known.kind === 'tool').equals(header);
  if (!isOurs) throw refuse('EntryRefused', 'the tar header is not one that signet writes', name);
  if (size > known.limit)
    throw refuse('LimitExceeded', `the file has ${size} bytes, at most ${known.limit} are read`, name);
  if (seen.has(name)) throw refuse('DuplicatePath', 'it is there twice', name);
  if (seen.size >= MAX_CARRIED_FILES)
    throw refuse('LimitExceeded', `there are more than ${MAX_CARRIED_FILES} files`, name);
  return { name, size, kind: known.kind };
}

function compare(sums: ReadonlyMap<string, string>, seen: ReadonlyMap<string, string>): void {
  for (const [name, sum] of seen) {
    if (name === CARRIED_SUMS) continue;
    const expected = sums.get(name);
    if (expected === undefined) throw refuse('NotInManifest', `${CARRIED_SUMS} does not list it`, name);
    if (expected !== sum) throw refuse('ContentMismatch', `it is not what ${CARRIED_SUMS} says`, name);
  }
  const missing = [CARRIED_BUNDLE, ...sums.keys()].find((name) => !seen.has(name));
  if (missing !== undefined) throw refuse('Missing', 'it is not there', missing);
}

async function take(source: ByteSource, length: number): Promise<Buffer> {
  const bytes = await source.take(length);
  if (bytes.length < length) throw refuse('Truncated', 'the archive ends too early', undefined);
  return bytes;
}

function refuse(code: BundleError['code'], message: string, name: string | undefined): BundleError {
  return new BundleError(code, message, name === undefined ? {} : { path: name });
}
