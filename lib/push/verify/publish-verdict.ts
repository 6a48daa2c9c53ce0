import { StoreError } from '../../base/errors/store-error.ts';
import { parsePullspec } from '../../base/names/reference.ts';
import type { BusEvent, EventBus } from '../../platform/bus/event-bus.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import type { Verdict } from '../../verdict/judge/verdict.ts';
import type { Asked } from '../../verdict/records/verdict-record.ts';
import { readLastVerdict, replaceLastVerdict, type VerdictSubject } from './last-verdict.ts';
import { toVerdictChangedEvent, toVerdictEvent, toVerdictSummary, type VerdictSummary } from './verdict-event.ts';

export interface PublishRequest {
  readonly verdict: Verdict;
  readonly recordId: string;
  readonly asked: Asked;
  /** What this verdict is compared with where none was published yet. */
  readonly previous?: VerdictSummary | undefined;
}

/** Attempts to store the verdict before the message is returned to the queue. */
const MAX_TRIES = 8;

/**
 * Publishes a verdict, and that it changed if it did; then stores it in place of the one that it was compared with.
 * A crash between the two publishes the same again, and never loses the change; when another verdict came between, the
 * comparison is made anew. An indeterminate verdict changes nothing, nor does one that is older than the last.
 *
 * @returns the published events
 * @throws StoreError, ConfigurationError
 */
export async function publishVerdict(
  { verdict, recordId, asked, previous }: PublishRequest,
  objects: ObjectStore,
  bus: EventBus,
): Promise<readonly BusEvent[]> {
  const event = toVerdictEvent(verdict, recordId, asked);
  const subject = toVerdictSubject(verdict);
  const published: BusEvent[] = [];
  const publish = async (events: readonly BusEvent[]): Promise<readonly BusEvent[]> => {
    await bus.publishEvents(events);
    published.push(...events);
    return published;
  };
  if (subject === undefined || verdict.outcome === 'indeterminate') return await publish([event]);
  const summary = toVerdictSummary(verdict, recordId);
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const last = await readLastVerdict(objects, subject);
    const fresh = published.length === 0 ? [event] : [];
    if (last !== undefined && last.summary.decidedAt > summary.decidedAt) return await publish(fresh);
    const before = last?.summary ?? previous;
    const changed = before === undefined ? undefined : toVerdictChangedEvent(verdict, event, before);
    await publish(changed === undefined ? fresh : [...fresh, changed]);
    if (await replaceLastVerdict(objects, subject, summary, last?.etag)) return published;
  }
  throw new StoreError('ConditionFailed', `the last verdict on ${subject.pullspec} keeps changing; retry`);
}

/** Without a tag: the verdict on a digest is the same under any tag. */
export function toVerdictSubject({ profile, mode, pullspec: text }: Verdict): VerdictSubject | undefined {
  const { repository, digest } = parsePullspec(text);
  return digest === undefined ? undefined : { profile, digest, mode, pullspec: `${repository}@${digest}` };
}
