import { setTimeout as delay } from 'node:timers/promises';
import { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { retry } from '../../platform/time/retries.ts';
import { createLimitedStore } from '../../stores/port/composites.ts';
import type { SignatureStore } from '../../stores/port/signature-store.ts';
import type { ReadyTrust } from '../../trust/source/ready-trust.ts';
import type { Reason } from '../../verdict/judge/verdict.ts';
import { type AskedStores, rememberAbsent } from './absent-record.ts';
import { mirrorDigest } from './mirror-digest.ts';
import type { MirrorOutcome, MirrorResult } from './mirror-result.ts';
import { planDigests } from './plan-digests.ts';

export interface SyncRequest {
  readonly objects: ObjectStore;
  readonly trust: ReadyTrust;
  readonly upstream: SignatureStore;
  /** Descriptions of the stores that `upstream` reads. */
  readonly stores: readonly string[];
  readonly digests: readonly Digest[];
  /** Those among them that are asked about although they were not there lately. */
  readonly insisted?: ReadonlySet<Digest> | undefined;
  /** Digests that `upstream` is asked about at a time; as many more are being written. */
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
  /** Held when the sync began. */
  readonly held: number;
  /** Asked about lately, and not asked again yet. */
  readonly resting: number;
  readonly outcomes: Readonly<Record<MirrorOutcome | 'failed', number>>;
  /** Signatures. */
  readonly written: number;
  /** Every digest that is not complete, but for those that are absent everywhere. */
  readonly failures: readonly SyncFailure[];
  readonly absent: readonly Digest[];
}

/** Tries of one digest whose stores fail. */
export const MAX_TRIES = 3;
const FIRST_PAUSE_MS = 250;
/** A store that asks for more patience is left to the next sync. */
const MAX_PAUSE_MS = 30_000;

/**
 * Copies what the mirror lacks. Memory grows with the number of digests, by a name each; a kill at any point leaves
 * whole signatures, and the next sync does what is left.
 *
 * @throws StoreError when the mirror cannot be listed; the abort reason of the signal
 */
export async function syncMirror(asking: SyncRequest): Promise<SyncResult> {
  const concurrency = Math.max(1, asking.concurrency);
  const request = { ...asking, upstream: createLimitedStore(asking.upstream, concurrency) };
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
  const patience = createPatience(now, signal);
  const take = due.values();
  const work = async (): Promise<void> => {
    for (const { digest, isEmpty } of take) {
      const isAsked = await patience.wait();
      const result: Copied = isAsked ? await copyDigest(request, asked, digest, isEmpty) : LEFT_ALONE;
      if (result.outcome === 'indeterminate' && 'retryAfterSeconds' in result) patience.ask(result.retryAfterSeconds);
      outcomes[result.outcome] += 1;
      written += 'written' in result ? result.written.length : 0;
      if (result.outcome === 'absent') absent.push(digest);
      else if (result.outcome !== 'complete') failures.push(toFailure(digest, result));
      done += 1;
      request.onProgress?.({ total, done, written, indeterminate: outcomes.indeterminate + outcomes.failed });
    }
  };
  await Promise.all(Array.from({ length: Math.min(2 * concurrency, total) }, work));
  return { wanted: digests.length, held: plan.held, resting: plan.resting, outcomes, written, failures, absent };
}

/** What stands for a digest that was not asked about, because a store asked for more patience than a sync has. */
const LEFT_ALONE = {
  outcome: 'indeterminate',
  written: [],
  reasons: [{ code: 'StoreUnavailable', message: 'a store asked to be left alone; the next sync asks again' }],
} as const;

interface Patience {
  /** Until no store wants to be left alone any more; false when that is too long. */
  readonly wait: () => Promise<boolean>;
  readonly ask: (seconds: number | undefined) => void;
}

/** One for all that is under way: a store that asks for patience asks everybody. */
function createPatience(now: () => Date, signal: AbortSignal): Patience {
  let notBefore = 0;
  return {
    wait: async () => {
      const rest = notBefore - now().getTime();
      if (rest > MAX_PAUSE_MS) return false;
      if (rest > 0) await delay(rest, undefined, { signal });
      return true;
    },
    ask: (seconds) => {
      if (seconds !== undefined) notBefore = Math.max(notBefore, now().getTime() + seconds * 1000);
    },
  };
}

/** A message that cannot be read may be another one tomorrow: such an answer is not remembered. */
function isAnswered({ attempts }: MirrorResult): boolean {
  return attempts.every(({ code }) => code !== 'SignatureMalformed');
}

type Copied = MirrorResult | typeof LEFT_ALONE | { readonly outcome: 'failed'; readonly error: StoreError };

/** One digest, tried again while its stores fail. A mirror that fails for one digest fails for that one alone. */
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
    if (!(error instanceof StoreError)) throw error;
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
