import { setTimeout as delay } from 'node:timers/promises';
import { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import { WriteThreadError } from '../../platform/objects/directory/write-thread.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { retry } from '../../platform/time/retries.ts';
import { createLimitedStore } from '../../stores/port/composites.ts';
import type { SignatureStore } from '../../stores/port/signature-store.ts';
import type { ReadyTrust } from '../../trust/source/trust-source.ts';
import type { Reason } from '../../verdict/judge/verdict.ts';
import { type AskedStores, rememberAbsent } from './absent-record.ts';
import { mirrorDigest } from './mirror-digest.ts';
import type { MirrorOutcome, MirrorResult } from './mirror-result.ts';
import { planDigests } from './plan-mirror.ts';
import type { Unreadable } from './remembered-object.ts';

export interface SyncRequest {
  readonly objects: ObjectStore;
  readonly trust: ReadyTrust;
  readonly upstream: SignatureStore;
  /** Descriptions of the stores that `upstream` reads. */
  readonly stores: readonly string[];
  readonly digests: readonly Digest[];
  /** Those among them that are read even if they were absent lately. */
  readonly insisted?: ReadonlySet<Digest> | undefined;
  /** Digests read from `upstream` at once. As many more are written meanwhile. */
  readonly concurrency: number;
  readonly now: () => Date;
  readonly signal: AbortSignal;
  readonly onProgress?: ((progress: SyncProgress) => void) | undefined;
}

export interface SyncFailure {
  readonly digest: Digest;
  readonly outcome: MirrorOutcome | 'failed';
  readonly reasons: readonly Pick<Reason, 'code' | 'message'>[];
}

export interface SyncProgress {
  readonly total: number;
  readonly done: number;
  readonly written: number;
  readonly indeterminate: number;
}

export interface SyncResult {
  readonly wanted: number;
  /** Complete when the sync began. */
  readonly held: number;
  /** Absent lately, and not read again yet. */
  readonly resting: number;
  readonly restingDigests: readonly Digest[];
  readonly outcomes: Readonly<Record<MirrorOutcome | 'failed', number>>;
  /** Signatures. */
  readonly written: number;
  /** Every digest that is neither complete nor absent everywhere. */
  readonly failures: readonly SyncFailure[];
  readonly absent: readonly Digest[];
  /** What is remembered of absent digests and cannot be read: they were looked up. */
  readonly unreadable: readonly Unreadable[];
}

/** Tries for one digest while its stores fail. */
export const MAX_TRIES = 3;
const FIRST_PAUSE_MS = 250;
/** A store whose `Retry-After` is longer is read by the next sync. */
const MAX_PAUSE_MS = 30_000;

/**
 * Copies what the mirror lacks. Memory grows by one name for each digest. A kill at any point leaves whole signatures, and
 * the next sync continues.
 *
 * @throws StoreError when the mirror cannot be listed; the abort reason of the signal
 */
export async function syncMirror(given: SyncRequest): Promise<SyncResult> {
  const concurrency = Math.max(1, given.concurrency);
  const request = { ...given, upstream: createLimitedStore(given.upstream, concurrency) };
  const { objects, trust, stores, digests, now, signal } = request;
  const { profile, revision: trustRevision } = trust.prepared;
  const asked: AskedStores = { profile, trustRevision, stores };
  const keyrings = trust.keyrings.length;
  const plan = await planDigests({
    objects,
    wanted: digests,
    keyrings,
    asked,
    insisted: request.insisted,
    now: now(),
    signal,
  });
  const outcomes = { complete: 0, incomplete: 0, absent: 0, indeterminate: 0, skipped: 0, failed: 0 };
  const failures: SyncFailure[] = [];
  const absent: Digest[] = [];
  const due = [
    ...plan.missing.map((digest) => ({ digest, isEmpty: true })),
    ...plan.partial.map((digest) => ({ digest, isEmpty: false })),
  ];
  const total = due.length;
  let [written, done] = [0, 0];
  const retryAfter = createRetryAfter(now, signal);
  const take = due.values();
  const work = async (): Promise<void> => {
    for (const { digest, isEmpty } of take) {
      const isAsked = await retryAfter.wait();
      const result: Copied = isAsked ? await copyDigest(request, asked, digest, isEmpty) : POSTPONED;
      if (result.outcome === 'indeterminate' && 'retryAfterSeconds' in result)
        retryAfter.extend(result.retryAfterSeconds);
      outcomes[result.outcome] += 1;
      written += 'written' in result ? result.written.length : 0;
      if (result.outcome === 'absent') absent.push(digest);
      else if (result.outcome !== 'complete') failures.push(toFailure(digest, result));
      done += 1;
      request.onProgress?.({ total, done, written, indeterminate: outcomes.indeterminate + outcomes.failed });
    }
  };
  await Promise.all(Array.from({ length: Math.min(2 * concurrency, total) }, work));
  const { held, resting, unreadable } = plan;
  const restingDigests = [...plan.restingDigests];
  return { wanted: digests.length, held, resting, restingDigests, outcomes, written, failures, absent, unreadable };
}

/** The result for a digest that was not read, because a store's `Retry-After` is longer than a sync waits. */
const POSTPONED = {
  outcome: 'indeterminate',
  written: [],
  reasons: [
    { code: 'StoreUnavailable', message: 'a store answered with a long Retry-After; the next sync reads it again' },
  ],
} as const;

interface RetryAfter {
  /** Waits until the time that stores asked for has passed; false if that is too long. */
  readonly wait: () => Promise<boolean>;
  readonly extend: (seconds: number | undefined) => void;
}

/** Shared by all digests of a sync: a `Retry-After` counts for every one. */
function createRetryAfter(now: () => Date, signal: AbortSignal): RetryAfter {
  let notBefore = 0;
  return {
    wait: async () => {
      const rest = notBefore - now().getTime();
      if (rest > MAX_PAUSE_MS) return false;
      if (rest > 0) await delay(rest, undefined, { signal });
      return true;
    },
    extend: (seconds) => {
      if (seconds !== undefined) notBefore = Math.max(notBefore, now().getTime() + seconds * 1000);
    },
  };
}

/** A malformed message may be replaced soon, so such an answer is not remembered. */
function isAnswered({ attempts }: MirrorResult): boolean {
  return attempts.every(({ code }) => code !== 'SignatureMalformed');
}

type Copied = MirrorResult | typeof POSTPONED | { readonly outcome: 'failed'; readonly error: StoreError };

/** Copies one digest, and tries again while its stores fail. A fault of the mirror fails only this digest. */
async function copyDigest(request: SyncRequest, asked: AskedStores, digest: Digest, isEmpty: boolean): Promise<Copied> {
  const { objects, trust, upstream, now, signal } = request;
  const copy = async (attempt: number): Promise<MirrorResult> => {
    const isKnownEmpty = isEmpty && attempt === 1;
    const result = await mirrorDigest({ objects, digest, trust, upstream, now: now(), signal, isKnownEmpty });
    if (result.outcome === 'indeterminate') throw new IndeterminateCopy(result);
    if ((result.outcome === 'absent' || result.outcome === 'incomplete') && isAnswered(result)) {
      await rememberAbsent(objects, digest, result.outcome, asked, now());
    }
    return result;
  };
  try {
    return await retry(copy, { attempts: MAX_TRIES, toPauseMs: toPause, signal });
  } catch (error) {
    if (error instanceof IndeterminateCopy) return error.result;
    signal.throwIfAborted();
    if (!(error instanceof StoreError) || error instanceof WriteThreadError) throw error;
    return { outcome: 'failed', error };
  }
}

class IndeterminateCopy extends Error {
  readonly result: MirrorResult;

  constructor(result: MirrorResult) {
    super(result.outcome);
    this.result = result;
  }
}

/** Milliseconds: as a store's Retry-After says, else doubled each time; at random up to half more. */
function toPause(error: unknown, attempt: number): number | undefined {
  if (!(error instanceof IndeterminateCopy)) return undefined;
  const wanted = Math.max((error.result.retryAfterSeconds ?? 0) * 1000, FIRST_PAUSE_MS * 2 ** (attempt - 1));
  const pause = wanted * (1 + Math.random() / 2);
  return pause > MAX_PAUSE_MS ? undefined : pause;
}

function toFailure(digest: Digest, result: Copied): SyncFailure {
  if (!('reasons' in result)) {
    return { digest, outcome: 'failed', reasons: [{ code: 'StoreUnavailable', message: result.error.message }] };
  }
  return { digest, outcome: result.outcome, reasons: result.reasons.map(({ code, message }) => ({ code, message })) };
}
