import type { Digest } from '../../base/names/digest.ts';
import { toStoreSegment } from '../../base/names/digest.ts';
import { listMirroredDigests } from '../../mirror/audit/list-mirrored-digests.ts';
import { toArchitecture, toSignedName } from '../../mirror/graph/release-name.ts';
import { toMinor } from '../../mirror/sync/coverage.ts';
import {
  type CatalogEntry,
  type CatalogPlace,
  comparePlaces,
  type ReleaseCatalog,
  toPlace,
} from '../../mirror/sync/release-catalog.ts';
import { runBounded } from '../../platform/queues/run-bounded.ts';
import { isUnreadable } from '../../verdict/records/read-records.ts';
import type { CatalogPlaces } from './mirrored-release.ts';
import { type KnownRelease, type ReleaseStanding, readStanding } from './release-standing.ts';

/** Which releases to list. What is left out does not matter. */
export interface ReleaseQuery {
  /** The start of a version or of a digest. */
  readonly start?: string | undefined;
  readonly minor?: string | undefined;
  readonly architecture?: string | undefined;
  /** From 1 to {@link MAX_PAGE_RELEASES}. */
  readonly limit: number;
  /** Where the page starts; undefined: with the newest. */
  readonly after?: ReleasePosition | undefined;
}

/** In the catalog, or behind it in the listing of the mirror. */
export type ReleasePosition =
  | ({ readonly kind: 'catalog' } & CatalogPlace)
  | { readonly kind: 'mirror'; readonly after: string };

/** A release of the list. */
export type ListedRelease = CatalogEntry & {
  /** Whether an update graph names it, or only the mirror holds it. */
  readonly listedBy: 'graph' | 'mirror';
  /** What is stored of it cannot be read; the other releases can. */
} & (ReleaseStanding | { readonly fault: string });

interface ReleasePage {
  readonly releases: readonly ListedRelease[];
  readonly next?: ReleasePosition | undefined;
}

export const MAX_PAGE_RELEASES = 50;
/** Digests of the mirror that are passed by for one page because a graph names them, and others that are looked at. */
export const MAX_PASSED_BY = 2000;
export const MAX_LOOKED_AT = 50;
const CONCURRENCY = 8;

/**
 * One page: what the catalog has, newest version first, then what the mirror holds beside it and the profile verifies,
 * by digest. A page looks at a bounded number of digests, wherever it is. @throws StoreError
 */
export async function listReleases(
  places: CatalogPlaces,
  catalog: ReleaseCatalog | undefined,
  query: ReleaseQuery,
): Promise<ReleasePage> {
  const known = catalog?.releases ?? [];
  const { after, limit } = query;
  const wanted =
    after?.kind === 'mirror' ? [] : known.filter((entry) => matches(entry, query) && isAfter(entry, after));
  const page = wanted.slice(0, limit);
  const releases = await runBounded(page, CONCURRENCY, async (entry): Promise<ListedRelease> => {
    const read = await readKnown(places, entry.digest);
    return { ...entry, listedBy: 'graph', ...('fault' in read ? read : read.standing) };
  });
  const last = page.at(-1);
  if (last !== undefined && wanted.length > page.length) {
    return { releases, next: { kind: 'catalog', ...toPlace(last) } };
  }
  if (releases.length === limit) return { releases, next: { kind: 'mirror', after: '' } };
  const named = new Set(known.map(({ digest }) => digest));
  const more = await listUnnamed(places, named, { ...query, limit: limit - releases.length });
  return { ...more, releases: [...releases, ...more.releases] };
}

/** What the mirror holds and no graph names. */
async function listUnnamed(
  places: CatalogPlaces,
  named: ReadonlySet<Digest>,
  query: ReleaseQuery,
): Promise<ReleasePage> {
  const { after, start, limit } = query;
  // Digests sort as their folders do.
  const ofDigest = start?.startsWith('sha') === true ? start : undefined;
  const last = after?.kind === 'mirror' && after.after !== '' ? after.after : ofDigest?.replace(':', '=');
  const { objects, signal } = places;
  const { digests, next } = await listMirroredDigests(objects, { after: last, limit: MAX_PASSED_BY, signal });
  const inReach = ofDigest === undefined ? digests : digests.filter((digest) => digest.startsWith(ofDigest));
  const unnamed = inReach.filter((digest) => !named.has(digest));
  const looked = unnamed.slice(0, MAX_LOOKED_AT);
  const read = await runBounded(looked, CONCURRENCY, async (digest) =>
    toListed(await readKnown(places, digest), digest),
  );
  const wanted = read.flat().filter((one) => matches(one, query));
  const releases = wanted.slice(0, limit);
  const end =
    wanted.length > limit ? releases.at(-1)?.digest : unnamed.length > looked.length ? looked.at(-1) : undefined;
  if (end !== undefined) return { releases, next: { kind: 'mirror', after: `${toStoreSegment(end)}/` } };
  const isPast = inReach.length < digests.length;
  return { releases, ...(next === undefined || isPast ? {} : { next: { kind: 'mirror', after: next } }) };
}

/** Nothing for what the profile does not verify: it may be another profile's. */
function toListed(known: KnownRelease | Unreadable, digest: Digest): readonly ListedRelease[] {
  if ('fault' in known) return [{ digest, versions: [], architectures: [], listedBy: 'mirror', ...known }];
  const { standing, mirrored } = known;
  if (mirrored.signatures === 0) return [];
  return [{ digest, ...toNames(mirrored.signedReferences), listedBy: 'mirror', ...standing }];
}

interface Unreadable {
  readonly fault: string;
}

/** An object that somebody else put there, and that cannot be read, must not hide the rest of a page. */
async function readKnown(places: CatalogPlaces, digest: Digest): Promise<KnownRelease | Unreadable> {
  try {
    return await readStanding(places, digest, 1);
  } catch (error) {
    if (isUnreadable(error)) return { fault: `${error.code}: what is stored of it cannot be read` };
    throw error;
  }
}

/** What verified signatures call a release. */
export function toNames(signedReferences: readonly string[]): Pick<CatalogEntry, 'versions' | 'architectures'> {
  const names = signedReferences.flatMap((reference) => toSignedName(reference) ?? []);
  return {
    versions: [...new Set(names.map(({ version }) => version))].toSorted(),
    architectures: [...new Set(names.flatMap(({ architecture }) => architecture ?? []))].toSorted(),
  };
}

function isAfter(entry: CatalogEntry, after: ReleasePosition | undefined): boolean {
  return after?.kind !== 'catalog' || comparePlaces(toPlace(entry), after) > 0;
}

function matches(
  { digest, versions, architectures }: CatalogEntry,
  { start, minor, architecture }: ReleaseQuery,
): boolean {
  return (
    (start === undefined || digest.startsWith(start) || versions.some((version) => version.startsWith(start))) &&
    (minor === undefined || versions.some((version) => toMinor(version) === minor)) &&
    (architecture === undefined || architectures.some((one) => toArchitecture(one) === toArchitecture(architecture)))
  );
}
