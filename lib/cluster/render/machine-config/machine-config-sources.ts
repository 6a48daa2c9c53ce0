import path from 'node:path';
import { ConfigurationError } from '../../../base/errors/configuration-error.ts';
import { InputError } from '../../../base/errors/input-error.ts';
import { decodeReplacing } from '../../../crypto/json-reader.ts';
import { parseTrustFile } from '../../../trust/documents/parse-trust-file.ts';
import { recogniseDocument } from '../../../trust/documents/recognise-document.ts';
import type { ImagePolicy } from '../../../trust/policy/image-policy.ts';
import { parsePolicyJson } from '../../../trust/policy/parse-policy-json.ts';
import { readTrustDirectory } from '../../../trust/prepare/read-trust-directory.ts';
import { selectProfile } from '../../../trust/prepared/profiles.ts';
import { isTrustFileName, KEYS_FOLDER, type TrustDocument } from '../../../trust/prepared/trust-document.ts';
import { listIgnored, readRegistriesD } from '../../../trust/registries-d/read-registries-d.ts';
import type { RegistriesD } from '../../../trust/registries-d/registries-d.ts';

const KEYS = `${KEYS_FOLDER}/`;

/** The files of a profile that nodes use, with their original bytes. */
interface ProfileFiles {
  readonly policy: TrustDocument;
  readonly registriesD: readonly TrustDocument[];
  /** By file name. */
  readonly keys: ReadonlyMap<string, Uint8Array>;
}

/**
 * Reads policy.json, registries.d documents and key files of a profile.
 *
 * @throws InputError `ProfileUnknown`; `ArgumentInvalid` without exactly one policy.json, or for a document that shares
 *   its file with another; ConfigurationError for a document that cannot be read
 */
export async function readProfileFiles(trust: string, wanted: string | undefined): Promise<ProfileFiles> {
  const profiles = await readTrustDirectory(trust);
  const names = profiles.map(({ profile }) => profile);
  const name = selectProfile(names, wanted);
  const documents = profiles.find(({ profile }) => profile === name)?.documents ?? [];
  const policies: TrustDocument[] = [];
  const registriesD: TrustDocument[] = [];
  for (const file of documents.filter((document) => isTrustFileName(document.name))) {
    const kinds = parseTrustFile(file).map((document) => recogniseDocument(document).kind);
    for (const kind of kinds) {
      if (kind !== 'policy.json' && kind !== 'registries.d') continue;
      if (kinds.length > 1) throw invalid(`${file.name}: nodes need a ${kind} document in a file of its own`);
      (kind === 'policy.json' ? policies : registriesD).push({ ...file, name: path.posix.basename(file.name) });
    }
  }
  const [policy, second] = policies;
  if (policy === undefined) throw invalid(`the profile ${name} has no policy.json`);
  if (second !== undefined) throw invalid(`${policy.name} and ${second.name}: nodes read only one policy.json`);
  const keys = documents.filter((document) => document.name.startsWith(KEYS));
  return { policy, registriesD, keys: new Map(keys.map((key) => [key.name.slice(KEYS.length), key.bytes])) };
}

/** Parses policy.json as nodes do. @throws ConfigurationError with the line */
export function parseNodePolicy({ name, bytes }: TrustDocument): ImagePolicy {
  return parsePolicyJson(name, decodeReplacing(bytes));
}

/** Parses registries.d files together, as nodes do. @throws ConfigurationError with file and line */
export function parseNodeRegistriesD(files: readonly TrustDocument[]): RegistriesD {
  return readRegistriesD(files.flatMap(readFirst));
}

/** What nodes leave out of registries.d files: each with file and line. @throws ConfigurationError */
export function warnOfIgnored(files: readonly TrustDocument[]): readonly string[] {
  return files.flatMap((file) => {
    const [, second] = parseTrustFile(file);
    const following = second === undefined ? [] : [`${file.name}: nodes read its first document alone`];
    return [...readFirst(file).flatMap(listIgnored), ...following];
  });
}

/** Nodes read the first document of a file alone. A file with only comments has none. */
function readFirst(file: TrustDocument): readonly Parameters<typeof listIgnored>[0][] {
  const [document] = parseTrustFile(file);
  const [duplicate] = document?.warnings ?? [];
  if (duplicate !== undefined) throw new ConfigurationError('DuplicateKey', duplicate);
  return document === undefined ? [] : [{ document: file.name, content: document.content, lineOf: document.lineOf }];
}

function invalid(message: string): InputError {
  return new InputError('ArgumentInvalid', message);
}
