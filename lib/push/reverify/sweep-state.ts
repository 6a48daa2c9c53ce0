import * as v from 'valibot';
import { readSchema } from '../../base/documents/read-schema.ts';
import { recordOf, utcTime } from '../../base/documents/schema.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';

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
  leasedUntil: v.optional(utcTime),
});

/** Milliseconds for which a run has the sweep to itself after each slice: longer than a function may run. */
export const LEASE_MS = 6 * 60 * 1000;

/** Whether another run holds it. Nobody leases for longer, whatever a state says. */
export function isLeased({ leasedUntil }: SweepState, now: Date): boolean {
  const left = leasedUntil === undefined ? 0 : Date.parse(leasedUntil) - now.getTime();
  return left > 0 && left <= LEASE_MS;
}

/** @throws StoreError, ConfigurationError */
export async function readSweep(objects: ObjectStore): Promise<StoredSweep | undefined> {
  const stored = await objects.readObject(KEY, MAX_BYTES);
  return stored === undefined ? undefined : { state: readSchema(schema, KEY, stored.bytes, 2), etag: stored.etag };
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
