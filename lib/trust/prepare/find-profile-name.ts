import { parseTrustFile } from '../documents/parse-trust-file.ts';
import { recogniseDocument } from '../documents/recognise-document.ts';
import type { TrustDocument } from '../prepared/trust-document.ts';
import { isTrustFileName } from './trust-files.ts';

/** What the Profile document among the files, if there is one, calls the profile. @throws ConfigurationError */
export function findProfileName(files: readonly TrustDocument[]): string | undefined {
  return files
    .filter(({ name }) => isTrustFileName(name))
    .flatMap(parseTrustFile)
    .map(recogniseDocument)
    .find((document) => document.kind === 'Profile')?.name;
}
