import * as v from 'valibot';
import { utcTime } from '../../base/documents/schema.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import type { Release } from '../graph/list-releases.ts';
import { type RememberedObject, readRemembered, updateRemembered } from './remembered-object.ts';

/** How much a mirror has of the releases of one minor version and architecture. */
interface MinorCoverage {
  /** Such as `4.16`; `other` for what is no version of that form. */
  readonly minor: string;
  /** `unknown` where no graph tells. */
  readonly architecture: string;
  readonly wanted: number;
  readonly held: number;
  /** Of what is not held: looked up lately, and signed nowhere. */
  readonly absent: number;
}

/** What the last plan found of a profile's update graphs. It is for people, and decides nothing. */
export interface Coverage {
  readonly schema: 1;
  /** RFC 3339, UTC. */
  readonly plannedAt: string;
  /** Graphs that could not be read: their releases are not counted. */
  readonly failedGraphs: number;
  /** Newest minor version first. */
  readonly minors: readonly MinorCoverage[];
}

/** What a plan found. */
interface Planned {
  readonly releases: readonly Release[];
  /** What the mirror lacks, but for what is absent. */
  readonly due: readonly Digest[];
  readonly absent: ReadonlySet<Digest>;
  readonly failedGraphs: number;
  readonly now: Date;
}

const MINOR = /^([0-9]{1,4})\.([0-9]{1,4})\.[0-9]/;
/** Minor versions times architectures that are kept. */
const MAX_ROWS = 1000;
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const schema: v.GenericSchema<unknown, Coverage> = v.strictObject({
  schema: v.literal(1),
  plannedAt: utcTime,
  failedGraphs: count,
  minors: v.pipe(
    v.array(v.strictObject({ minor: v.string(), architecture: v.string(), wanted: count, held: count, absent: count })),
    v.maxLength(MAX_ROWS),
  ),
});

function toRemembered(profile: string): RememberedObject<Coverage> {
  return { key: `graph/coverage/${profile}.json`, maxBytes: 256 * 1024, schema };
}

/** What the last plan of a profile found; undefined before the first. @throws StoreError, ConfigurationError */
export async function readCoverage(objects: ObjectStore, profile: string): Promise<Coverage | undefined> {
  return await readRemembered(objects, toRemembered(profile));
}

/** Replaces what an older plan found. @throws StoreError, ConfigurationError */
export async function rememberCoverage(objects: ObjectStore, profile: string, coverage: Coverage): Promise<void> {
  await updateRemembered(objects, toRemembered(profile), (known) =>
    known !== undefined && known.plannedAt > coverage.plannedAt ? undefined : coverage,
  );
}

/** Counts each release once for each of its minor versions and architectures. */
export function toCoverage({ releases, due, absent, failedGraphs, now }: Planned): Coverage {
  const lacking = new Set(due);
  const rows = new Map<string, { minor: string; architecture: string; wanted: number; held: number; absent: number }>();
  for (const { digest, versions, architectures } of releases) {
    const minors = new Set(versions.map(toMinor));
    const named = architectures.length === 0 ? ['unknown'] : architectures;
    for (const minor of minors) {
      for (const architecture of named) {
        const key = `${minor} ${architecture}`;
        const row = rows.get(key) ?? { minor, architecture, wanted: 0, held: 0, absent: 0 };
        rows.set(key, row);
        row.wanted += 1;
        if (absent.has(digest)) row.absent += 1;
        else if (!lacking.has(digest)) row.held += 1;
      }
    }
  }
  const minors = [...rows.values()].toSorted(compareRows).slice(0, MAX_ROWS);
  return { schema: 1, plannedAt: now.toISOString(), failedGraphs, minors };
}

/** The minor version, such as `4.16` of `4.16.37`; `other` for what has none. */
export function toMinor(version: string): string {
  const [, major, minor] = MINOR.exec(version) ?? [];
  return major === undefined || minor === undefined ? 'other' : `${Number(major)}.${Number(minor)}`;
}

/** Sorts minor versions by number; what is none comes first. */
export function toMinorRank(text: string): number {
  const [major = 0, minor = 0] = text === 'other' ? [-1, 0] : text.split('.').map(Number);
  return major * 10_000 + minor;
}

function compareRows(one: MinorCoverage, other: MinorCoverage): number {
  const order = toMinorRank(other.minor) - toMinorRank(one.minor);
  return order === 0 ? (one.architecture < other.architecture ? -1 : 1) : order;
}
