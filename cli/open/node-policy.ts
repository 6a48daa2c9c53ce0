import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { InputError } from '../../lib/base/errors/input-error.ts';
import {
  parseNodePolicy,
  parseNodeRegistriesD,
} from '../../lib/cluster/render/machine-config/machine-config-sources.ts';
import { toFileReason } from '../../lib/platform/files/file-error.ts';
import { MAX_TRUST_FILE_BYTES } from '../../lib/trust/documents/parse-trust-file.ts';
import type { ImagePolicy } from '../../lib/trust/policy/image-policy.ts';
import type { TrustDocument } from '../../lib/trust/prepared/trust-document.ts';
import type { RegistriesD } from '../../lib/trust/registries-d/registries-d.ts';
import { readInput } from '../shell/read-input.ts';

/** The policy.json that the user named. @throws InputError; ConfigurationError with the line */
export async function readPolicyFile(file: string): Promise<ImagePolicy> {
  return parseNodePolicy({ name: file, bytes: await readInput(file, MAX_TRUST_FILE_BYTES) });
}

/**
 * The folder that the user named, or none. To a node an empty folder is none too: then nothing is configured.
 *
 * @throws InputError, also for a folder whose files no node would read; ConfigurationError
 */
export async function readRegistriesDFolder(folder: string | undefined): Promise<RegistriesD> {
  return parseNodeRegistriesD(folder === undefined ? [] : await readFolder(folder));
}

/**
 * Folders of registries.d, and single files of them, each under the path that was named.
 *
 * @throws InputError `FileUnreadable`, or `ArgumentInvalid` for a folder whose files no node would read
 */
export async function readRegistriesDFiles(named: readonly string[]): Promise<readonly TrustDocument[]> {
  const documents: TrustDocument[] = [];
  for (const one of named) {
    const isFolder = (await stat(one).catch(() => undefined))?.isDirectory() === true;
    documents.push(...(isFolder ? await readFolder(one) : [await readDocument(one)]));
  }
  return documents;
}

async function readFolder(folder: string): Promise<readonly TrustDocument[]> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new InputError(
      'FileUnreadable',
      `--registries-d ${folder}: the folder cannot be read: ${toFileReason(cause)}`,
      { cause },
    );
  });
  const read = names.filter((name) => name.endsWith('.yaml')).toSorted();
  // An empty folder configures nothing. One with other files alone is another folder than was meant.
  const [other] = names.toSorted();
  if (read.length === 0 && other !== undefined) {
    const why = `there is no <name>.yaml in it, only other files such as ${other}`;
    throw new InputError('ArgumentInvalid', `--registries-d ${folder}: ${why}`);
  }
  const documents: TrustDocument[] = [];
  for (const name of read) documents.push(await readDocument(path.join(folder, name)));
  return documents;
}

async function readDocument(file: string): Promise<TrustDocument> {
  return { name: file, bytes: await readInput(file, MAX_TRUST_FILE_BYTES) };
}
