import type { Pullspec } from '../../base/names/pullspec.ts';
import { repositoryHost, repositoryPath } from '../../base/names/repository.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import type { UpstreamStores } from '../../stores/open/upstream-stores.ts';
import { createFallbackStore } from '../../stores/port/fallback-store.ts';
import { createParallelStore, createSharedTime, VERIFICATION_TIMEOUT_MS } from '../../stores/port/parallel-store.ts';
import type { SignaturePlaces } from '../../stores/port/signature-places.ts';
import type { SignatureStore } from '../../stores/port/signature-store.ts';
import { isStale, type ReadyTrust } from '../../trust/source/ready-trust.ts';
import { decideImage } from '../../verdict/decide/decide-image.ts';
import type { Verdict } from '../../verdict/judge/verdict.ts';
import type { Acceptances } from '../../verdict/records/acceptances.ts';
import { toRecord } from '../../verdict/records/to-record.ts';
import type { Asked } from '../../verdict/records/verdict-record.ts';
import { writeRecord } from '../../verdict/records/write-record.ts';
import { toReusableVerdict, toReuseKey } from './reusable-verdict.ts';
import type { VerdictReuse } from './verdict-reuse.ts';

export interface AdmissionDecisionDependencies {
  readonly mirror: SignaturePlaces;
  readonly upstream: UpstreamStores;
  readonly objects: ObjectStore;
  readonly acceptances: Acceptances;
  readonly reuse: VerdictReuse;
  readonly now: () => Date;
}

export interface AdmissionImageRequest {
  readonly pullspec: Pullspec;
  readonly force: boolean;
  /** Decides, and writes nothing. */
  readonly dryRun: boolean;
  /** Milliseconds that stores may still take. */
  readonly remainingMs: () => number;
  readonly signal: AbortSignal;
}

/** A verdict, or the record of the one that is reused. */
export type AdmissionDecision =
  | { readonly kind: 'reused'; readonly recordId: string }
  | { readonly kind: 'decided'; readonly verdict: Verdict; readonly recordId: string | undefined };

/**
 * The verdict on an image that a cluster asks about, the mirror read first, recorded as any other. A forced one is
 * decided anew each time.
 *
 * @throws as `decideImage`; StoreError when the record cannot be written
 */
export async function decideAdmission(
  request: AdmissionImageRequest,
  trust: ReadyTrust,
  dependencies: AdmissionDecisionDependencies,
): Promise<AdmissionDecision> {
  const { pullspec, force, dryRun, signal } = request;
  const { reuse, now } = dependencies;
  const key = force || isStale(trust, now()) ? undefined : toReuseKey(pullspec, trust.prepared);
  const kept = key === undefined ? undefined : await reuse.find(key, now());
  if (kept !== undefined) return { kind: 'reused', recordId: kept.recordId };
  const places = openPlaces(request, trust, dependencies);
  const decision = await decideImage({ pullspec, force }, trust, { ...places, now, signal });
  const { verdict } = decision;
  if (dryRun) return { kind: 'decided', verdict, recordId: undefined };
  const record = toRecord(toAsked(pullspec), decision);
  await writeRecord(dependencies.objects, record);
  if (verdict.outcome === 'accepted' && !verdict.forced) {
    await dependencies.acceptances.note(verdict.profile, record.id, new Date(verdict.decidedAt));
    const reusable = toReusableVerdict(decision, trust, record.id);
    if (reusable !== undefined) await reuse.keep(reusable);
  }
  return { kind: 'decided', verdict, recordId: record.id };
}

/** Mirror and stores together stay within what is left, so that which of them was silent is part of the verdict. */
function openPlaces(
  { remainingMs }: AdmissionImageRequest,
  { prepared }: ReadyTrust,
  { mirror, upstream }: AdmissionDecisionDependencies,
): { readonly store: SignatureStore; readonly lookaside: SignatureStore } {
  const opened = upstream.open(prepared);
  const timeoutMs = createSharedTime(Math.min(VERIFICATION_TIMEOUT_MS, Math.max(1, remainingMs())));
  const read = (place: keyof SignaturePlaces): SignatureStore =>
    createParallelStore([createFallbackStore([mirror[place], opened[place]])], { timeoutMs });
  return { store: read('release'), lookaside: read('lookaside') };
}

function toAsked({ repository, tag, text }: Pullspec): Asked {
  const names = { registry: repositoryHost(repository), repository: repositoryPath(repository) };
  return { source: 'admission', ...names, ...(tag === undefined ? {} : { tag }), pullspec: text };
}
