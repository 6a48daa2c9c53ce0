import { hash } from 'node:crypto';
import * as v from 'valibot';
import { readSchema } from '../../base/documents/schema.ts';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { REGISTRIES_D } from '../registries-d/registries-d.ts';
import { MAX_DOCUMENTS } from './prepared-trust.ts';

/** One file of a profile's trust, as read: the name is relative to the profile's directory, `/`-separated. */
export interface TrustDocument {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const EXTENSIONS = ['.yaml', '.yml', '.json'];

/** Whether a file holds documents of trust, judging by its name: in `registries.d` only `.yaml` counts. */
export function isTrustFileName(name: string): boolean {
  if (name.startsWith(`${REGISTRIES_D}/`)) return name.endsWith('.yaml');
  return !name.includes('/') && EXTENSIONS.some((extension) => name.toLowerCase().endsWith(extension));
}

/** Sorted by name. @throws ConfigurationError `TrustMissing`, `LimitExceeded` or, for a name or an empty file, `DocumentInvalid`. */
export function sortTrustFiles(files: readonly TrustDocument[]): TrustDocument[] {
  if (files.length === 0) throw new ConfigurationError('TrustMissing', 'there are no trust documents');
  if (files.length > MAX_DOCUMENTS) throw tooManyDocuments();
  const sorted = files.toSorted((left, right) => compareNames(left.name, right.name));
  for (const [index, { name, bytes }] of sorted.entries()) {
    const isPlain = name.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
    // A line feed would let one name pass for two in the revision.
    if (!isPlain || /[\\\p{Cc}]/u.test(name)) throw badName(name, 'the name is not a relative file name');
    if (sorted[index + 1]?.name === name) throw badName(name, 'the name occurs twice');
    // A copy that broke off, or a full disk, leaves nothing of what was to be asked for. Nodes have empty registries.d.
    if (bytes.length === 0 && isTrustFileName(name) && !name.startsWith(`${REGISTRIES_D}/`)) {
      throw badName(name, 'the file is empty: write it, or remove it');
    }
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

interface DocumentDigest {
  readonly name: string;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** Names and hashes, sorted by name, byte by byte. */
export function digestDocuments(documents: readonly TrustDocument[]): DocumentDigest[] {
  return documents
    .map(({ name, bytes }) => ({ name, sha256: hash('sha256', bytes) }))
    .toSorted((left, right) => compareNames(left.name, right.name));
}

/** SHA-256 in lower-case hex over `<relative name>\0<sha256 of bytes>\n` of all documents, sorted by name. */
export function trustRevision(documents: readonly DocumentDigest[]): string {
  const lines = documents
    .toSorted((left, right) => compareNames(left.name, right.name))
    .map(({ name, sha256 }) => `${name}\0${sha256}\n`);
  return hash('sha256', lines.join(''));
}

/** Orders names by their UTF-8 bytes, which is not the order of JavaScript's strings beyond U+FFFF. */
export function compareNames(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left, 'utf8'), Buffer.from(right, 'utf8'));
}

/** Object keys of published trust (design, "Bucket layout"). */
export function currentTrustKey(profile: string): string {
  return `trust/${profile}/current`;
}

/** Prefix of a revision's compilations: a later Signet may compile the same documents differently. */
export function preparedTrustPrefix(profile: string, revision: string): string {
  return `trust/${profile}/revisions/${revision}/prepared/`;
}

/** One compilation, named by the SHA-256 (hex) of its bytes. */
export function preparedTrustKey(profile: string, revision: string, sha256: string): string {
  return `${preparedTrustPrefix(profile, revision)}${sha256}.json`;
}

export function trustSourceKey(profile: string, revision: string, name: string): string {
  return `trust/${profile}/revisions/${revision}/sources/${name}`;
}

/** Bytes of `current`. */
export const MAX_CURRENT_BYTES = 4 * 1024;
/** Bytes of a prepared trust, which holds the image policies as they are written. */
export const MAX_PREPARED_BYTES = 8 * 1024 * 1024;

/** The content of `trust/<profile>/current`: the current revision, and the hash of its prepared JSON. */
export interface CurrentTrust {
  readonly schema: 1;
  readonly revision: string;
  readonly preparedSha256: string;
}

/** Lower-case hex of SHA-256. */
export const sha256Field = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));

const currentTrust = v.strictObject({ schema: v.literal(1), revision: sha256Field, preparedSha256: sha256Field });

/** @throws ConfigurationError `SchemaUnsupported` or `RevisionInvalid` */
export function parseCurrentTrust(key: string, bytes: Uint8Array): CurrentTrust {
  return readSchema(currentTrust, key, bytes);
}
