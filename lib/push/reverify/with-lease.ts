import { StoreError } from '../../base/errors/store-error.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { isLeased, LEASE_MS, readSweep, type SweepState, writeSweep } from './sweep-state.ts';

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
