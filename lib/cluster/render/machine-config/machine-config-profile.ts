import path from 'node:path';
import { InputError } from '../../../base/errors/input-error.ts';
import { parseTrustFile } from '../../../trust/documents/parse-trust-file.ts';
import { recogniseDocument } from '../../../trust/documents/recognise-document.ts';
import { readTrustDirectory } from '../../../trust/prepare/read-trust-directory.ts';
import { isTrustFileName, KEYS_FOLDER } from '../../../trust/prepare/trust-files.ts';
import { selectProfile } from '../../../trust/prepared/profiles.ts';
import type { TrustDocument } from '../../../trust/prepared/trust-document.ts';

const KEYS = `${KEYS_FOLDER}/`;

/** The files of a profile that are of use to nodes, as they are written. */
export interface ProfileFiles {
  readonly policy: TrustDocument;
  readonly registriesD: readonly TrustDocument[];
  /** By file name. */
  readonly keys: ReadonlyMap<string, Uint8Array>;
}

/**
 * Reads policy.json, registries.d documents and key files of a profile: nodes get their bytes.
 *
 * @throws InputError `ProfileUnknown`, or `ArgumentInvalid` when there is not exactly one policy.json, or a document
 *   shares its file with another; ConfigurationError for what cannot be read
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
      if (kinds.length > 1) throw invalid(`${file.name}: a ${kind} document has to be alone in its file for nodes`);
      (kind === 'policy.json' ? policies : registriesD).push({ ...file, name: path.posix.basename(file.name) });
    }
  }
  const [policy, second] = policies;
  if (policy === undefined) throw invalid(`the profile ${name} has no policy.json`);
  if (second !== undefined) throw invalid(`${policy.name} and ${second.name}: nodes have one policy.json`);
  const keys = documents.filter((document) => document.name.startsWith(KEYS));
  return { policy, registriesD, keys: new Map(keys.map((key) => [key.name.slice(KEYS.length), key.bytes])) };
}

function invalid(message: string): InputError {
  return new InputError('ArgumentInvalid', message);
}
