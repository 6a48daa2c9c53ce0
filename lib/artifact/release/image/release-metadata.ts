import { readJsonObject } from './read-json-object.ts';
import { ReleaseError } from './release-error.ts';

const FILE = 'release-metadata';
const MAX_VERSION_LENGTH = 253;

/** The version that `release-manifests/release-metadata` gives the release. @throws ReleaseError `ReferencesInvalid` */
export function parseReleaseVersion(bytes: Uint8Array): string {
  const { kind, version } = readJsonObject(bytes, FILE, 'ReferencesInvalid');
  const isVersion = typeof version === 'string' && version !== '' && version.length <= MAX_VERSION_LENGTH;
  if (kind === 'cincinnati-metadata-v0' && isVersion) return version;
  throw new ReleaseError('ReferencesInvalid', `${FILE} names no version`);
}
