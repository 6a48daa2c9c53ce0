import type { BusEvent, EventBus } from '../bus/event-bus.ts';
import {
  toVerdictChangedEvent,
  toVerdictEvent,
  toVerdictSummary,
  type VerdictSummary,
} from '../events/verdict-event.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import { parsePullspec } from '../pullspec/pullspec.ts';
import type { Asked } from '../records/verdict-record.ts';
import type { Verdict } from '../verification/verdict.ts';
import { readLastVerdict, type VerdictSubject, writeLastVerdict } from './last-verdict.ts';

export interface PublishRequest {
  readonly verdict: Verdict;
  readonly recordId: string;
  readonly asked: Asked;
  /** What this verdict is compared with where listeners were told nothing yet. */
  readonly previous?: VerdictSummary | undefined;
}

/**
 * Tells a verdict, and that it changed if it did; then remembers it. A crash between the two tells the same again, and
 * never loses the change. A verdict that could not be had changes nothing: the last that was had still stands.
 *
 * @returns the events that were told
 * @throws StoreError, ConfigurationError
 */
export async function publishVerdict(
  { verdict, recordId, asked, previous }: PublishRequest,
  objects: ObjectStore,
  bus: EventBus,
): Promise<readonly BusEvent[]> {
  const event = toVerdictEvent(verdict, recordId, asked);
  const subject = toVerdictSubject(verdict);
  if (subject === undefined || verdict.outcome === 'indeterminate') {
    await bus.publishEvents([event]);
    return [event];
  }
  const last = (await readLastVerdict(objects, subject))?.summary ?? previous;
  const changed = last === undefined ? undefined : toVerdictChangedEvent(verdict, event, last);
  const events = changed === undefined ? [event] : [event, changed];
  await bus.publishEvents(events);
  await writeLastVerdict(objects, subject, toVerdictSummary(verdict, recordId));
  return events;
}

/** Without a tag: a digest is the same question under any. */
function toVerdictSubject({ profile, pullspec: text }: Verdict): VerdictSubject | undefined {
  const { repository, digest } = parsePullspec(text);
  return digest === undefined ? undefined : { profile, digest, pullspec: `${repository}@${digest}` };
}
