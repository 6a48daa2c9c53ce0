import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ConfigurationError, type ConfigurationErrorCode } from '../../base/errors/configuration-error.ts';
import { fileErrorCode, toFileReason } from '../../platform/files/file-error.ts';
import { readRegularFile } from '../../platform/files/read-regular-file.ts';
import { MAX_TRUST_FILE_BYTES, parseTrustFile } from '../documents/parse-trust-file.ts';
import { recogniseDocument } from '../documents/recognise-document.ts';
import { MAX_DOCUMENTS } from '../prepared/prepared-trust.ts';
import {
  compareNames,
  isTrustFileName,
  KEYS_FOLDER,
  PROFILE_FOLDERS,
  type TrustDocument,
  tooManyDocuments,
} from '../prepared/trust-document.ts';
import { REGISTRIES_D } from '../registries-d/registries-d.ts';
import { toWrittenDocuments } from './exported-documents.ts';

/** The files of one profile, not yet read as trust. */
export interface TrustDirectory {
  readonly profile: string;
  readonly documents: readonly TrustDocument[];
}

/**
 * Reads a directory that is one profile, or that has one sub-directory for each. Hidden names (`..data` of a mounted
 * ConfigMap among them) are skipped; symbolic links to files are followed, and all others are refused.
 *
 * @throws ConfigurationError `TrustMissing` when there is nothing to read, `DocumentInvalid` when it is both, or a link
 * is in place of a profile
 */
export async function readTrustDirectory(directory: string): Promise<TrustDirectory[]> {
  const root = await openDirectory(directory);
  const { directories, files, links } = await listDirectory(root);
  const isProfile = files.some(isTrustFileName) || directories.includes(REGISTRIES_D);
  const profiles = directories.filter((name) => !PROFILE_FOLDERS.includes(name));
  if (isProfile && profiles.length > 0) {
    const reason = `the directory holds trust documents itself and ${profiles[0]}/: it must be one profile or hold one directory for each`;
    throw new ConfigurationError('DocumentInvalid', reason, { position: { document: directory } });
  }
  if (isProfile) {
    const documents = await readProfile(root);
    return [{ profile: findProfileName(documents) ?? basename(root), documents }];
  }
  if (directories.includes(KEYS_FOLDER)) {
    // As a profile it would be left out silently.
    const reason = `a profile's ${KEYS_FOLDER}/ belongs beside its documents, and no profile can have this name`;
    throw new ConfigurationError('DocumentInvalid', reason, { position: { document: KEYS_FOLDER } });
  }
  for (const link of links) await checkLeadsToFile(root, link);
  if (profiles.length === 0) throw missing(directory, 'there are no trust documents in it');
  const read: TrustDirectory[] = [];
  for (const profile of profiles) read.push({ profile, documents: await readProfile(join(root, profile), profile) });
  return read;
}

async function readProfile(path: string, profile?: string): Promise<TrustDocument[]> {
  const { directories, files } = await listDirectory(path);
  const unread = directories.find((name) => !PROFILE_FOLDERS.includes(name));
  if (unread !== undefined) {
    const document = profile === undefined ? unread : `${profile}/${unread}`;
    throw new ConfigurationError(
      'DocumentInvalid',
      `a profile has no sub-directory but ${PROFILE_FOLDERS.join(' and ')}`,
      {
        position: { document },
      },
    );
  }
  const names = [...files];
  for (const folder of PROFILE_FOLDERS.filter((name) => directories.includes(name))) {
    const inner = await listDirectory(join(path, folder));
    names.push(...inner.files.map((name) => `${folder}/${name}`));
  }
  if (names.length > MAX_DOCUMENTS) throw tooManyDocuments();
  const documents: TrustDocument[] = [];
  for (const name of names) documents.push({ name, bytes: await readTrustFile(path, name) });
  return [...toWrittenDocuments(documents)];
}

/** A profile behind a link would be left out silently, and so would one whose volume is not mounted. */
async function checkLeadsToFile(root: string, name: string): Promise<void> {
  const isDirectory = await stat(join(root, name)).then(
    (stats) => stats.isDirectory(),
    () => undefined,
  );
  if (isDirectory === false) return;
  const target = isDirectory === undefined ? 'what cannot be read' : 'a directory';
  const reason = `a symbolic link to ${target}: a profile must be a directory itself`;
  throw new ConfigurationError('DocumentInvalid', reason, { position: { document: name } });
}

async function openDirectory(directory: string): Promise<string> {
  try {
    const root = await realpath(directory);
    if ((await stat(root)).isDirectory()) return root;
  } catch (cause) {
    const remedy = fileErrorCode(cause) === 'ENOENT' ? '; signet trust add begins one' : '';
    throw missing(directory, `the trust directory cannot be read: ${toFileReason(cause)}${remedy}`, cause);
  }
  throw missing(directory, 'the trust directory is not a directory');
}

/** Links are among the files too. */
async function listDirectory(path: string): Promise<{ directories: string[]; files: string[]; links: string[] }> {
  const entries = (await readEntries(path))
    .filter(({ name }) => !name.startsWith('.'))
    .toSorted((left, right) => compareNames(left.name, right.name));
  return {
    directories: entries.filter((entry) => entry.isDirectory()).map(toName),
    files: entries.filter((entry) => !entry.isDirectory()).map(toName),
    links: entries.filter((entry) => entry.isSymbolicLink()).map(toName),
  };
}

async function readEntries(path: string): Promise<Dirent[]> {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (cause) {
    throw missing(path, `the directory cannot be read: ${toFileReason(cause)}`, cause);
  }
}

function toName({ name }: Dirent): string {
  return name;
}

function missing(directory: string, reason: string, cause?: unknown): ConfigurationError {
  const position = { document: directory };
  return new ConfigurationError('TrustMissing', reason, cause === undefined ? { position } : { position, cause });
}

/**
 * Reads a regular file, or a link to one. @throws ConfigurationError `LimitExceeded` beyond
 * {@link MAX_TRUST_FILE_BYTES}, which are read and no more; `DocumentInvalid` for what is no readable file.
 */
async function readTrustFile(directory: string, name: string): Promise<Uint8Array> {
  const contents = await readRegularFile(join(directory, name), MAX_TRUST_FILE_BYTES, 'follow').catch(
    (cause: unknown) => {
      throw refused('DocumentInvalid', name, `the file cannot be read: ${toFileReason(cause)}`, cause);
    },
  );
  if (contents.kind === 'whole') return new Uint8Array(contents.bytes);
  if (contents.kind === 'cut') {
    throw refused('LimitExceeded', name, `the file is longer than ${MAX_TRUST_FILE_BYTES} bytes`);
  }
  throw refused('DocumentInvalid', name, 'not a regular file, nor a link to one');
}

function refused(code: ConfigurationErrorCode, name: string, reason: string, cause?: unknown): ConfigurationError {
  return new ConfigurationError(code, reason, { position: { document: name }, cause });
}

/** What the Profile document among the files, if there is one, calls the profile. @throws ConfigurationError */
function findProfileName(files: readonly TrustDocument[]): string | undefined {
  return files
    .filter(({ name }) => isTrustFileName(name))
    .flatMap(parseTrustFile)
    .map(recogniseDocument)
    .find((document) => document.kind === 'Profile')?.name;
}
