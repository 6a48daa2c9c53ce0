import { hash } from 'node:crypto';
import * as v from 'valibot';
import { readSchema, utcTime } from '../../base/documents/schema.ts';
import { REASON_CODES } from '../../base/errors/reason-code.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { type Digest, toKeySegment } from '../../base/names/digest.ts';
import { parsePullspec } from '../../base/names/reference.ts';
import type { BusEvent, EventBus } from '../../platform/bus/event-bus.ts';
import { readCorrelationId } from '../../platform/lambda/telemetry.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import type { Mode } from '../../trust/prepared/prepared-trust.ts';
import { MAX_CLOCK_STEP_MS } from '../../trust/prepared/profiles.ts';
import type { Verdict } from '../../verdict/judge/verdict.ts';
import { isUnreadable } from '../../verdict/records/read-records.ts';
import type { Asked } from '../../verdict/records/verdict-record.ts';
import { toVerdictChangedEvent, toVerdictEvent, toVerdictSummary, type VerdictSummary } from './verdict-event.ts';

interface PublishRequest {
  readonly verdict: Verdict;
  readonly recordId: string;
  readonly asked: Asked;
  /** What this verdict is compared with where none was published yet. */
  readonly previous?: VerdictSummary | undefined;
}

interface Published {
  readonly events: readonly BusEvent[];
  /** What was wrong with what was stored as the last verdict: a change of it may not have been seen. */
  readonly fault: string | undefined;
}

/** Attempts to store the verdict before the message is returned to the queue. */
const MAX_TRIES = 8;

/**
 * Publishes a verdict, and that it changed if it did; then stores it in place of the one that it was compared with.
 * A crash between the two publishes the same again, and never loses the change; when another verdict came between, the
 * comparison is made anew. An indeterminate verdict changes nothing, nor does one that is older than the last.
 *
 * @returns the published events
 * @throws StoreError
 */
export async function publishVerdict(
  { verdict, recordId, asked, previous }: PublishRequest,
  objects: ObjectStore,
  bus: EventBus,
): Promise<Published> {
  const event = toVerdictEvent(verdict, recordId, asked, readCorrelationId());
  const subject = toVerdictSubject(verdict);
  const published: BusEvent[] = [];
  let fault: string | undefined;
  const publish = async (events: readonly BusEvent[]): Promise<Published> => {
    await bus.publishEvents(events);
    published.push(...events);
    return { events: published, fault };
  };
  if (subject === undefined || verdict.outcome === 'indeterminate') return await publish([event]);
  const summary = toVerdictSummary(verdict, recordId);
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const stored = await readLastVerdict(objects, subject);
    const last = stored === undefined ? undefined : withoutFuture(stored, summary);
    const fresh = published.length === 0 ? [event] : [];
    fault ??= last?.fault;
    if (last?.summary !== undefined && last.summary.decidedAt > summary.decidedAt) return await publish(fresh);
    const before = last?.summary ?? previous;
    const changed = before === undefined ? undefined : toVerdictChangedEvent(verdict, event, before);
    const told = await publish(changed === undefined ? fresh : [...fresh, changed]);
    if (last !== undefined && last.etag === undefined) return told;
    if (await replaceLastVerdict(objects, subject, summary, last?.etag)) return told;
  }
  throw new StoreError('ConditionFailed', `the last verdict on ${subject.pullspec} keeps changing; retry`);
}

/** A verdict of a time that has not come would hide every change until then: no other decides so far ahead. */
function withoutFuture(last: LastVerdict, { decidedAt }: VerdictSummary): LastVerdict {
  const { summary, etag } = last;
  if (summary === undefined || Date.parse(summary.decidedAt) <= Date.parse(decidedAt) + MAX_CLOCK_STEP_MS) return last;
  return { summary: undefined, etag, fault: `the last verdict is of ${summary.decidedAt}` };
}

/** Without a tag: the verdict on a digest is the same under any tag. */
export function toVerdictSubject({ profile, mode, pullspec: text }: Verdict): VerdictSubject | undefined {
  const { repository, digest } = parsePullspec(text);
  return digest === undefined ? undefined : { profile, digest, mode, pullspec: `${repository}@${digest}` };
}

/** The subject of a verdict: one digest, judged at one repository by one profile in one mode. */
interface VerdictSubject {
  readonly profile: string;
  readonly digest: Digest;
  /** The pullspec that was judged. */
  readonly pullspec: string;
  readonly mode: Mode;
}

interface LastVerdict {
  /** Undefined where what is stored is no verdict: nothing is known to compare with. */
  readonly summary: VerdictSummary | undefined;
  /** Undefined where it cannot be read, and so not be replaced. */
  readonly etag: string | undefined;
  /** What is wrong with what is stored. */
  readonly fault?: string | undefined;
}

const MAX_BYTES = 16 * 1024;
const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const schema = v.strictObject({
  schema: v.literal(1),
  pullspec: v.string(),
  mode: v.picklist(['enforce', 'warn']),
  recordId: sha256,
  outcome: v.picklist(['accepted', 'rejected', 'indeterminate']),
  forced: v.boolean(),
  reasonCodes: v.array(v.picklist(REASON_CODES)),
  trustRevision: sha256,
  decidedAt: utcTime,
});

/** `verdicts/<profile>/<algo>-<hex>/<hash of the rest>.json`: a repository may be longer than a key's segment. */
function lastVerdictKey({ profile, digest, pullspec, mode }: VerdictSubject): string {
  const name = hash('sha256', `${mode} ${pullspec}`);
  return `verdicts/${profile}/${toKeySegment(digest)}/${name}.json`;
}

/**
 * The verdict that was published last; undefined when there was none. What somebody else put in its place is no reason
 * to publish nothing. @throws StoreError
 */
export async function readLastVerdict(objects: ObjectStore, subject: VerdictSubject): Promise<LastVerdict | undefined> {
  const key = lastVerdictKey(subject);
  let etag: string | undefined;
  try {
    const stored = await objects.readObject(key, MAX_BYTES);
    if (stored === undefined) return undefined;
    ({ etag } = stored);
    const { schema: _, pullspec, mode, ...summary } = readSchema(schema, key, stored.bytes);
    if (pullspec === subject.pullspec && mode === subject.mode) return { summary, etag };
    return { summary: undefined, etag, fault: `${key} is about another pullspec` };
  } catch (error) {
    if (error instanceof StoreError && !isUnreadable(error)) throw error;
    return { summary: undefined, etag, fault: error instanceof Error ? error.message : String(error) };
  }
}

/** Stores a verdict in place of the one that was read. @returns false when another was stored in between @throws StoreError */
async function replaceLastVerdict(
  objects: ObjectStore,
  subject: VerdictSubject,
  summary: VerdictSummary,
  etag: string | undefined,
): Promise<boolean> {
  const { pullspec, mode } = subject;
  const bytes = new TextEncoder().encode(`${JSON.stringify({ schema: 1, pullspec, mode, ...summary })}\n`);
  return await objects.replaceObject(lastVerdictKey(subject), bytes, etag);
}
