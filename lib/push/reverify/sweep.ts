import type { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { type AuditedMirror, auditMirror } from '../../mirror/audit/audit-mirror.ts';
import type { Invalidation } from '../../mirror/audit/invalidation.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import type { Queue } from '../../platform/queues/queue.ts';
import type { ReadyTrust } from '../../trust/source/trust-source.ts';
import { listAccepted } from '../../verdict/records/list-accepted.ts';
import { toReverifyBody } from '../verify/queued-message.ts';
import { findPublications } from './seen-publications.ts';
import { findSweep, LEASE_MS, type StoredSweep, type SweepState, toNextSweep, writeSweep } from './sweep-state.ts';

export interface SweepRequest {
  readonly objects: ObjectStore;
  /** Every profile that is configured. */
  readonly profiles: readonly string[];
  /** Of those that can be read. While one cannot, its records wait, and nothing in the mirror is quarantined. */
  readonly trusts: readonly ReadyTrust[];
  readonly pushQueue: Queue;
  /** Undefined where no CDN stands in front of the mirror. */
  readonly invalidation: Invalidation | undefined;
  readonly now: () => Date;
  /** True once the run has to end: looked at between two slices. */
  readonly isTimeUp: () => boolean;
  readonly signal: AbortSignal;
}

/** `idle`: nothing changed. `busy`: another run holds the lease. */
export interface SweepResult extends Count {
  readonly kind: 'idle' | 'busy' | 'swept';
  readonly finished: boolean;
  /** Digests of the mirror that could not be audited, by this run or the one that ended the last sweep. */
  readonly unaudited?: SweepState['unaudited'];
  /**
   * Why what was stored was no state: it was replaced, and everything is swept anew. Or why nobody can read what was seen
   * published: it stays, and trust that was taken back meanwhile waits for the weekly sweep.
   */
  readonly fault?: ConfigurationError | StoreError | undefined;
}

/** Days for which records are decided again. */
const REVERIFY_DAYS = 90;
/** Records queued, and digests audited, before the state is written. */
const SLICE = 200;

/**
 * Goes on with the sweep, or starts one: what was accepted lately is asked again, then the mirror is audited. It may be
 * killed at any point: the next run goes on from the last slice, which is harmless to repeat. Whoever writes what is no
 * state in its place has everything swept anew.
 *
 * @throws StoreError
 */
export async function sweep(request: SweepRequest): Promise<SweepResult> {
  const { objects, profiles, trusts, now } = request;
  const nothing = { ...NOTHING, finished: false };
  const revisions = Object.fromEntries(trusts.map(({ prepared }) => [prepared.profile, prepared.revision]));
  const last = await findSweep(objects);
  const { republished, note, fault: unseen } = await findPublications(objects, Object.keys(revisions));
  const fault = last?.state === undefined ? (last?.fault ?? unseen) : unseen;
  const next = toNextSweep(last?.state, { profiles, revisions, republished }, now());
  const unaudited = last?.state?.unaudited;
  if (next.kind !== 'sweep') return { kind: next.kind, ...nothing, unaudited, fault };
  let held = await writeSweep(objects, lease(next.state, now()), last?.etag);
  if (held === undefined) return { kind: 'busy', ...nothing, unaudited, fault };
  // Only now: a run that dies before has the next one begin again.
  await note();
  let total = NOTHING;
  const listing = createListing(request);
  for (;;) {
    const slice = await handleSlice(held.state, request, listing);
    total = {
      queued: total.queued + slice.count.queued,
      audited: total.audited + slice.count.audited,
      quarantined: total.quarantined + slice.count.quarantined,
    };
    const isEnd = slice.state.phase === 'done' || slice.isStuck || request.isTimeUp();
    const state = isEnd ? release(slice.state) : lease(slice.state, now());
    const written: StoredSweep | undefined = await writeSweep(objects, state, held.etag);
    // Somebody else took over: what was done is done, and they will do it again.
    if (written === undefined || isEnd) {
      return { kind: 'swept', ...total, finished: written?.state.phase === 'done', unaudited: state.unaudited, fault };
    }
    held = written;
  }
}

interface Count {
  readonly queued: number;
  readonly audited: number;
  readonly quarantined: number;
}

interface Slice {
  readonly state: SweepState;
  readonly count: Count;
  /** It cannot go on for now. */
  readonly isStuck: boolean;
}

const NOTHING: Count = { queued: 0, audited: 0, quarantined: 0 };

async function handleSlice(state: SweepState, request: SweepRequest, listing: Listing): Promise<Slice> {
  switch (state.phase) {
    case 'accepted':
      return await queueAccepted(state, request, listing);
    case 'mirror':
      return await auditSlice(state, request);
    case 'done':
      return { state, count: NOTHING, isStuck: false };
    default:
      return state.phase satisfies never;
  }
}

/** The next ids of a profile after the last ones, at most a slice. */
type Listing = (profile: string, after: string | undefined) => Promise<readonly string[]>;

/** Lists each profile once in a run, from where the stored state says: to list anew for each slice would cost the square. */
function createListing({ objects, now }: SweepRequest): Listing {
  let open: { readonly profile: string; readonly ids: AsyncIterator<string> } | undefined;
  return async (profile, after) => {
    if (open?.profile !== profile) {
      const query = { profile, now: now(), days: REVERIFY_DAYS, after };
      open = { profile, ids: listAccepted(objects, query)[Symbol.asyncIterator]() };
    }
    const ids: string[] = [];
    while (ids.length < SLICE) {
      const next = await open.ids.next();
      if (next.done === true) break;
      ids.push(next.value);
    }
    return ids;
  };
}

async function queueAccepted(state: SweepState, { pushQueue }: SweepRequest, list: Listing): Promise<Slice> {
  const [profile, ...rest] = state.profiles;
  if (profile === undefined) {
    return { state: { ...withoutCursor(state), phase: 'mirror' }, count: NOTHING, isStuck: false };
  }
  const ids = await list(profile, state.cursor);
  await pushQueue.sendMessages(ids.map((id) => toReverifyBody(profile, id, state.revisions[profile] ?? '')));
  const isEnd = ids.length < SLICE;
  const next = isEnd ? { ...withoutCursor(state), profiles: rest } : { ...state, cursor: ids.at(-1) };
  return { state: next, count: { ...NOTHING, queued: ids.length }, isStuck: false };
}

async function auditSlice(
  state: SweepState,
  { objects, profiles, trusts, invalidation, now, signal }: SweepRequest,
): Promise<Slice> {
  if (trusts.length < profiles.length) return { state, count: NOTHING, isStuck: true };
  const { cursor: after } = state;
  const audit = await unlessBusy(
    auditMirror({ objects, trusts, now: now(), signal, after, limit: SLICE, invalidation }),
  );
  if (audit === undefined) return { state, count: NOTHING, isStuck: true };
  switch (audit.outcome) {
    case 'audited': {
      const { audited, quarantined, next } = audit;
      const known = addUnaudited(state, audit.unaudited);
      return {
        state: next === undefined ? { ...withoutCursor(known), phase: 'done' } : { ...known, cursor: next },
        count: { ...NOTHING, audited, quarantined: quarantined.length },
        isStuck: false,
      };
    }
    case 'skipped':
      return { state: { ...withoutCursor(state), phase: 'done' }, count: NOTHING, isStuck: false };
    case 'indeterminate':
      return { state, count: NOTHING, isStuck: true };
    default:
      return audit satisfies never;
  }
}

/** It is told by each run until the mirror was audited in full. */
function addUnaudited(state: SweepState, [found, ...more]: AuditedMirror['unaudited']): SweepState {
  if (found === undefined) return state;
  const { count = 0, first = `${found.digest}: ${found.reason}` } = state.unaudited ?? {};
  return { ...state, unaudited: { count: count + 1 + more.length, first } };
}

/** Undefined when a service is throttled, as the CDN is for invalidations: the next run continues. */
async function unlessBusy<T>(operation: Promise<T>): Promise<T | undefined> {
  try {
    return await operation;
  } catch (error) {
    if (error instanceof StoreError && error.code === 'Unavailable') return undefined;
    throw error;
  }
}

function withoutCursor(state: SweepState): SweepState {
  const { cursor: _, ...rest } = state;
  return rest;
}

function lease(state: SweepState, now: Date): SweepState {
  return { ...state, leasedUntil: new Date(now.getTime() + LEASE_MS).toISOString() };
}

function release(state: SweepState): SweepState {
  const { leasedUntil: _, ...rest } = state;
  return rest;
}
