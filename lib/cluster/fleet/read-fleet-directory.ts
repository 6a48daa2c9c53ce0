import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { InputError } from '../../base/errors/input-error.ts';
import { fileErrorCode } from '../../platform/files/file-error.ts';
import { readRegularFile } from '../../platform/files/read-regular-file.ts';
import type { ClusterFile } from './parse-cluster-objects.ts';

/** The files of one cluster. */
export interface ClusterFolder {
  readonly cluster: string;
  readonly files: readonly string[];
}

/** Bytes of one file, files of one cluster, and depth of nested folders. */
const MAX_CLUSTER_FILE_BYTES = 64 * 1024 * 1024;
export const MAX_CLUSTER_FILES = 4_096;
const MAX_DEPTH = 12;

const EXTENSION = /\.(?:ya?ml|json)$/i;
/** A must-gather's folder for objects without a namespace, and the files in it that a survey reads. */
const CLUSTER_SCOPED = 'cluster-scoped-resources';
const SURVEYED =
  /^(?:config\.openshift\.io\/(?:clusterversions|imagedigestmirrorsets|imagetagmirrorsets)|operator\.openshift\.io\/imagecontentsourcepolicies|hive\.openshift\.io\/hiveconfigs)(?:\/[^/]+)?\.(?:ya?ml|json)$/i;

/**
 * Lists one cluster for each file or folder of the directory, under its name; a directory that is itself a must-gather is
 * one cluster. Of a must-gather only the surveyed kinds are read, of other folders every YAML and JSON file. Hidden files
 * are ignored.
 *
 * @throws InputError `FileUnreadable` for a directory that cannot be read or is empty, `ArgumentInvalid` for more than
 *   {@link MAX_CLUSTER_FILES} files of one cluster
 */
export async function listFleet(directory: string): Promise<readonly ClusterFolder[]> {
  const entries = await readEntries(directory);
  if (entries.some((entry) => entry.isDirectory() && entry.name === CLUSTER_SCOPED)) {
    return [{ cluster: path.basename(path.resolve(directory)), files: await listCluster(directory) }];
  }
  const folders: ClusterFolder[] = [];
  for (const entry of entries) {
    const file = path.join(directory, entry.name);
    if (entry.isDirectory()) folders.push({ cluster: entry.name, files: await listCluster(file) });
    else if (EXTENSION.test(entry.name)) folders.push({ cluster: entry.name.replace(EXTENSION, ''), files: [file] });
  }
  if (folders.length === 0) throw unreadable(directory, 'it holds no YAML file, JSON file or folder of a cluster');
  const twice = folders.find(({ cluster }, index) => folders.findIndex((one) => one.cluster === cluster) !== index);
  if (twice !== undefined) throw unreadable(directory, `it holds two clusters named ${twice.cluster}`);
  return folders;
}

/** Reads the files of one cluster. The error of a file is returned with it: it concerns only this cluster. */
export async function readClusterFiles({ files }: ClusterFolder): Promise<readonly ClusterFile[]> {
  const read: ClusterFile[] = [];
  for (const name of files) read.push({ name, contents: await readFile(name) });
  return read;
}

async function listCluster(root: string): Promise<readonly string[]> {
  const files = await listFiles(root, 0);
  if (files.length > MAX_CLUSTER_FILES) {
    throw new InputError('ArgumentInvalid', `${root} holds more than ${MAX_CLUSTER_FILES} YAML and JSON files`);
  }
  return files.toSorted();
}

async function listFiles(folder: string, depth: number): Promise<readonly string[]> {
  if (depth > MAX_DEPTH) throw unreadable(folder, `folders are nested more than ${MAX_DEPTH} deep`);
  const entries = await readEntries(folder);
  const scoped = entries.find((entry) => entry.isDirectory() && entry.name === CLUSTER_SCOPED);
  if (scoped !== undefined) {
    const root = path.join(folder, scoped.name);
    const files = await listAll(root, depth + 1);
    return files.filter((file) => SURVEYED.test(path.relative(root, file).split(path.sep).join('/')));
  }
  return await gather(folder, entries, (inner) => listFiles(inner, depth + 1));
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
    else if (EXTENSION.test(entry.name)) files.push(file);
  }
  return files;
}

async function readEntries(folder: string): Promise<readonly Dirent[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw unreadable(folder, cause instanceof Error ? cause.message : String(cause), cause);
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
    return unreadable(file, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function unreadable(file: string, why: string, cause?: unknown): InputError {
  return new InputError('FileUnreadable', `cannot read ${file}: ${why}`, { cause });
}
