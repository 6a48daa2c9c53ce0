import path from 'node:path';
import { InputError } from '../../../base/errors/input-error.ts';
import { parseTrustFile } from '../../../trust/documents/parse-trust-file.ts';
import { recogniseDocument } from '../../../trust/documents/recognise-document.ts';
import type { ImagePolicy } from '../../../trust/policy/image-policy.ts';
import { parsePolicyJson } from '../../../trust/policy/parse-policy-json.ts';
import { readTrustDirectory } from '../../../trust/prepare/read-trust-directory.ts';
import { isTrustFileName, KEYS_FOLDER } from '../../../trust/prepare/trust-files.ts';
import { selectProfile } from '../../../trust/prepared/profiles.ts';
import type { TrustDocument } from '../../../trust/prepared/trust-document.ts';
import { readRegistriesD } from '../../../trust/registries-d/read-registries-d.ts';
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

/** Parses policy.json as nodes do. @throws ConfigurationError with the line; InputError for bytes that are not UTF-8 */
export function parseNodePolicy({ name, bytes }: TrustDocument): ImagePolicy {
  return parsePolicyJson(name, decode(name, bytes));
}

/** Parses registries.d files together, as nodes do. @throws ConfigurationError with file and line; InputError */
export function parseNodeRegistriesD(files: readonly TrustDocument[]): RegistriesD {
  return readRegistriesD(
    files.flatMap((file) => {
      const [document, second] = parseTrustFile(file);
      if (second !== undefined) throw invalid(`${file.name}: expected one document, found several`);
      // A file with only comments has no document.
      if (document === undefined) return [];
      return [{ document: file.name, content: document.content, lineOf: document.lineOf }];
    }),
  );
}

function decode(name: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new InputError('FileUnreadable', `${name}: not UTF-8`, { cause });
  }
}

function invalid(message: string): InputError {
  return new InputError('ArgumentInvalid', message);
}
