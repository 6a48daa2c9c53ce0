import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { InputError } from '../lib/errors/input-error.ts';
import { readRegistriesD } from '../lib/registries-d/read-registries-d.ts';
import type { RegistriesD } from '../lib/registries-d/registries-d.ts';
import type { RegistriesDDocument } from '../lib/registries-d/registries-d-document.ts';
import { MAX_TRUST_FILE_BYTES, parseTrustFile } from '../lib/trust/documents/parse-trust-file.ts';
import { readInput } from './read-input.ts';

/** The folder that the user named, or none: then nothing is configured. @throws InputError, ConfigurationError */
export async function readRegistriesDFolder(folder: string | undefined): Promise<RegistriesD> {
  if (folder === undefined) return readRegistriesD([]);
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new InputError('FileUnreadable', `--registries-d ${folder}: the folder cannot be read`, { cause });
  });
  const documents: RegistriesDDocument[] = [];
  for (const name of names.filter((each) => each.endsWith('.yaml')).toSorted()) {
    documents.push(...(await readDocument(path.join(folder, name), name)));
  }
  if (documents.length > 0 || names.some((name) => name.endsWith('.yaml'))) return readRegistriesD(documents);
  throw new InputError('ArgumentInvalid', `--registries-d ${folder}: there is no <name>.yaml in it`);
}

/** A file of comments alone says nothing. */
async function readDocument(file: string, name: string): Promise<readonly RegistriesDDocument[]> {
  const [document, second] = parseTrustFile({ name, bytes: await readInput(file, MAX_TRUST_FILE_BYTES) });
  if (second !== undefined) throw new InputError('ArgumentInvalid', `--registries-d: ${name} has two documents`);
  if (document === undefined) return [];
  return [{ document: name, content: document.content, lineOf: document.lineOf }];
}
