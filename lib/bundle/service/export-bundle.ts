import { StoreError } from '../../base/errors/store-error.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { toFailureReason } from '../../platform/queues/process-batch.ts';
import type { TrustSource } from '../../trust/source/trust-source.ts';
import {
  type BundleState,
  type ExportFailure,
  type ExportMessage,
  isFinal,
  readBundleState,
  replaceBundleState,
  toExportFailure,
} from './bundle-state.ts';
import { readBundleManifest } from './kept-bundles.ts';
import { type MakeBundleRequest, makeBundle } from './make-bundle.ts';

export interface ExportDependencies extends Pick<MakeBundleRequest, 'onLeftOut'> {
  readonly trust: TrustSource;
  readonly objects: ObjectStore;
  readonly now: () => Date;
}

type DoneState = BundleState & { readonly state: 'done' };

/** What became of a message: `open` may be tried again, `never` not. Both carry the error for the log. */
export type ExportResult =
  | { readonly kind: 'done'; readonly state: DoneState }
  | { readonly kind: 'open' | 'never'; readonly reason: string; readonly error?: unknown };

const MAX_TRIES = 5;

/**
 * Makes the bundle that a message asks for, unless it is made. Killed at any point and called again it ends in one
 * bundle: the archive is written whole or not at all, never over another, and the state says what is there.
 *
 * @param isLastTry whether a failure becomes the state of the bundle
 * @throws StoreError, ConfigurationError when the state is out of reach
 */
export async function exportBundle(
  { id, profile, since }: ExportMessage,
  dependencies: ExportDependencies,
  { isLastTry, signal }: { readonly isLastTry: boolean; readonly signal: AbortSignal },
): Promise<ExportResult> {
  const { objects } = dependencies;
  const stored = await readBundleState(objects, id);
  if (stored === undefined) return { kind: 'never', reason: `there is no request for the bundle ${id}` };
  const { state } = stored;
  if (state.profile !== profile || state.since !== since) {
    return { kind: 'never', reason: `the bundle ${id} was asked for otherwise` };
  }
  if (state.state === 'done') return { kind: 'done', state };
  try {
    const archive = await make(state, dependencies, signal);
    return { kind: 'done', state: await finish(state, archive, dependencies) };
  } catch (error) {
    // Aborted operations throw various errors; the reason of the abort says more.
    const cause: unknown = signal.aborted && !isFinal(error) ? signal.reason : error;
    const reason = toFailureReason(cause);
    if (!isFinal(error) && !isLastTry) return { kind: 'open', reason, error };
    const known = await fail(state, toExportFailure(cause), dependencies);
    return known.state === 'done' ? { kind: 'done', state: known } : { kind: 'never', reason, error };
  }
}

async function make(state: BundleState, dependencies: ExportDependencies, signal: AbortSignal): Promise<Uint8Array> {
  const { objects, onLeftOut, now } = dependencies;
  const { id, profile, since, trustRevision } = state;
  // By the trust that was asked for, or what has come after it: not by what a long-lived function still keeps.
  const trust = await dependencies.trust.read(profile, trustRevision);
  return await makeBundle({ id, since, trust, objects, now: now(), signal, onLeftOut });
}

async function finish(asked: BundleState, archive: Uint8Array, dependencies: ExportDependencies): Promise<DoneState> {
  const { manifest, facts } = await readBundleManifest(archive);
  const trustRevision = manifest.trustRevisions[0]?.revision ?? asked.trustRevision;
  const state = {
    ...toRequested(asked),
    trustRevision,
    state: 'done',
    finishedAt: toTime(dependencies),
    ...facts,
  } as const;
  const known = await put(state, dependencies.objects);
  if (known.state === 'done') return known;
  throw new StoreError('ConditionFailed', `the state of the bundle ${asked.id} keeps changing`);
}

async function fail(
  asked: BundleState,
  failure: ExportFailure,
  dependencies: ExportDependencies,
): Promise<BundleState> {
  const finishedAt = toTime(dependencies);
  return await put({ ...toRequested(asked), state: 'failed', finishedAt, failure }, dependencies.objects);
}

/** Puts a state; one that is done stays. @returns what is there then @throws StoreError */
async function put(state: BundleState, objects: ObjectStore): Promise<BundleState> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const stored = await readBundleState(objects, state.id);
    if (stored?.state.state === 'done') return stored.state;
    if (await replaceBundleState(objects, state, stored?.etag)) return state;
  }
  throw new StoreError('ConditionFailed', `the state of the bundle ${state.id} keeps changing`);
}

function toRequested({ schema, id, profile, trustRevision, since, requestedAt }: BundleState) {
  return { schema, id, profile, trustRevision, ...(since === undefined ? {} : { since }), requestedAt };
}

function toTime({ now }: ExportDependencies): string {
  return now().toISOString();
}
