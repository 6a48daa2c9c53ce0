import * as v from 'valibot';
import { utcTime } from '../../base/documents/schema.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import type { TransitionReport } from '../check/report-transition.ts';
import { toMinor, toMinorRank } from './coverage.ts';
import { type RememberedObject, readRemembered, updateRemembered } from './remembered-object.ts';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const counts = {
  both: count,
  'openpgp only': count,
  'sigstore only': count,
  neither: count,
  unknown: count,
  unasked: count,
};
const schema = v.strictObject({
  schema: v.literal(1),
  reportedAt: utcTime,
  outcome: v.picklist(['ready', 'not ready', 'unknown']),
  /** Such as `4.16`; `other` for what is no version of that form. */
  minors: v.pipe(v.array(v.strictObject({ minor: v.string(), ...counts })), v.maxLength(1000)),
});

/** A transition report by minor version, newest first. It is for people, and decides nothing. */
export type TransitionSummary = v.InferOutput<typeof schema>;

function toRemembered(profile: string): RememberedObject<TransitionSummary> {
  return { key: `graph/transition/${profile}.json`, maxBytes: 256 * 1024, schema };
}

/** The last report that was kept for a profile; undefined without one. @throws StoreError, ConfigurationError */
export async function readTransition(objects: ObjectStore, profile: string): Promise<TransitionSummary | undefined> {
  return await readRemembered(objects, toRemembered(profile));
}

/** Keeps a report where the overview reads it. @throws StoreError, ConfigurationError */
export async function keepTransition(objects: ObjectStore, profile: string, summary: TransitionSummary): Promise<void> {
  await updateRemembered(objects, toRemembered(profile), (known) =>
    known !== undefined && known.reportedAt > summary.reportedAt ? undefined : summary,
  );
}

/** Counts each release once for each of its minor versions. */
export function toTransitionSummary({ outcome, releases }: TransitionReport, now: Date): TransitionSummary {
  const rows = new Map<string, TransitionSummary['minors'][number]>();
  for (const { versions, readiness } of releases) {
    for (const minor of new Set(versions.length === 0 ? ['other'] : versions.map(toMinor))) {
      const row = rows.get(minor) ?? { minor, ...NOTHING };
      rows.set(minor, { ...row, [readiness]: row[readiness] + 1 });
    }
  }
  const minors = [...rows.values()].toSorted((one, other) => toMinorRank(other.minor) - toMinorRank(one.minor));
  return { schema: 1, reportedAt: now.toISOString(), outcome, minors: minors.slice(0, 1000) };
}

const NOTHING = { both: 0, 'openpgp only': 0, 'sigstore only': 0, neither: 0, unknown: 0, unasked: 0 };
