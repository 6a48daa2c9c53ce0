import { randomUUID } from 'node:crypto';
import { lstat, open, readdir, rename, unlink } from 'node:fs/promises';
import path from 'node:path';
import { isJsonObject } from '../../base/documents/json-value.ts';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { fileErrorCode, isAbsent, syncDirectory, toWriteError, unlessAbsent } from '../../platform/files/file-error.ts';
import { readRegularFile } from '../../platform/files/read-regular-file.ts';
import { LEFTOVER_AGE_MS, makeDirectories } from '../../platform/objects/directory/store-directory.ts';
import { checkDirectoryLocation } from '../../platform/objects/s3/s3-location.ts';
import { SIGNATURES_LABEL } from '../../trust/documents/config-map.ts';
import { parseTrustFile } from '../../trust/documents/parse-trust-file.ts';
import { RELEASE_NAMESPACE, SIGNATURES_NAME } from './signature-config-maps.ts';

/** A rendered file, under its name in the directory. */
interface ManifestFile {
  readonly name: string;
  readonly text: string;
}

export interface WrittenManifest {
  readonly file: string;
  readonly outcome: 'written' | 'unchanged' | 'removed';
}

/** The start of a file's name while it is written. A crash may leave such a file. */
export const UNFINISHED_PREFIX = '.signet-unfinished-';

/**
 * Writes files in this order, each whole or not at all. An equal file is left unchanged, and so is every other file.
 *
 * @throws InputError `ArgumentInvalid` when the directory cannot be written; StoreError where the disk is full or fails
 */
export async function writeManifests(
  directory: string,
  files: readonly ManifestFile[],
): Promise<readonly WrittenManifest[]> {
  checkDirectoryLocation(directory);
  try {
    await makeDirectories(directory);
    const written: WrittenManifest[] = [];
    for (const { name, text } of files) {
      const file = path.join(directory, name);
      const bytes = Buffer.from(text);
      const isSame = await holds(file, bytes);
      if (!isSame) await writeWhole(directory, file, bytes);
      written.push({ file, outcome: isSame ? 'unchanged' : 'written' });
    }
    return written;
  } catch (cause) {
    throw toWriteError(directory, cause);
  }
}

async function holds(file: string, bytes: Uint8Array): Promise<boolean> {
  try {
    const contents = await readRegularFile(file, bytes.length, 'refuse');
    if (contents.kind === 'irregular') throw new Error(`${file} is not a regular file`);
    return contents.kind === 'whole' && Buffer.compare(contents.bytes, bytes) === 0;
  } catch (error) {
    // A link is replaced by a file; its target is left unchanged.
    if (isAbsent(error) || fileErrorCode(error) === 'ELOOP') return false;
    throw error;
  }
}

async function writeWhole(directory: string, file: string, bytes: Uint8Array): Promise<void> {
  const aside = path.join(directory, `${UNFINISHED_PREFIX}${process.pid}-${randomUUID()}`);
  try {
    const handle = await open(aside, 'wx');
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(aside, file);
  } catch (error) {
    await unlessAbsent(unlink(aside));
    throw error;
  }
  await syncDirectory(directory);
}

interface PruneRequest {
  readonly directory: string;
  /** Names of the files rendered now. */
  readonly keep: ReadonlySet<string>;
  /** Starts of names: only files of these groups are removed. */
  readonly groups: readonly string[];
  readonly now: Date;
}

const OWN_NAME = new RegExp(`^(${SIGNATURES_NAME}-(?:[0-9]+-[0-9]+|unversioned)-[1-9][0-9]*)\\.(?:yaml|json)$`);
const MAX_FILE_BYTES = 1024 * 1024;

/**
 * Removes signature ConfigMaps that are no longer rendered, recognised by both name and content, and files that a crash
 * left unfinished, after an hour. Every other file stays.
 *
 * @throws InputError `ArgumentInvalid` when the directory cannot be written; StoreError where the disk is full or fails
 */
export async function pruneSignatureConfigMaps(request: PruneRequest): Promise<readonly WrittenManifest[]> {
  const { directory, keep } = request;
  try {
    const removed: WrittenManifest[] = [];
    for (const name of (await readdir(directory)).toSorted()) {
      const file = path.join(directory, name);
      if (keep.has(name) || !(await isOwn(request, name, file))) continue;
      await unlink(file);
      removed.push({ file, outcome: 'removed' });
    }
    return removed;
  } catch (cause) {
    throw toWriteError(directory, cause);
  }
}

async function isOwn({ groups, now }: PruneRequest, name: string, file: string): Promise<boolean> {
  if (name.startsWith(UNFINISHED_PREFIX)) {
    const stats = await lstat(file);
    return stats.isFile() && now.getTime() - stats.mtimeMs > LEFTOVER_AGE_MS;
  }
  const configMap = OWN_NAME.exec(name)?.[1];
  if (configMap === undefined || !groups.some((group) => configMap.startsWith(group))) return false;
  const stats = await lstat(file);
  return stats.isFile() && isSignatureConfigMap(configMap, await readDocument(name, file));
}

/** The only document of the file, or undefined. */
async function readDocument(name: string, file: string): Promise<unknown> {
  try {
    const contents = await readRegularFile(file, MAX_FILE_BYTES, 'refuse');
    const documents = contents.kind === 'whole' ? parseTrustFile({ name, bytes: contents.bytes }) : [];
    return documents.length === 1 ? documents[0]?.content : undefined;
  } catch (error) {
    if (error instanceof ConfigurationError || isAbsent(error)) return undefined;
    throw error;
  }
}

function isSignatureConfigMap(name: string, document: unknown): boolean {
  if (!isJsonObject(document) || document['kind'] !== 'ConfigMap' || document['apiVersion'] !== 'v1') return false;
  const { metadata } = document;
  if (!isJsonObject(metadata) || metadata['name'] !== name || metadata['namespace'] !== RELEASE_NAMESPACE) return false;
  return isJsonObject(metadata['labels']) && Object.hasOwn(metadata['labels'], SIGNATURES_LABEL);
}
