import { StoreError } from '../../base/errors/store-error.ts';
import { parsePullspec, parseRepository, type Repository } from '../../base/names/reference.ts';
import { tryToQueueUnmirrored } from '../../mirror/sync/mirror-message.ts';
import type { EventBus } from '../../platform/bus/event-bus.ts';
import { bindObjectStore, type ObjectStore } from '../../platform/objects/port/object-store.ts';
import type { Queue } from '../../platform/queues/queue.ts';
import { startDeadline } from '../../platform/time/deadline.ts';
import type { ManifestSource } from '../../registry/client/registry-client.ts';
import { readFirst } from '../../registry/profile/mirrored-reader.ts';
import type { ProfileRegistries } from '../../registry/profile/profile-registries.ts';
import type { UpstreamStores } from '../../stores/open/open-stores.ts';
import type { SignaturePlaces } from '../../stores/port/signature-store.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import { bindTrustSource, type ReadyTrust, type TrustSource } from '../../trust/source/trust-source.ts';
import type { ImageRequest } from '../../verdict/decide/decide-image.ts';
import type { Verdict } from '../../verdict/judge/verdict.ts';
import { decideAndRecord } from '../../verdict/records/decide-and-record.ts';
import type { Acceptances } from '../../verdict/records/list-accepted.ts';
import type { Questions } from '../../verdict/records/questions.ts';
import { readStoredRecord } from '../../verdict/records/read-records.ts';
import type { Asked } from '../../verdict/records/verdict-record.ts';
import type { Obstacle } from '../../verdict/records/write-record.ts';
import type { PushMessage } from '../receive/push-message.ts';
import { mapPush } from '../receive/queue-pushes.ts';
import { publishVerdict, readLastVerdict, toVerdictSubject } from './publish-verdict.ts';
import type { QueuedMessage, ReverifyMessage } from './queued-message.ts';
import { toQuestion } from './to-question.ts';
import { toVerdictSummary, type VerdictSummary } from './verdict-event.ts';

export interface PushDependencies {
  readonly trust: TrustSource;
  readonly objects: ObjectStore;
  readonly acceptances: Acceptances;
  readonly questions: Questions;
  readonly mirror: SignaturePlaces;
  readonly upstream: UpstreamStores;
  readonly registries: Pick<ProfileRegistries, 'open'>;
  readonly mirrorQueue: Queue;
  readonly bus: EventBus;
  readonly now: () => Date;
}

/** A verdict that was recorded. */
interface RecordedPush {
  readonly verdict: Verdict;
  readonly recordId: string;
  /** What was in the way of the record. */
  readonly obstacles: readonly Obstacle[];
  /** What was wrong with what was stored as the last verdict. */
  readonly lastFault?: string | undefined;
  /** Why the digest could not be queued for the mirror. The verdict stands: the next plan finds the digest missing. */
  readonly mirrorFailure?: StoreError | undefined;
}

/** The result for a queued message. */
export type PushResult =
  | (RecordedPush & { readonly kind: 'decided'; readonly changed: boolean })
  /** Indeterminate: recorded, and published only after the last try. */
  | (RecordedPush & { readonly kind: 'open' })
  | { readonly kind: 'nothing'; readonly reason: string }
  /** It can never be decided. */
  | { readonly kind: 'never'; readonly reason: string };

/** Milliseconds of one message, its registry's and its stores' answers together: far less than a function may run. */
export const MESSAGE_TIMEOUT_MS = 60_000;

interface PushRequest extends ImageRequest {
  readonly asked: Asked;
  readonly previous?: VerdictSummary | undefined;
  readonly acceptances: Acceptances | undefined;
}

/**
 * Resolves, decides, records, and publishes the verdict. Each step may be repeated after a crash: the record is claimed
 * once, and at worst the same event is published again.
 *
 * @param isLastTry an indeterminate verdict is published then, because no other follows
 * @param signal the deadline of the invocation
 * @throws StoreError, ConfigurationError: try again
 */
export async function verifyPushed(
  message: QueuedMessage,
  { trust: source, ...others }: PushDependencies,
  isLastTry: boolean,
  signal: AbortSignal,
): Promise<PushResult> {
  const trust = bindTrustSource(source, signal);
  const dependencies = { ...others, trust, objects: bindObjectStore(others.objects, signal) };
  if (!trust.profiles.includes(message.profile)) {
    return { kind: 'never', reason: `there is no profile ${message.profile}` };
  }
  const ready = await trust.read(message.profile, 'kind' in message ? message.trustRevision : undefined);
  const deadline = startDeadline(signal, MESSAGE_TIMEOUT_MS, toTimedOut);
  try {
    return await verifyWithin(message, ready, dependencies, isLastTry, deadline.signal);
  } finally {
    deadline.clear();
  }
}

async function verifyWithin(
  message: QueuedMessage,
  ready: ReadyTrust,
  dependencies: PushDependencies,
  isLastTry: boolean,
  signal: AbortSignal,
): Promise<PushResult> {
  const { objects, bus } = dependencies;
  const request = await toRequest(message, ready, dependencies, isLastTry, signal);
  if ('kind' in request) return request;
  const { asked, previous, acceptances } = request;
  const upstream = dependencies.upstream.open(ready.prepared);
  const manifests = startAtPushed(asked, ready, upstream.manifests, dependencies);
  const { verdict, recordId, obstacles, unmirrored } = await decideAndRecord(request, asked, ready, {
    mirror: dependencies.mirror,
    upstream: { ...upstream, manifests },
    objects,
    acceptances,
    // A verdict that is only made again was asked for by nobody.
    questions: 'kind' in message ? undefined : dependencies.questions,
    now: dependencies.now,
    signal,
  });
  await requireCurrent(verdict, dependencies);
  const isPublished = verdict.outcome !== 'indeterminate' || isLastTry;
  const told = isPublished ? await publishVerdict({ verdict, recordId, asked, previous }, objects, bus) : undefined;
  // Nobody waits for the mirror to learn of the verdict.
  const mirrorFailure = await tryToQueueUnmirrored(dependencies.mirrorQueue, message.profile, unmirrored);
  const recorded = { verdict, recordId, obstacles, lastFault: told?.fault, mirrorFailure };
  if (verdict.outcome === 'indeterminate') return { kind: 'open', ...recorded };
  return { kind: 'decided', ...recorded, changed: (told?.events.length ?? 0) > 1 };
}

/** Manifests where the image was pushed to, which has it, before where the profile's mirror sets lead. */
function startAtPushed(
  { registry, repository }: Asked,
  { prepared }: ReadyTrust,
  manifests: ManifestSource,
  { registries }: PushDependencies,
): ManifestSource {
  if (registry === undefined || repository === undefined) return manifests;
  const pushed = parseRepository(`${registry}/${repository}`);
  return {
    readManifest: (named, digest, signal) =>
      readFirst(pushed === named ? [named] : [pushed, named], signal, async (place) => {
        const reader = place === named ? manifests : await registries.open(prepared, place);
        return await reader.readManifest(place, digest, signal);
      }),
  };
}

/**
 * The last published verdict may be by another trust revision. Fails when the current trust is not the one that this
 * verdict was made by. @throws StoreError `ConditionFailed`
 */
async function requireCurrent(verdict: Verdict, { trust, objects }: PushDependencies): Promise<void> {
  const { profile, trustRevision } = verdict;
  const subject = toVerdictSubject(verdict);
  const last = subject === undefined ? undefined : await readLastVerdict(objects, subject);
  if (last?.summary === undefined || last.summary.trustRevision === trustRevision) return;
  const { prepared } = await trust.read(profile, last.summary.trustRevision);
  if (prepared.revision === trustRevision) return;
  throw new StoreError('ConditionFailed', `the trust of ${profile} was published anew meanwhile; decide again`);
}

async function toRequest(
  message: QueuedMessage,
  ready: ReadyTrust,
  dependencies: PushDependencies,
  isLastTry: boolean,
  signal: AbortSignal,
): Promise<PushRequest | Extract<PushResult, { kind: 'nothing' | 'never' }>> {
  if ('kind' in message) return await toRepeatedRequest(message, ready, dependencies.objects);
  const { prepared } = ready;
  if (!isMapped(message, prepared)) {
    const { registry, repository } = message.push;
    return {
      kind: 'never',
      reason: `profile ${prepared.profile} does not map ${registry}/${repository} so (any more)`,
    };
  }
  try {
    const openRegistry = (repository: Repository) => dependencies.registries.open(prepared, repository);
    const question = await toQuestion(message, { openRegistry, isLastTry, signal });
    if (question.kind === 'nothing') return question;
    return { pullspec: question.pullspec, asked: question.asked, acceptances: dependencies.acceptances };
  } catch (error) {
    // The profile's own rules: only other trust could make it succeed.
    if (!(error instanceof StoreError) || error.code !== 'NotAllowed') throw error;
    return { kind: 'never', reason: error.message };
  }
}

/** A message says what its repository mirrors, and the current trust has to agree: a queue is not trusted. */
function isMapped({ push, mirrorOf }: PushMessage, prepared: PreparedTrust): boolean {
  return mapPush(push, [prepared]).some((mapping) => mapping.mirrorOf === mirrorOf);
}

/** The request of a record, by the current trust. `enforce` in the record stays; else the profile's current mode applies. */
async function toRepeatedRequest(
  { profile, recordId }: ReverifyMessage,
  { prepared }: ReadyTrust,
  objects: ObjectStore,
): Promise<PushRequest | Extract<PushResult, { kind: 'never' }>> {
  const stored = await readStoredRecord(objects, recordId);
  if (stored === undefined) return { kind: 'never', reason: `there is no record ${recordId}` };
  const { asked, verdict } = stored.record;
  if (verdict.profile !== profile) return { kind: 'never', reason: `the record ${recordId} is of another profile` };
  if (verdict.judgedAs !== undefined) return { kind: 'never', reason: `the record ${recordId} is of a component` };
  const mode = verdict.mode === 'enforce' ? verdict.mode : prepared.mode;
  const previous = toVerdictSummary(verdict, recordId);
  return { pullspec: parsePullspec(verdict.pullspec), mode, asked, previous, acceptances: undefined };
}

function toTimedOut(): StoreError {
  return new StoreError('TimedOut', `the push was not decided within ${MESSAGE_TIMEOUT_MS} ms`);
}
