import type { Pullspec } from '../../base/names/pullspec.ts';
import { repositoryHost, repositoryPath } from '../../base/names/repository.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import type { UpstreamStores } from '../../stores/open/open-stores.ts';
import type { SignaturePlaces } from '../../stores/port/signature-store.ts';
import { isStale, type ReadyTrust } from '../../trust/source/ready-trust.ts';
import type { Verdict } from '../../verdict/judge/verdict.ts';
import type { Acceptances } from '../../verdict/records/acceptances.ts';
import { decideAndRecord, decideWithMirror } from '../../verdict/records/decide-and-record.ts';
import type { Asked } from '../../verdict/records/verdict-record.ts';
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
  const { pullspec, force, dryRun, remainingMs, signal } = request;
  const { reuse, now } = dependencies;
  const key = force || isStale(trust, now()) ? undefined : toReuseKey(pullspec, trust.prepared);
  const kept = key === undefined ? undefined : await reuse.find(key, now());
  if (kept !== undefined) return { kind: 'reused', recordId: kept.recordId };
  const { mirror, upstream, objects, acceptances } = dependencies;
  const places = { mirror, upstream: upstream.open(trust.prepared), objects, timeoutMs: remainingMs() };
  const question = { pullspec, force };
  if (dryRun) {
    const { verdict } = await decideWithMirror(question, trust, { ...places, now, signal });
    return { kind: 'decided', verdict, recordId: undefined };
  }
  const recording = { ...places, acceptances, now, signal };
  const { decision, verdict, recordId } = await decideAndRecord(question, toAsked(pullspec), trust, recording);
  const reusable = toReusableVerdict(decision, trust, recordId);
  if (reusable !== undefined) await reuse.keep(reusable);
  return { kind: 'decided', verdict, recordId };
}

function toAsked({ repository, tag, text }: Pullspec): Asked {
  const names = { registry: repositoryHost(repository), repository: repositoryPath(repository) };
  return { source: 'admission', ...names, ...(tag === undefined ? {} : { tag }), pullspec: text };
}
