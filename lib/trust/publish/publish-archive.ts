import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { prepareTrust } from '../prepare/prepare-trust.ts';
import { MAX_ARCHIVE_BYTES, readTrustArchive } from '../prepare/read-trust-archive.ts';
import { isProfileName } from '../prepared/profiles.ts';
import { type Publication, publishTrust } from './publish-trust.ts';

const INBOX = /^trust-inbox\/([^/]+)\.tar\.gz$/;

/**
 * Publishes the documents of an archive that was put at `trust-inbox/<profile>.tar.gz`. If anything is wrong with
 * it, nothing is published and the profile keeps its revision.
 *
 * @throws ConfigurationError, StoreError
 */
export async function publishArchive(objects: ObjectStore, key: string): Promise<Publication> {
  const profile = INBOX.exec(key)?.[1];
  if (profile === undefined || !isProfileName(profile)) {
    throw new ConfigurationError('DocumentInvalid', `${key} is not trust-inbox/<profile>.tar.gz`);
  }
  const stored = await objects.readObject(key, MAX_ARCHIVE_BYTES);
  if (stored === undefined)
    throw new ConfigurationError('TrustMissing', `${key} does not exist: put the archive there first`);
  const documents = await readTrustArchive(stored.bytes);
  return await publishTrust(objects, await prepareTrust(profile, documents), documents);
}
