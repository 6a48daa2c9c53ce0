import { REGISTRIES_D } from '../documents/registries-d.ts';

/** Key files and certificates that a policy.json names, each by the last part of its path on a node. */
export const KEYS_FOLDER = 'keys';

/** The folders that a profile may have beside its documents. */
export const PROFILE_FOLDERS: readonly string[] = [KEYS_FOLDER, REGISTRIES_D];

/** Whether a file is a document of trust or a folder's file, judging by where it is alone. */
export function isProfilePlace(parts: readonly string[]): boolean {
  const [first = ''] = parts;
  return parts.length === 1 || (parts.length === 2 && PROFILE_FOLDERS.includes(first));
}
