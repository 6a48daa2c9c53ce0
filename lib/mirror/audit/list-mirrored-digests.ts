import { type Digest, isDigest } from '../../base/names/digest.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';

interface MirroredDigests {
  readonly digests: readonly Digest[];
  /** Those of them in whose place a link, a pipe or a device lies: nobody can read what they hold. */
  readonly obstructed: ReadonlySet<Digest>;
  /** Keys below `signatures/` that are in no digest's folder. */
  readonly foreign: ForeignKeys;
  /** Where the next page starts; undefined after the last one. */
  readonly next?: string | undefined;
}

interface Page {
  readonly after?: string | undefined;
  /** Digests of the page. */
  readonly limit: number;
  readonly signal: AbortSignal;
}

const PREFIX = 'signatures/';
/** Keys of one page, of any kind: a bucket filled with other names must not prevent a call from ending. */
export const MAX_PAGE_KEYS = 20_000;
/** The last character. A folder's key followed by it sorts after every key in the folder. */
const LAST_CHARACTER = '\u{10ffff}';

/**
 * The next digests for which the mirror has a folder, in the order of a listing.
 *
 * @throws StoreError, `KeyRefused` for a cursor that could not be a part of a key; the abort reason of the signal
 */
export async function listMirroredDigests(
  objects: ObjectStore,
  { after, limit, signal }: Page,
): Promise<MirroredDigests> {
  const digests: Digest[] = [];
  const keys: string[] = [];
  let count = 0;
  let listed = 0;
  let last: string | undefined;
  const obstructed = new Set<Digest>();
  const toPage = (next: string | undefined) => ({ digests, obstructed, foreign: { count, keys }, next });
  for await (const { key, isIrregular } of objects.listObjects(PREFIX, toStart(after))) {
    signal.throwIfAborted();
    const name = key.slice(PREFIX.length);
    const folder = name.split('/', 1)[0] ?? name;
    const isObstructed = name === folder && isIrregular === true;
    const digest = name === folder && !isObstructed ? undefined : toDigest(folder);
    const isNew = digest !== undefined && digest !== digests.at(-1);
    if (listed === MAX_PAGE_KEYS || (isNew && digests.length === limit)) return toPage(last);
    listed += 1;
    // The folder of a digest is handled as a whole. Its slash distinguishes it from an object of that name in S3.
    last = digest === undefined ? name : `${folder}/`;
    if (isNew) digests.push(digest);
    if (isObstructed && digest !== undefined) obstructed.add(digest);
    if (digest !== undefined) continue;
    count += 1;
    if (keys.length < MAX_FOREIGN_KEYS) keys.push(key);
  }
  return toPage(undefined);
}

/** A cursor names a folder that was handled as a whole, or an object. No object's name ends in a slash. */
function toStart(after: string | undefined): { readonly after?: string } {
  if (after === undefined) return {};
  return { after: `${PREFIX}${after}${after.endsWith('/') ? LAST_CHARACTER : ''}` };
}

/** Accepts `sha256=<hex>` and no other spelling. */
function toDigest(folder: string): Digest | undefined {
  const digest = folder.replace('=', ':');
  return folder.includes('=') && isDigest(digest) ? digest : undefined;
}

/** Keys in the mirror that no reader reads. They are reported and left. */
export interface ForeignKeys {
  /** Those in the part of the listing that was read. */
  readonly count: number;
  /** The first {@link MAX_FOREIGN_KEYS} of them. */
  readonly keys: readonly string[];
}

/** Keys named in one report. A writer of the bucket can create any number. */
export const MAX_FOREIGN_KEYS = 100;

/** The sum of both. */
export function addForeignKeys(left: ForeignKeys, right: ForeignKeys): ForeignKeys {
  return { count: left.count + right.count, keys: [...left.keys, ...right.keys].slice(0, MAX_FOREIGN_KEYS) };
}
