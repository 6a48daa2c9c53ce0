import * as v from 'valibot';
import { readSchema, recordOf, utcTime } from '../../base/documents/schema.ts';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { VERIFIER_VERSION } from '../../verdict/judge/verdict.ts';

/**
 * How far a sweep has come. `accepted`: records are queued again, profile by profile. `mirror`: what is mirrored is
 * audited. `done`: nothing to do until the trust changes or a week has passed.
 */
export interface SweepState {
  readonly schema: 1 | 2;
  readonly phase: 'accepted' | 'mirror' | 'done';
  /** The verifier that the sweep queues records for; missing in a state of schema 1, whose verdicts need one more sweep. */
  readonly verifierVersion?: string | undefined;
  /** The trust that the sweep goes by. */
  readonly revisions: Readonly<Record<string, string>>;
  /** Profiles whose records are still to be queued; the first is under way. */
  readonly profiles: readonly string[];
  /** What was handled last in this phase, and for this profile. */
  readonly cursor?: string | undefined;
  readonly startedAt: string;
  /** When the last sweep of every profile was started. */
  readonly fullAt: string;
  /** Profiles whose trust changed: they are swept once more when it has reached everybody. */
  readonly settling: readonly string[];
  /** Digests of the mirror that could not be audited, and why the first of them. */
  readonly unaudited?: { readonly count: number; readonly first: string } | undefined;
  /** The end of the lease of a run. A run that dies holds it no longer. */
  readonly leasedUntil?: string | undefined;
}

export interface StoredSweep {
  readonly state: SweepState;
  readonly etag: string;
}

const KEY = 'reverify/state.json';
const MAX_BYTES = 64 * 1024;

const schema: v.GenericSchema<unknown, SweepState> = v.strictObject({
  schema: v.picklist([1, 2]),
  verifierVersion: v.optional(v.string()),
  phase: v.picklist(['accepted', 'mirror', 'done']),
  revisions: recordOf(v.string(), v.string()),
  profiles: v.array(v.string()),
  cursor: v.optional(v.string()),
  startedAt: utcTime,
  fullAt: utcTime,
  settling: v.array(v.string()),
  unaudited: v.optional(v.strictObject({ count: v.number(), first: v.string() })),
  leasedUntil: v.optional(utcTime),
});

/** Milliseconds for which a run has the sweep to itself after each slice: longer than a function may run. */
export const LEASE_MS = 6 * 60 * 1000;

/** Whether another run holds it. Nobody leases for longer, whatever a state says. */
function isLeased({ leasedUntil }: SweepState, now: Date): boolean {
  const left = leasedUntil === undefined ? 0 : Date.parse(leasedUntil) - now.getTime();
  return left > 0 && left <= LEASE_MS;
}

/** What is stored: a state, or what is no state and why. */
export type FoundSweep =
  | StoredSweep
  | { readonly state: undefined; readonly etag: string; readonly fault: ConfigurationError };

/** What lies where the state belongs. @throws StoreError, `LimitExceeded` for what is longer than any state */
export async function findSweep(objects: ObjectStore): Promise<FoundSweep | undefined> {
  const stored = await objects.readObject(KEY, MAX_BYTES);
  if (stored === undefined) return undefined;
  const { etag } = stored;
  try {
    return { state: readSchema(schema, KEY, stored.bytes, 2), etag };
  } catch (fault) {
    if (fault instanceof ConfigurationError) return { state: undefined, etag, fault };
    throw fault;
  }
}

/** @throws StoreError, ConfigurationError for what is no state */
export async function readSweep(objects: ObjectStore): Promise<StoredSweep | undefined> {
  const found = await findSweep(objects);
  if (found !== undefined && found.state === undefined) throw found.fault;
  return found;
}

/** @returns undefined when another run has written in between @throws StoreError */
export async function writeSweep(
  objects: ObjectStore,
  state: SweepState,
  etag: string | undefined,
): Promise<StoredSweep | undefined> {
  const bytes = new TextEncoder().encode(`${JSON.stringify(state)}\n`);
  if (!(await objects.replaceObject(KEY, bytes, etag))) return undefined;
  const stored = await objects.readObject(KEY, MAX_BYTES);
  // What is there is another run's when its bytes are not these: each has a lease of its own.
  return stored !== undefined && Buffer.compare(stored.bytes, bytes) === 0 ? { state, etag: stored.etag } : undefined;
}

/** A state that says nothing was ever swept: the next run of a sweep starts from the beginning. */
const NEVER: SweepState = {
  schema: 1,
  phase: 'done',
  revisions: {},
  profiles: [],
  startedAt: '1970-01-01T00:00:00.000Z',
  fullAt: '1970-01-01T00:00:00.000Z',
  settling: [],
};
/** Milliseconds before its end at which a step has to stop: what it does last must be within the lease. */
const MARGIN_MS = 60_000;

/**
 * Runs one step after the other while no sweep runs: the lease is the sweep's own, and is renewed before each step.
 *
 * @param step true when there is another one; its signal ends it while the lease still holds
 * @throws StoreError `ConditionFailed` while somebody else holds the lease; what the step throws
 */
export async function withLease(
  objects: ObjectStore,
  now: () => Date,
  step: (signal: AbortSignal) => Promise<boolean>,
): Promise<void> {
  const first = await readSweep(objects);
  if (first !== undefined && isLeased(first.state, now())) {
    const until = first.state.leasedUntil ?? '';
    throw new StoreError('ConditionFailed', `another audit of this mirror is under way, until ${until} at the latest`);
  }
  const { leasedUntil: _, ...state } = first?.state ?? NEVER;
  let held = await take(objects, state, now(), first?.etag);
  try {
    while (await step(AbortSignal.timeout(LEASE_MS - MARGIN_MS))) held = await take(objects, state, now(), held);
  } finally {
    await writeSweep(objects, state, held);
  }
}

async function take(objects: ObjectStore, state: SweepState, now: Date, etag: string | undefined): Promise<string> {
  const leasedUntil = new Date(now.getTime() + LEASE_MS).toISOString();
  const written = await writeSweep(objects, { ...state, leasedUntil }, etag);
  if (written === undefined) throw new StoreError('ConditionFailed', 'another audit of this mirror has begun');
  return written.etag;
}

/** Days between two sweeps of everything while the trust stays the same. */
const SWEEP_DAYS = 7;
/** Milliseconds after which changed trust is swept once more: by then, nobody holds and goes on by the former one. */
export const SETTLE_MS = 5 * 60 * 1000;
const DAY_MS = 24 * 60 * 60 * 1000;

/** The trust of today. */
interface CurrentTrust {
  /** Every profile that is configured. */
  readonly profiles: readonly string[];
  /** The current one of each that can be read. */
  readonly revisions: Readonly<Record<string, string>>;
  /** Those of which something was published since the last sweep, whichever revision is current now. */
  readonly republished: readonly string[];
}

/** Why a run does nothing, or the sweep that it goes on with. */
type NextSweep =
  | { readonly kind: 'idle' | 'busy' }
  | { readonly kind: 'sweep'; readonly state: SweepState; readonly isNew: boolean };

/**
 * A new sweep when trust changed or was published, had to settle, a week has passed, another version of Signet decides,
 * or a day after a mirror was not read in full; else the unfinished one. Profiles whose records that one still had to queue stay in the next.
 */
export function toNextSweep(last: SweepState | undefined, trust: CurrentTrust, now: Date): NextSweep {
  if (last !== undefined && isLeased(last, now)) return { kind: 'busy' };
  const revisions = toRevisions(last, trust);
  const all = Object.keys(revisions);
  const isNew = (profile: string): boolean => last?.revisions[profile] !== revisions[profile];
  const changed = all.filter((profile) => isNew(profile) || trust.republished.includes(profile));
  const startedAt = now.toISOString();
  const start = (change: Pick<SweepState, 'profiles' | 'settling' | 'fullAt'>): NextSweep => ({
    kind: 'sweep',
    state: { schema: 2, verifierVersion: VERIFIER_VERSION, phase: 'accepted', revisions, startedAt, ...change },
    isNew: true,
  });
  // Another version may judge otherwise what was accepted: everything is asked once more after an upgrade.
  const isUpgraded = last?.verifierVersion !== VERIFIER_VERSION;
  if (last === undefined || isUpgraded || isOver(last.fullAt, SWEEP_DAYS * DAY_MS, now)) {
    return start({ profiles: all, settling: changed, fullAt: startedAt });
  }
  const { fullAt, settling, unaudited } = last;
  const isGone = Object.keys(last.revisions).some((profile) => revisions[profile] === undefined);
  if (changed.length > 0 || isGone) {
    const open = last.phase === 'accepted' ? last.profiles : [];
    const pick = (more: readonly string[]): readonly string[] =>
      all.filter((profile) => changed.includes(profile) || more.includes(profile));
    return start({ profiles: pick(open), settling: pick(settling), fullAt });
  }
  if (last.phase !== 'done') return { kind: 'sweep', state: last, isNew: false };
  const isSettled = settling.length === 0 || !isOver(last.startedAt, SETTLE_MS, now);
  // The mirror alone: by now somebody may have removed what could not be read.
  const isWhole = unaudited === undefined || !isOver(last.startedAt, DAY_MS, now);
  return isSettled && isWhole ? { kind: 'idle' } : start({ profiles: settling, settling: [], fullAt });
}

/** A profile that cannot be read keeps the revision that it had; one that is not configured any more has none. */
function toRevisions(last: SweepState | undefined, { profiles, revisions }: CurrentTrust): SweepState['revisions'] {
  const known = profiles.flatMap((profile) => {
    const revision = revisions[profile] ?? last?.revisions[profile];
    return revision === undefined ? [] : [[profile, revision] as const];
  });
  return Object.fromEntries(known);
}

/** An age below zero is that of a clock that was set back: better once more than never again. */
function isOver(since: string, milliseconds: number, now: Date): boolean {
  const age = now.getTime() - Date.parse(since);
  return age < 0 || age >= milliseconds;
}
