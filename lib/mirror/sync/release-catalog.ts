import * as v from 'valibot';
import { utcTime } from '../../base/documents/schema.ts';
import { type Digest, isDigest } from '../../base/names/digest.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import type { Release } from '../graph/list-releases.ts';
import { type RememberedObject, readRemembered, updateRemembered } from './remembered-object.ts';

/** A release as update graphs name it. */
export interface CatalogEntry {
  readonly digest: Digest;
  /** Newest first; never empty. */
  readonly versions: readonly string[];
  /** Empty where no graph tells. */
  readonly architectures: readonly string[];
}

/** The releases of a profile's update graphs, as the last plan read them. It is for people, and decides nothing. */
export interface ReleaseCatalog {
  readonly schema: 1;
  /** RFC 3339, UTC. */
  readonly plannedAt: string;
  /** Graphs that could not be read: what was known of them is kept. */
  readonly failedGraphs: number;
  /** In the order of {@link compareEntries}. */
  readonly releases: readonly CatalogEntry[];
}

/** Releases that are kept: an OCP graph of every channel and architecture has a few thousand. */
export const MAX_CATALOG_RELEASES = 20_000;
/** Versions and architectures of one release that are kept. */
const MAX_NAMES = 16;
const names = v.pipe(v.array(v.pipe(v.string(), v.maxLength(256))), v.maxLength(MAX_NAMES));
const schema: v.GenericSchema<unknown, ReleaseCatalog> = v.strictObject({
  schema: v.literal(1),
  plannedAt: utcTime,
  failedGraphs: v.pipe(v.number(), v.integer(), v.minValue(0)),
  releases: v.pipe(
    v.array(
      v.strictObject({
        digest: v.custom<Digest>((value) => typeof value === 'string' && isDigest(value)),
        versions: v.pipe(names, v.minLength(1)),
        architectures: names,
      }),
    ),
    v.maxLength(MAX_CATALOG_RELEASES),
  ),
});

function toRemembered(profile: string): RememberedObject<ReleaseCatalog> {
  return { key: `graph/releases/${profile}.json`, maxBytes: 16 * 1024 * 1024, schema };
}

/** What the last plan of a profile read; undefined before the first. @throws StoreError, ConfigurationError */
export async function readCatalog(objects: ObjectStore, profile: string): Promise<ReleaseCatalog | undefined> {
  return await readRemembered(objects, toRemembered(profile));
}

/** What a plan read. */
interface Planned {
  readonly releases: readonly Release[];
  readonly failedGraphs: number;
  readonly now: Date;
}

export function toCatalog({ releases, failedGraphs, now }: Planned): ReleaseCatalog {
  const entries = releases.map(({ digest, versions, architectures }): CatalogEntry => ({
    digest,
    versions: versions.toSorted(compareVersions).slice(0, MAX_NAMES),
    architectures: architectures.toSorted().slice(0, MAX_NAMES),
  }));
  return { schema: 1, plannedAt: now.toISOString(), failedGraphs, releases: sort(entries) };
}

/** Replaces what an older plan read; while a graph fails, what is known stays. @throws StoreError, ConfigurationError */
export async function rememberCatalog(objects: ObjectStore, profile: string, catalog: ReleaseCatalog): Promise<void> {
  await updateRemembered(objects, toRemembered(profile), (known) => {
    if (known !== undefined && known.plannedAt > catalog.plannedAt) return undefined;
    if (known === undefined || catalog.failedGraphs === 0) return catalog;
    const read = new Set(catalog.releases.map(({ digest }) => digest));
    return {
      ...catalog,
      releases: sort([...catalog.releases, ...known.releases.filter((one) => !read.has(one.digest))]),
    };
  });
}

function sort(entries: readonly CatalogEntry[]): readonly CatalogEntry[] {
  return entries.toSorted(compareEntries).slice(0, MAX_CATALOG_RELEASES);
}

/** Where an entry stands in the catalog. */
export interface CatalogPlace {
  readonly version: string;
  readonly digest: string;
}

export function toPlace({ versions: [version = ''], digest }: CatalogEntry): CatalogPlace {
  return { version, digest };
}

function compareEntries(one: CatalogEntry, other: CatalogEntry): number {
  return comparePlaces(toPlace(one), toPlace(other));
}

/** Newest version first; of one version, by digest. */
export function comparePlaces(one: CatalogPlace, other: CatalogPlace): number {
  return compareVersions(one.version, other.version) || compareText(one.digest, other.digest);
}

const NUMBERED = new Intl.Collator('en', { numeric: true });

/** Newest first, a candidate after its release. It is an order for people, and total. */
function compareVersions(one: string, other: string): number {
  const [core, candidate] = split(one);
  const [otherCore, otherCandidate] = split(other);
  const order = NUMBERED.compare(otherCore, core);
  if (order !== 0) return order;
  if ((candidate === '') !== (otherCandidate === '')) return candidate === '' ? -1 : 1;
  return NUMBERED.compare(otherCandidate, candidate) || compareText(other, one);
}

function split(version: string): readonly [core: string, candidate: string] {
  const at = version.search(/[-+]/);
  return at < 0 ? [version, ''] : [version.slice(0, at), version.slice(at)];
}

function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
