import { lstat, readdir, unlink } from 'node:fs/promises';
import path from 'node:path';
import { isJsonObject } from '../../base/documents/json-value.ts';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { isAbsent } from '../../platform/files/file-error.ts';
import { readRegularFile } from '../../platform/files/read-regular-file.ts';
import { LEFTOVER_AGE_MS } from '../../platform/objects/directory/store-directory.ts';
import { SIGNATURES_LABEL } from '../../trust/documents/config-map.ts';
import { parseTrustFile } from '../../trust/documents/parse-trust-file.ts';
import { RELEASE_NAMESPACE, SIGNATURES_NAME } from './signature-config-maps.ts';
import { toInputError, UNFINISHED_PREFIX, type WrittenManifest } from './write-manifests.ts';

export interface PruneRequest {
  readonly directory: string;
  /** Names of files that were rendered just now. */
  readonly keep: ReadonlySet<string>;
  /** Only names that start with one of these. */
  readonly groups: readonly string[];
  readonly now: Date;
}

const OWN_NAME = new RegExp(`^(${SIGNATURES_NAME}-(?:[0-9]+-[0-9]+|unversioned)-[1-9][0-9]*)\\.(?:yaml|json)$`);
const MAX_FILE_BYTES = 1024 * 1024;

/**
 * Removes files of ConfigMaps that are rendered no more. A file is one if name and content both say so; every other
 * file stays, whatever it is called. What a crash left unfinished goes too, after an hour.
 *
 * @throws InputError `ArgumentInvalid` when the directory cannot be written
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
    throw toInputError(directory, cause);
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

/** The one document of the file; undefined for anything else. */
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
