import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import { isJsonObject, type JsonValue } from '../json/json-value.ts';
import { parseStrictJson } from '../json/parse-strict-json.ts';
import { type Digest, isDigest } from '../pullspec/digest.ts';
import { isProfileName } from '../trust/profile-name.ts';
import { BundleError } from './bundle-error.ts';
import { MANIFEST_PATH } from './bundle-path.ts';
import { checkContents } from './check-contents.ts';
import { MAX_BUNDLE_FILES, MAX_EARLIER, MAX_MANIFEST_VALUES } from './limits.ts';

/** The schema number that this version writes and reads. */
const SCHEMA = 1;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const OPEN_OBJECT = 0x7b;

/** A file of the bundle; `sha256` in lower-case hex, `size` in bytes. */
export interface BundledFile {
  readonly path: string;
  readonly sha256: string;
  readonly size: number;
}

/** What a bundle says that it holds. It names neither a time nor a machine: the same contents, the same manifest. */
export interface Manifest {
  readonly schema: typeof SCHEMA;
  /** The Signet that made it, such as `signet/0.1.0`. */
  readonly createdBy: string;
  readonly trustRevisions: readonly { readonly profile: string; readonly revision: string }[];
  /** SHA-256 of the manifests of earlier bundles, what they hold being left out here; absent: the bundle is complete. */
  readonly since?: readonly string[] | undefined;
  /** Signatures of this bundle by digest, sorted. */
  readonly digests: readonly { readonly digest: Digest; readonly signatures: number }[];
  /** Every file but the manifest, sorted by path. */
  readonly contents: readonly BundledFile[];
}

const sha256 = z.string().check(z.regex(/^[0-9a-f]{64}$/));
const size = z.int().check(z.minimum(0));
const list = z.array(z.unknown()).check(z.maxLength(MAX_BUNDLE_FILES));
/** The elements of lists are looked at one by one: each that is wrong would be an issue, and there may be millions. */
const schema = z.strictObject({
  schema: z.literal(SCHEMA),
  createdBy: z.string().check(z.regex(/^[ -~]{1,128}$/)),
  trustRevisions: list,
  since: z.optional(list.check(z.minLength(1), z.maxLength(MAX_EARLIER))),
  digests: list,
  contents: list,
});
const trustRevision = z.strictObject({ profile: z.string().check(z.refine(isProfileName)), revision: sha256 });
const signedDigest = z.strictObject({
  digest: z.custom<Digest>((value) => typeof value === 'string' && isDigest(value)),
  signatures: z.int().check(z.minimum(1)),
});
const bundledFile = z.strictObject({ path: z.string(), sha256, size });

/** One file on each line, so that it can be checked where there is neither Signet nor a reader of JSON. */
export function toManifestBytes({ contents, digests, ...head }: Manifest): Uint8Array {
  const members = [
    ...Object.entries(head)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`),
    `"digests": ${toLines(digests)}`,
    `"contents": ${toLines(contents)}`,
  ];
  return new TextEncoder().encode(`{\n${members.join(',\n')}\n}\n`);
}

/**
 * Reads a manifest, and holds it against itself: paths, order, sums and limits.
 *
 * @throws BundleError `ManifestUnreadable`, `SchemaUnsupported`; of its contents `ManifestInvalid`, `PathRefused`,
 *   `DuplicatePath`, `LimitExceeded`
 */
export function parseManifest(untrustedBytes: Uint8Array): Manifest {
  checkCount(untrustedBytes);
  const value = parseJson(untrustedBytes);
  checkSchema(value);
  const { trustRevisions, since, digests, contents, ...head } = parseBy(schema, value, '');
  const manifest: Manifest = {
    ...head,
    trustRevisions: parseList(trustRevision, trustRevisions, 'trustRevisions'),
    ...(since === undefined ? {} : { since: parseList(sha256, since, 'since') }),
    digests: parseList(signedDigest, digests, 'digests'),
    contents: parseList(bundledFile, contents, 'contents'),
  };
  checkContents(manifest);
  return manifest;
}

/** What an incremental bundle calls the one that it follows. */
export function digestManifest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Before anything is made of it. No path or digest has a comma or a bracket. */
function checkCount(untrustedBytes: Uint8Array): void {
  let count = 0;
  for (const byte of untrustedBytes) if (byte === COMMA || byte === OPEN_ARRAY || byte === OPEN_OBJECT) count += 1;
  if (count <= MAX_MANIFEST_VALUES) return;
  const message = `the manifest cannot be read: it has more than ${MAX_MANIFEST_VALUES} values`;
  throw new BundleError('LimitExceeded', message, { path: MANIFEST_PATH });
}

/** Ends at the first element that is wrong. */
function parseList<T>(element: z.ZodMiniType<T>, values: readonly unknown[], at: string): readonly T[] {
  return values.map((value, index) => parseBy(element, value, `${at}.${index}`));
}

function parseBy<T>(expected: z.ZodMiniType<T>, value: unknown, at: string): T {
  const parsed = expected.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = [at, ...(issue?.path ?? [])].filter((part) => part !== '').join('.');
  throw unreadable(`${place}: ${issue?.message ?? 'not as it should be'}`);
}

function toLines(values: readonly object[]): string {
  return values.length === 0 ? '[]' : `[\n${values.map((value) => JSON.stringify(value)).join(',\n')}\n]`;
}

function parseJson(untrustedBytes: Uint8Array): JsonValue {
  try {
    return parseStrictJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(untrustedBytes));
  } catch (cause) {
    throw unreadable(cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function checkSchema(value: JsonValue): void {
  const number = isJsonObject(value) ? value['schema'] : undefined;
  if (typeof number !== 'number') throw unreadable('it has no schema number');
  if (number === SCHEMA) return;
  const message = `schema ${number} is not read, only ${SCHEMA}: use a Signet as new as the one that made the bundle`;
  throw new BundleError('SchemaUnsupported', message, { path: MANIFEST_PATH });
}

function unreadable(reason: string, cause?: unknown): BundleError {
  const options = { path: MANIFEST_PATH, ...(cause === undefined ? {} : { cause }) };
  return new BundleError('ManifestUnreadable', `the manifest cannot be read: ${reason}`, options);
}
