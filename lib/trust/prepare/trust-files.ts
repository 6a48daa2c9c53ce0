import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { MAX_DOCUMENTS } from '../prepared/prepared-trust.ts';
import { compareNames, type TrustDocument } from '../prepared/trust-document.ts';
import { REGISTRIES_D } from '../registries-d/registries-d.ts';

const EXTENSIONS = ['.yaml', '.yml', '.json'];

/** Whether a file holds documents of trust, judging by its name: in `registries.d` only `.yaml` counts. */
export function isTrustFileName(name: string): boolean {
  if (name.startsWith(`${REGISTRIES_D}/`)) return name.endsWith('.yaml');
  return !name.includes('/') && EXTENSIONS.some((extension) => name.toLowerCase().endsWith(extension));
}

/** Sorted by name. @throws ConfigurationError `TrustMissing`, `LimitExceeded` or, for a name, `DocumentInvalid`. */
export function sortTrustFiles(files: readonly TrustDocument[]): TrustDocument[] {
  if (files.length === 0) throw new ConfigurationError('TrustMissing', 'there are no trust documents');
  if (files.length > MAX_DOCUMENTS) throw tooManyDocuments();
  const sorted = files.toSorted((left, right) => compareNames(left.name, right.name));
  for (const [index, { name }] of sorted.entries()) {
    const isPlain = name.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
    // A line feed would let one name pass for two in the revision.
    if (!isPlain || /[\\\p{Cc}]/u.test(name)) throw badName(name, 'the name is not a relative file name');
    if (sorted[index + 1]?.name === name) throw badName(name, 'the name occurs twice');
  }
  return sorted;
}

export function tooManyDocuments(): ConfigurationError {
  return new ConfigurationError('LimitExceeded', `a profile has more than ${MAX_DOCUMENTS} documents`);
}

function badName(name: string, reason: string): ConfigurationError {
  return new ConfigurationError('DocumentInvalid', reason, { position: { document: JSON.stringify(name) } });
}

/** Key files and certificates that a policy.json names, each by the last part of its path on a node. */
export const KEYS_FOLDER = 'keys';

/** The folders that a profile may have beside its documents. */
export const PROFILE_FOLDERS: readonly string[] = [KEYS_FOLDER, REGISTRIES_D];

/** Whether a file is a document of trust or a folder's file, judging by where it is alone. */
export function isProfilePlace(parts: readonly string[]): boolean {
  const [first = ''] = parts;
  return parts.length === 1 || (parts.length === 2 && PROFILE_FOLDERS.includes(first));
}
