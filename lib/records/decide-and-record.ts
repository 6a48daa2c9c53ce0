import { decideImage, type ImageRequest } from '../decide/decide-image.ts';
import type { ReadyTrust } from '../decide/ready-trust.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import { createFallbackStore } from '../signatures/fallback-store.ts';
import { createParallelStore } from '../signatures/parallel-store.ts';
import type { SignatureStore } from '../signatures/signature-store.ts';
import type { Verdict } from '../verification/verdict.ts';
import type { Acceptances } from './acceptances.ts';
import { toRecord } from './to-record.ts';
import type { Asked } from './verdict-record.ts';
import { writeRecord } from './write-record.ts';

export interface RecordingDependencies {
  /** Read first. */
  readonly mirror: SignatureStore;
  /** Read when the mirror does not satisfy every keyring. */
  readonly upstream: SignatureStore;
  readonly objects: ObjectStore;
  /** Undefined where nobody asked: what is only looked at again is not in use for that. */
  readonly acceptances: Acceptances | undefined;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

export interface RecordedDecision {
  readonly verdict: Verdict;
  readonly recordId: string;
  /** True when a signature that verified was not in the mirror: the digest is worth mirroring. */
  readonly wentUpstream: boolean;
}

/**
 * Decides with the mirror first, and keeps the evidence. A verdict that could not be recorded is not given: the
 * failure goes on up, and the caller may ask again.
 *
 * @throws as `decideImage`; StoreError when the record cannot be written
 */
export async function decideAndRecord(
  request: ImageRequest,
  asked: Asked,
  trust: ReadyTrust,
  { mirror, upstream, objects, acceptances, now, signal }: RecordingDependencies,
): Promise<RecordedDecision> {
  // Around both, so that mirror and stores together stay within the time of one verification.
  const store = createParallelStore([createFallbackStore([mirror, upstream])]);
  const decision = await decideImage(request, trust, { store, now, signal });
  const { verdict } = decision;
  const record = toRecord(asked, decision);
  await writeRecord(objects, record);
  if (verdict.outcome === 'accepted' && !verdict.forced) {
    await acceptances?.note(verdict.profile, record.id, new Date(verdict.decidedAt));
  }
  const wentUpstream = verdict.attempts.some(
    (attempt) => attempt.code === 'Verified' && attempt.store !== mirror.description,
  );
  return { verdict, recordId: record.id, wentUpstream };
}
