import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { InputError } from '../../base/errors/input-error.ts';
import { fileErrorCode } from '../../platform/files/file-error.ts';
import { readRegularFile } from '../../platform/files/read-regular-file.ts';
import type { ClusterFile } from './parse-cluster-objects.ts';
import {
  ARCHIVE,
  CLUSTER_SCOPED,
  EXTENSION,
  type Gathered,
  isSurveyed,
  MAX_CLUSTER_FILE_BYTES,
  MAX_CLUSTER_FILES,
  NAMESPACED,
  readArchive,
  SURVEYED,
  tooMany,
  toText,
  unreadable,
} from './read-fleet-archive.ts';

/** The files of one cluster. */
export interface ClusterFolder {
  readonly cluster: string;
  readonly files: readonly string[];
}

/** The clusters of a fleet. */
export interface Fleet {
  readonly folders: readonly ClusterFolder[];
  /** Files that are beside them and are nobody's export, by their names. */
  readonly passedOver: readonly string[];
  /** The one cluster is a file that was named itself. */
  readonly isFile: boolean;
}

/** Depth of nested folders. */
const MAX_DEPTH = 12;

const ENDINGS = /(?:\.(?:ya?ml|json|tar))?(?:\.(?:gz|tgz|tar|zip|ya?ml|json))$/i;

/**
 * Lists one cluster for each file or folder of the directory, under its name; a directory that is itself a must-gather is
 * one cluster, and so is a single file. Of a must-gather only the surveyed kinds are read, of other folders every file:
 * one of another name is listed too, so that the survey says that it was not read. Beside the folders and files of clusters
 * such a file is passed over. Hidden files are ignored.
 *
 * @throws InputError `FileUnreadable` for a directory that cannot be read or is empty, `ArgumentInvalid` for more than
 *   {@link MAX_CLUSTER_FILES} files of one cluster
 */
export async function listFleet(directory: string): Promise<Fleet> {
  if (await isFile(directory)) {
    const cluster = toClusterName(path.basename(directory));
    return { folders: [{ cluster, files: [directory] }], passedOver: [], isFile: true };
  }
  const entries = await readEntries(directory);
  if (entries.some((entry) => entry.isDirectory() && entry.name === CLUSTER_SCOPED)) {
    const cluster = path.basename(path.resolve(directory));
    return { folders: [{ cluster, files: await listCluster(directory) }], passedOver: [], isFile: false };
  }
  const folders: ClusterFolder[] = [];
  const passedOver: string[] = [];
  for (const entry of entries) {
    const file = path.join(directory, entry.name);
    if (entry.isDirectory()) folders.push({ cluster: entry.name, files: await listCluster(file) });
    else if (!EXTENSION.test(entry.name) && !ARCHIVE.test(entry.name)) passedOver.push(file);
    else folders.push({ cluster: toClusterName(entry.name), files: [file] });
  }
  if (folders.length === 0) throw unreadable(directory, 'it holds no YAML file, JSON file or folder of a cluster');
  const twice = folders.find(({ cluster }, index) => folders.findIndex((one) => one.cluster === cluster) !== index);
  if (twice !== undefined) throw unreadable(directory, `it holds two clusters named ${twice.cluster}`);
  return { folders, passedOver, isFile: false };
}

/**
 * Lists the files of one cluster: a file, or all below a directory.
 *
 * @throws InputError as {@link listFleet} does
 */
export async function listExport(place: string, gathered: Gathered): Promise<ClusterFolder> {
  const cluster = toClusterName(path.basename(path.resolve(place)));
  const files = (await isFile(place)) ? [place] : await listCluster(place, gathered);
  if (files.length === 0) throw unreadable(place, 'it holds no file of a cluster');
  return { cluster, files };
}

/** Reads the files of one cluster. The error of a file is returned with it: it concerns only this cluster. */
export async function readClusterFiles(
  { files }: ClusterFolder,
  gathered: Gathered = SURVEYED,
): Promise<readonly ClusterFile[]> {
  const read: ClusterFile[] = [];
  for (const name of files) {
    if (ARCHIVE.test(name)) read.push(...(await readArchive(name, gathered)));
    else read.push({ name, contents: EXTENSION.test(name) ? await readFile(name) : 'not read' });
  }
  return read;
}

async function isFile(file: string): Promise<boolean> {
  const stats = await stat(file).catch(() => undefined);
  return stats?.isFile() === true;
}

function toClusterName(file: string): string {
  return file.replace(ENDINGS, '');
}

async function listCluster(root: string, gathered = SURVEYED): Promise<readonly string[]> {
  const files = await listFiles(root, 0, gathered);
  if (files.length > MAX_CLUSTER_FILES) {
    throw tooMany(root);
  }
  return files.toSorted();
}

async function listFiles(folder: string, depth: number, gathered: Gathered): Promise<readonly string[]> {
  if (depth > MAX_DEPTH) throw unreadable(folder, `folders are nested more than ${MAX_DEPTH} deep`);
  const entries = await readEntries(folder);
  const scoped = entries.find((entry) => entry.isDirectory() && entry.name === CLUSTER_SCOPED);
  if (scoped !== undefined) {
    const files = await listAll(path.join(folder, scoped.name), depth + 1);
    const inNamespaces = entries.some((entry) => entry.isDirectory() && entry.name === NAMESPACED)
      ? await listNamespaced(path.join(folder, NAMESPACED), gathered)
      : [];
    return [...files, ...inNamespaces].filter((file) =>
      isSurveyed(path.relative(folder, file).split(path.sep).join('/'), gathered),
    );
  }
  return await gather(folder, entries, (inner) => listFiles(inner, depth + 1, gathered));
}

/** Of a must-gather's namespaces only the folders that hold surveyed kinds: the logs of pods are many, and deep. */
async function listNamespaced(root: string, { groups }: Gathered): Promise<readonly string[]> {
  const files: string[] = [];
  for (const namespace of (await readEntries(root)).filter((entry) => entry.isDirectory())) {
    const folder = path.join(root, namespace.name);
    for (const group of await readEntries(folder)) {
      if (!group.isDirectory() || !groups.includes(group.name)) continue;
      files.push(...(await listAll(path.join(folder, group.name), 1)));
    }
  }
  return files;
}

async function listAll(folder: string, depth: number): Promise<readonly string[]> {
  if (depth > MAX_DEPTH) throw unreadable(folder, `folders are nested more than ${MAX_DEPTH} deep`);
  return await gather(folder, await readEntries(folder), (inner) => listAll(inner, depth + 1));
}

async function gather(
  folder: string,
  entries: readonly Dirent[],
  descend: (inner: string) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const files: string[] = [];
  for (const entry of entries) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) files.push(...(await descend(file)));
    else files.push(file);
  }
  return files;
}

async function readEntries(folder: string): Promise<readonly Dirent[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw unreadable(folder, toText(cause), cause);
  });
  return entries
    .filter(({ name }) => !name.startsWith('.'))
    .toSorted((left, right) => (left.name < right.name ? -1 : 1));
}

/** An export may come from elsewhere: a link in it could lead to any file of this machine. */
async function readFile(file: string): Promise<Uint8Array | InputError> {
  try {
    const contents = await readRegularFile(file, MAX_CLUSTER_FILE_BYTES, 'refuse');
    if (contents.kind === 'whole') return contents.bytes;
    const why = contents.kind === 'cut' ? `longer than ${MAX_CLUSTER_FILE_BYTES} bytes` : 'not a regular file';
    return unreadable(file, why);
  } catch (cause) {
    if (fileErrorCode(cause) === 'ELOOP') return unreadable(file, 'a symbolic link: copy the file itself', cause);
    return unreadable(file, toText(cause), cause);
  }
}
