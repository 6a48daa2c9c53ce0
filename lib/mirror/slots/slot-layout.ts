import { type Digest, isDigest, toStoreSegment } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/reference.ts';
import { parseRepository } from '../../base/names/reference.ts';
import { MAX_LOOKASIDE_SIGNATURES, MAX_RELEASE_SIGNATURES } from '../../stores/port/signature-store.ts';

/** The slots of one image in the mirror: the objects `<prefix>1` to `<prefix><last>`. */
export interface SlotLayout {
  readonly prefix: string;
  readonly last: number;
  /** The image, for messages. */
  readonly image: string;
}

/** Slots of one image in the mirror's lookaside: one fewer than readers try, who fail if they find no end. */
export const MAX_LOOKASIDE_SLOTS = MAX_LOOKASIDE_SIGNATURES - 1;

/** `signatures/<algo>=<hex>/signature-<n>`. A cluster's `signatureStores` entry names the `signatures/` prefix. */
export function releaseLayout(digest: Digest): SlotLayout {
  const prefix = `signatures/${toStoreSegment(digest)}/signature-`;
  return { prefix, last: MAX_RELEASE_SIGNATURES, image: digest };
}

/** `lookaside/<host>/<repository>@<algo>=<hex>/signature-<n>`. */
export function lookasideLayout(image: { readonly repository: Repository; readonly digest: Digest }): SlotLayout {
  const { repository, digest } = image;
  const prefix = `lookaside/${repository}@${toStoreSegment(digest)}/signature-`;
  return { prefix, last: MAX_LOOKASIDE_SLOTS, image: `${repository}@${digest}` };
}

/** The key of a mirrored signature: the result of `parseSignaturePath` for the path at which it is served. */
export function slotKey({ prefix }: SlotLayout, index: number): string {
  return `${prefix}${index}`;
}

/** The key of a mirrored release signature. */
export function releaseKey(digest: Digest, index: number): string {
  return slotKey(releaseLayout(digest), index);
}

/** The index in a key that starts with the layout's prefix; undefined for a name that readers do not read. */
export function parseSlotKey({ prefix, last }: SlotLayout, key: string): number | undefined {
  const text = key.slice(prefix.length);
  return isIndex(text, last) ? Number(text) : undefined;
}

/**
 * Where a release signature is served: the mirror's own path, the update service's, and those of the two stores that
 * every cluster asks by default, mirror.openshift.com and storage.googleapis.com.
 */
export const RELEASE_PREFIXES = [
  '/signatures/',
  '/api/upgrades_info/signatures/',
  '/pub/openshift-v4/signatures/openshift/release/',
  '/openshift-release/official/signatures/openshift/release/',
] as const;
const LOOKASIDE_PREFIX = '/lookaside/';
const FILE_PREFIX = 'signature-';

/**
 * The object key of a signature requested by path, in either layout; undefined for any other path. `=` and `@` may be
 * percent-encoded, as some clients send them; nothing else may.
 */
export function parseSignaturePath(rawPath: string): string | undefined {
  const path = rawPath.replaceAll(/%3d/gi, '=').replaceAll('%40', '@');
  const prefix = RELEASE_PREFIXES.find((candidate) => path.startsWith(candidate));
  if (prefix !== undefined) return toReleaseKey(path.slice(prefix.length));
  return path.startsWith(LOOKASIDE_PREFIX) ? toLookasideKey(path.slice(LOOKASIDE_PREFIX.length)) : undefined;
}

function toReleaseKey(rest: string): string | undefined {
  const [segment = '', name = '', ...more] = rest.split('/');
  const isSignature = isDigestSegment(segment) && isFile(name, MAX_RELEASE_SIGNATURES) && more.length === 0;
  return isSignature ? `signatures/${segment}/${name}` : undefined;
}

function toLookasideKey(rest: string): string | undefined {
  const slash = rest.lastIndexOf('/');
  const at = rest.lastIndexOf('@', slash);
  if (slash < 0 || at < 0) return undefined;
  const [repository, segment, name] = [rest.slice(0, at), rest.slice(at + 1, slash), rest.slice(slash + 1)];
  const isSignature =
    isCanonicalRepository(repository) && isDigestSegment(segment) && isFile(name, MAX_LOOKASIDE_SIGNATURES);
  return isSignature ? `lookaside/${repository}@${segment}/${name}` : undefined;
}

function isDigestSegment(segment: string): boolean {
  return isDigest(segment.replace('=', ':')) && segment.includes('=');
}

function isFile(name: string, last: number): boolean {
  return name.startsWith(FILE_PREFIX) && isIndex(name.slice(FILE_PREFIX.length), last);
}

function isIndex(text: string, last: number): boolean {
  return /^[1-9][0-9]{0,2}$/.test(text) && Number(text) <= last;
}

/** Only the spelling that the mirror writes: a path is not normalised into another one. */
function isCanonicalRepository(text: string): boolean {
  try {
    return parseRepository(text) === text;
  } catch {
    return false;
  }
}
