import { hash } from 'node:crypto';
import { ConfigurationError, type ConfigurationErrorCode } from '../../base/errors/configuration-error.ts';
import type { ObjectReader, ObjectStore } from '../../platform/objects/port/object-store.ts';
import { parsePreparedTrust } from '../prepared/parse-prepared-trust.ts';
import type { PreparedTrust } from '../prepared/prepared-trust.ts';
import { isProfileName } from '../prepared/profiles.ts';
import {
  currentTrustKey,
  MAX_CURRENT_BYTES,
  MAX_PREPARED_BYTES,
  parseCurrentTrust,
  preparedTrustKey,
  preparedTrustPrefix,
} from '../prepared/trust-document.ts';

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
  objects: ObjectReader,
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

/**
 * Loads one revision, current or not, so that a record can be checked again. Of several compilations of it the
 * current one is preferred.
 *
 * @throws as {@link loadTrust}
 */
export async function loadRevision(objects: ObjectStore, profile: string, revision: string): Promise<PreparedTrust> {
  checkProfileName(profile);
  if (!/^[0-9a-f]{64}$/.test(revision)) throw fault('RevisionInvalid', revision, 'not a trust revision');
  const prefix = preparedTrustPrefix(profile, revision);
  const compiled: string[] = [];
  for await (const { key } of objects.listObjects(prefix)) compiled.push(key.slice(prefix.length, -'.json'.length));
  const stored = await objects.readObject(currentTrustKey(profile), MAX_CURRENT_BYTES);
  const current = stored === undefined ? undefined : parseCurrentTrust(currentTrustKey(profile), stored.bytes);
  const chosen = compiled.find((sha256) => sha256 === current?.preparedSha256) ?? compiled[0];
  if (chosen === undefined) throw fault('TrustMissing', prefix, 'the revision is not stored');
  return readRevision(objects, profile, revision, chosen);
}

async function readRevision(
  objects: ObjectReader,
  profile: string,
  revision: string,
  preparedSha256: string,
): Promise<PreparedTrust> {
  const key = preparedTrustKey(profile, revision, preparedSha256);
  const stored = await objects.readObject(key, MAX_PREPARED_BYTES);
  if (stored === undefined) throw fault('RevisionInvalid', key, 'the revision is not stored');
  if (hash('sha256', stored.bytes) !== preparedSha256) {
    throw fault('RevisionInvalid', key, 'not the bytes that were published');
  }
  const trust = parsePreparedTrust(key, stored.bytes);
  if (trust.profile !== profile) throw fault('RevisionInvalid', key, `this is trust of the profile ${trust.profile}`);
  if (trust.revision !== revision) throw fault('RevisionInvalid', key, `this is the revision ${trust.revision}`);
  return trust;
}

function checkProfileName(profile: string): void {
  if (!isProfileName(profile))
    throw fault('TrustMissing', JSON.stringify(profile), 'not a profile name: use letters, digits, ".", "_" and "-"');
}

function fault(code: ConfigurationErrorCode, document: string, reason: string): ConfigurationError {
  return new ConfigurationError(code, reason, { position: { document } });
}
