import type { Digest } from '../../base/names/digest.ts';
import { parseReference } from '../../base/names/reference.ts';
import type { Repository } from '../../base/names/repository.ts';
import { isSigstoreBlob } from '../../crypto/sigstore/signature-blob.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { createFallbackStore } from '../../stores/port/fallback-store.ts';
import { createParallelStore, createSharedTime } from '../../stores/port/parallel-store.ts';
import type { SignaturePlaces } from '../../stores/port/signature-places.ts';
import type { SignatureStore } from '../../stores/port/signature-store.ts';
import type { ReadyTrust } from '../../trust/source/ready-trust.ts';
import { type Decision, decideImage, type ImageRequest } from '../decide/decide-image.ts';
import type { Attempt, Verdict } from '../judge/verdict.ts';
import type { Acceptances } from './acceptances.ts';
import { toRecord } from './to-record.ts';
import type { Asked } from './verdict-record.ts';
import { writeRecord } from './write-record.ts';

export interface RecordingDependencies {
  /** Read first. */
  readonly mirror: SignaturePlaces;
  /** Read when the mirror does not satisfy everything that is required. */
  readonly upstream: SignaturePlaces;
  readonly objects: ObjectStore;
  /** Undefined where nobody asked: what is only looked at again is not in use for that. */
  readonly acceptances: Acceptances | undefined;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

/** The signatures of a digest: a release's, or in the lookaside of a repository. */
export interface Unmirrored {
  readonly digest: Digest;
  readonly repository?: Repository | undefined;
}

export interface RecordedDecision {
  readonly verdict: Verdict;
  readonly recordId: string;
  /** What is worth mirroring, since a signature that verified was not there. */
  readonly unmirrored: readonly Unmirrored[];
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
  // Around all, so that mirror, stores and lookasides together stay within the time of one verification.
  const timeoutMs = createSharedTime();
  const read = (place: keyof SignaturePlaces): SignatureStore =>
    createParallelStore([createFallbackStore([mirror[place], upstream[place]])], { timeoutMs });
  const places = { store: read('release'), lookaside: read('lookaside') };
  const decision = await decideImage(request, trust, { ...places, now, signal });
  const { verdict } = decision;
  const record = toRecord(asked, decision);
  await writeRecord(objects, record);
  if (verdict.outcome === 'accepted' && !verdict.forced) {
    await acceptances?.note(verdict.profile, record.id, new Date(verdict.decidedAt));
  }
  return { verdict, recordId: record.id, unmirrored: listUnmirrored(decision, mirror) };
}

/** The mirror holds no Sigstore signatures: for those, nothing is asked of it. */
function listUnmirrored({ verdict, examined }: Decision, mirror: SignaturePlaces): readonly Unmirrored[] {
  const { digest, attempts } = verdict;
  if (digest === undefined) return [];
  const beside = new Set(examined.filter(({ bytes }) => isSigstoreBlob(bytes)).map(toPlaceKey));
  const isUpstream = (attempt: Attempt): boolean =>
    attempt.code === 'Verified' &&
    attempt.store !== (attempt.image === undefined ? mirror.release : mirror.lookaside).description &&
    !beside.has(toPlaceKey(attempt));
  // Once for the release, and once for each repository whose lookaside had something.
  const images = new Set(attempts.filter(isUpstream).map(({ image }) => image));
  return [...images].map((image) =>
    image === undefined ? { digest } : { digest, repository: parseReference(image).repository },
  );
}

function toPlaceKey({ store, location, image }: Pick<Attempt, 'store' | 'location' | 'image'>): string {
  return JSON.stringify([store, location, image]);
}
