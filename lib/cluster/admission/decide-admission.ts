import { type Pullspec, repositoryHost, repositoryPath } from '../../base/names/reference.ts';
import { bindObjectStore, type ObjectStore } from '../../platform/objects/port/object-store.ts';
import type { UpstreamStores } from '../../stores/open/open-stores.ts';
import type { SignaturePlaces } from '../../stores/port/signature-store.ts';
import { isStale } from '../../trust/prepared/profiles.ts';
import type { ReadyTrust } from '../../trust/source/trust-source.ts';
import type { Verdict } from '../../verdict/judge/verdict.ts';
import { decideAndRecord, decideWithMirror } from '../../verdict/records/decide-and-record.ts';
import type { Acceptances } from '../../verdict/records/list-accepted.ts';
import { noteQuestion, type Questions } from '../../verdict/records/questions.ts';
import type { Asked } from '../../verdict/records/verdict-record.ts';
import type { Obstacle } from '../../verdict/records/write-record.ts';
import { toReusableVerdict, toReuseKey, type VerdictReuse } from './verdict-reuse.ts';

export interface AdmissionDecisionDependencies {
  readonly mirror: SignaturePlaces;
  readonly upstream: UpstreamStores;
  readonly objects: ObjectStore;
  readonly acceptances: Acceptances;
  readonly reuse: VerdictReuse;
  /** Where each question is written down. */
  readonly questions: Questions;
  readonly now: () => Date;
  /** Is told each verdict that is made, and not those that are reused. */
  readonly onVerdict?: ((verdict: Verdict, obstacles: readonly Obstacle[]) => void) | undefined;
}

export interface AdmissionImageRequest {
  readonly pullspec: Pullspec;
  /** Who asks, and about which object. */
  readonly caller: NonNullable<Asked['caller']>;
  readonly force: boolean;
  /** As a release when left out. */
  readonly judgedAs?: Verdict['judgedAs'];
  /** Decides without writing anything. */
  readonly dryRun: boolean;
  /** Milliseconds that signature stores may still take. */
  readonly remainingMs: () => number;
  readonly signal: AbortSignal;
}

/** A verdict, or the record of the reused one. */
export type AdmissionDecision =
  | { readonly kind: 'reused'; readonly recordId: string }
  | { readonly kind: 'decided'; readonly verdict: Verdict; readonly recordId: string | undefined };

/**
 * Decides and records the image of a review, with the mirror first, unless an earlier verdict can be reused. A forced
 * image is decided again each time, and so is one of a component: a release's verdict says nothing about it.
 *
 * @throws as `decideImage`; StoreError when the record cannot be written
 */
export async function decideAdmission(
  request: AdmissionImageRequest,
  trust: ReadyTrust,
  dependencies: AdmissionDecisionDependencies,
): Promise<AdmissionDecision> {
  const { pullspec, caller, force, judgedAs, dryRun, remainingMs, signal } = request;
  const { objects, questions, reuse, now, onVerdict } = dependencies;
  const isDecidedAnew = force || judgedAs !== undefined || isStale(trust, now());
  const key = isDecidedAnew ? undefined : toReuseKey(pullspec, trust.prepared);
  const stored = key === undefined ? undefined : await reuse.find(key, now());
  if (stored !== undefined) {
    const asked = toAsked(pullspec, caller);
    const decided = { recordId: stored.recordId, askedAt: now().toISOString(), forced: false };
    if (!dryRun) await noteQuestion(questions, asked, decided, bindObjectStore(objects, signal));
    return { kind: 'reused', recordId: stored.recordId };
  }
  const { mirror, upstream } = dependencies;
  // What was accepted is asked again as a release.
  const acceptances = judgedAs === undefined ? dependencies.acceptances : undefined;
  const places = { mirror, upstream: upstream.open(trust.prepared), objects, timeoutMs: remainingMs() };
  const question = { pullspec, force, judgedAs };
  if (dryRun) {
    const { verdict } = await decideWithMirror(question, trust, { ...places, now, signal });
    onVerdict?.(verdict, []);
    return { kind: 'decided', verdict, recordId: undefined };
  }
  const recording = { ...places, acceptances, questions, now, signal };
  const recorded = await decideAndRecord(question, toAsked(pullspec, caller), trust, recording);
  const { decision, verdict, recordId, obstacles } = recorded;
  onVerdict?.(verdict, obstacles);
  const reusable = toReusableVerdict(decision, trust, recordId);
  if (reusable !== undefined) await reuse.keep(reusable);
  return { kind: 'decided', verdict, recordId };
}

function toAsked({ repository, tag, text }: Pullspec, caller: AdmissionImageRequest['caller']): Asked {
  const names = { registry: repositoryHost(repository), repository: repositoryPath(repository) };
  return { source: 'admission', ...names, ...(tag === undefined ? {} : { tag }), pullspec: text, caller };
}
