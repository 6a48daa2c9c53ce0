import { createHash } from 'node:crypto';
import { ConfigurationError, type ConfigurationErrorCode } from '../errors/configuration-error.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import { parseCurrentTrust } from './parse-current-trust.ts';
import { parsePreparedTrust } from './parse-prepared-trust.ts';
import type { PreparedTrust } from './prepared-trust.ts';
import { isProfileName } from './profile-name.ts';
import { currentTrustKey, MAX_CURRENT_BYTES, MAX_PREPARED_BYTES, preparedTrustKey } from './trust-keys.ts';

/** Published trust, and when it was last known to be the current one. */
export interface LoadedTrust {
  readonly trust: PreparedTrust;
  /** Tag of `current`. */
  readonly etag: string;
  readonly refreshedAt: Date;
}

/**
 * Loads what is current. When that has not changed since `previous`, only its time is new.
 *
 * @throws ConfigurationError `TrustMissing` when nothing is published, `RevisionInvalid` when what is published does
 *   not hold together, `SchemaUnsupported`, `TrustUnusable`; StoreError
 */
export async function loadTrust(
  objects: ObjectStore,
  profile: string,
  now: Date,
  previous?: LoadedTrust,
): Promise<LoadedTrust> {
  checkProfileName(profile);
  const key = currentTrustKey(profile);
  const stored = await objects.readObject(key, MAX_CURRENT_BYTES);
  if (stored === undefined) throw fault('TrustMissing', key, `no trust is published for the profile ${profile}`);
  if (previous?.trust.profile === profile && previous.etag === stored.etag) return { ...previous, refreshedAt: now };
  const { preparedSha256, revision } = parseCurrentTrust(key, stored.bytes);
  const trust = await readRevision(objects, profile, revision, preparedSha256);
  return { trust, etag: stored.etag, refreshedAt: now };
}

/** Loads one revision, current or not, so that a record can be checked again. @throws as {@link loadTrust} */
export async function loadRevision(objects: ObjectStore, profile: string, revision: string): Promise<PreparedTrust> {
  checkProfileName(profile);
  if (!/^[0-9a-f]{64}$/.test(revision)) throw fault('RevisionInvalid', revision, 'not a trust revision');
  return readRevision(objects, profile, revision);
}

async function readRevision(
  objects: ObjectStore,
  profile: string,
  revision: string,
  preparedSha256?: string,
): Promise<PreparedTrust> {
  const key = preparedTrustKey(profile, revision);
  const stored = await objects.readObject(key, MAX_PREPARED_BYTES);
  if (stored === undefined) {
    throw fault(preparedSha256 === undefined ? 'TrustMissing' : 'RevisionInvalid', key, 'the revision is not stored');
  }
  const sha256 = createHash('sha256').update(stored.bytes).digest('hex');
  if (preparedSha256 !== undefined && sha256 !== preparedSha256) {
    throw fault('RevisionInvalid', key, 'not the bytes that were published');
  }
  const trust = parsePreparedTrust(key, stored.bytes);
  if (trust.profile !== profile) throw fault('RevisionInvalid', key, `this is trust of the profile ${trust.profile}`);
  if (trust.revision !== revision) throw fault('RevisionInvalid', key, `this is the revision ${trust.revision}`);
  return trust;
}

function checkProfileName(profile: string): void {
  if (!isProfileName(profile)) throw fault('TrustMissing', JSON.stringify(profile), 'this cannot name a profile');
}

function fault(code: ConfigurationErrorCode, document: string, reason: string): ConfigurationError {
  return new ConfigurationError(code, reason, { position: { document } });
}
