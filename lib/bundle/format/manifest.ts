import { hash } from 'node:crypto';
import * as v from 'valibot';
import { decodeUtf8 } from '../../base/documents/decode.ts';
import { isJsonObject, type JsonValue } from '../../base/documents/json-value.ts';
import { parseStrictJson } from '../../base/documents/parse-strict-json.ts';
import { toFaults } from '../../base/documents/schema.ts';
import { type Digest, isDigest } from '../../base/names/digest.ts';
import { compareKeys } from '../../platform/objects/port/object-store.ts';
import { isProfileName } from '../../trust/prepared/profiles.ts';
import { BundleError, type BundleFaultCode } from './bundle-error.ts';
import { MANIFEST_PATH, maxBytesOf, parseBundlePath } from './bundle-path.ts';
import { MAX_BUNDLE_BYTES, MAX_BUNDLE_FILES, MAX_EARLIER, MAX_MANIFEST_VALUES } from './limits.ts';

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
  /** The Signet that made it, such as `signet/0.2.0`. */
  readonly createdBy: string;
  readonly trustRevisions: readonly { readonly profile: string; readonly revision: string }[];
  /** SHA-256 of the manifests of earlier bundles, what they hold being left out here; absent: the bundle is complete. */
  readonly since?: readonly string[] | undefined;
  /** Signatures of this bundle by digest, sorted. */
  readonly digests: readonly { readonly digest: Digest; readonly signatures: number }[];
  /** Every file but the manifest, sorted by path. */
  readonly contents: readonly BundledFile[];
}

const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const byteCount = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const list = v.pipe(v.array(v.unknown()), v.maxLength(MAX_BUNDLE_FILES));
/** The elements of lists are looked at one by one: each that is wrong would be an issue, and there may be millions. */
const schema = v.strictObject({
  schema: v.literal(SCHEMA),
  createdBy: v.pipe(v.string(), v.regex(/^[ -~]{1,128}$/)),
  trustRevisions: list,
  since: v.optional(v.pipe(list, v.minLength(1), v.maxLength(MAX_EARLIER))),
  digests: list,
  contents: list,
});
const trustRevision = v.strictObject({
  profile: v.pipe(v.string(), v.check(isProfileName, 'not a profile name')),
  revision: sha256,
});
const signedDigest = v.strictObject({
  digest: v.custom<Digest>((value) => typeof value === 'string' && isDigest(value), 'not a digest'),
  signatures: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
});
const bundledFile = v.strictObject({ path: v.string(), sha256, size: byteCount });

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
  // None is made without a signature, but one that brings what is new; it would be imported without a check.
  if (since === undefined && !manifest.contents.some(isSigned)) {
    throw refused('ManifestInvalid', 'it lists no signature, and follows no other bundle');
  }
  return manifest;
}

function isSigned({ path }: BundledFile): boolean {
  const kind = parseBundlePath(path)?.kind;
  return kind === 'signature' || kind === 'sigstore';
}

/** What an incremental bundle calls the one that it follows. */
export function digestManifest(bytes: Uint8Array): string {
  return hash('sha256', bytes);
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
function parseList<T>(element: v.GenericSchema<unknown, T>, values: readonly unknown[], at: string): readonly T[] {
  return values.map((value, index) => parseBy(element, value, `${at}.${index}`));
}

function parseBy<T>(expected: v.GenericSchema<unknown, T>, value: unknown, at: string): T {
  const parsed = v.safeParse(expected, value, { abortEarly: true });
  if (parsed.success) return parsed.output;
  const [fault] = toFaults(parsed.issues);
  const place = [at, ...(fault?.path ?? [])].filter((part) => part !== '').join('.');
  throw unreadable(`${place}: ${fault?.message ?? 'not as it should be'}`);
}

function toLines(values: readonly object[]): string {
  return values.length === 0 ? '[]' : `[\n${values.map((value) => JSON.stringify(value)).join(',\n')}\n]`;
}

function parseJson(untrustedBytes: Uint8Array): JsonValue {
  try {
    return parseStrictJson(decodeUtf8(untrustedBytes));
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

/**
 * Holds what a manifest lists against the format. Paths ascend, so none is there twice; that no two are the same on a
 * file system that ignores case is checked apart. After Unicode normalisation there are none either: paths are ASCII.
 *
 * @throws BundleError
 */
export function checkContents({ contents, digests }: Pick<Manifest, 'contents' | 'digests'>): void {
  if (contents.length >= MAX_BUNDLE_FILES) throw refused('LimitExceeded', `it lists ${contents.length} files`);
  const folded = new Set<string>();
  const signatures = new Map<string, number>();
  let last = '';
  let total = 0;
  for (const file of contents) {
    checkFile(file);
    const { path, size } = file;
    if (path === last || folded.has(path.toLowerCase()))
      throw refused('DuplicatePath', `${path} is listed twice`, path);
    if (compareKeys(path, last) < 0) throw refused('ManifestInvalid', `${path} is not in order`, path);
    folded.add(path.toLowerCase());
    last = path;
    total += size;
    const parsed = parseBundlePath(path);
    if (parsed?.kind === 'signature') signatures.set(parsed.digest, (signatures.get(parsed.digest) ?? 0) + 1);
  }
  if (total > MAX_BUNDLE_BYTES)
    throw refused('LimitExceeded', `it lists ${total} bytes, at most ${MAX_BUNDLE_BYTES} are read`);
  const isCounted =
    digests.length === signatures.size &&
    digests.every(({ digest, signatures: count }) => signatures.get(digest) === count) &&
    new Set(digests.map(({ digest }) => digest)).size === digests.length;
  if (!isCounted) throw refused('ManifestInvalid', 'the digests are not those of the signatures that it lists');
}

function checkFile({ path, size }: BundledFile): void {
  const parsed = parseBundlePath(path);
  if (parsed === undefined || parsed.kind === 'manifest') {
    throw refused('PathRefused', `it lists ${JSON.stringify(path.slice(0, 160))}, which is no path of a bundle`);
  }
  const limit = maxBytesOf(parsed);
  if (size > limit) throw refused('LimitExceeded', `it says ${size} bytes, at most ${limit} are read`, path);
}

function refused(code: BundleFaultCode, message: string, path = MANIFEST_PATH): BundleError {
  return new BundleError(code, path === MANIFEST_PATH ? `the manifest is refused: ${message}` : message, { path });
}
