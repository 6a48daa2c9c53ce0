import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import { REASON_CODES } from '../errors/reason-code.ts';
import { StoreError } from '../errors/store-error.ts';
import type { VerdictSummary } from '../events/verdict-event.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import { type Digest, toKeySegment } from '../pullspec/digest.ts';
import { readSchema } from '../trust/read-schema.ts';

/** What a verdict was about: one digest, judged at one repository by one profile. */
export interface VerdictSubject {
  readonly profile: string;
  readonly digest: Digest;
  /** The pullspec that was judged. */
  readonly pullspec: string;
}

export interface LastVerdict {
  readonly summary: VerdictSummary;
  readonly etag: string;
}

const MAX_BYTES = 16 * 1024;
/** Times that another writer may come between before the message is handed out again. */
const MAX_TRIES = 8;

const sha256 = z.string().check(z.regex(/^[0-9a-f]{64}$/));
const schema = z.strictObject({
  schema: z.literal(1),
  pullspec: z.string(),
  recordId: sha256,
  outcome: z.enum(['accepted', 'rejected', 'indeterminate']),
  forced: z.boolean(),
  reasonCodes: z.array(z.enum(REASON_CODES)),
  trustRevision: sha256,
  decidedAt: z.iso.datetime(),
});

/** `verdicts/<profile>/<algo>-<hex>/<SHA-256 of the pullspec>.json`: a repository may be longer than a key's segment. */
export function lastVerdictKey({ profile, digest, pullspec }: VerdictSubject): string {
  const name = createHash('sha256').update(pullspec).digest('hex');
  return `verdicts/${profile}/${toKeySegment(digest)}/${name}.json`;
}

/** The verdict that listeners were told last; undefined when there was none. @throws StoreError, ConfigurationError */
export async function readLastVerdict(objects: ObjectStore, subject: VerdictSubject): Promise<LastVerdict | undefined> {
  const key = lastVerdictKey(subject);
  const stored = await objects.readObject(key, MAX_BYTES);
  if (stored === undefined) return undefined;
  const { schema: _, pullspec, ...summary } = readSchema(schema, key, stored.bytes);
  if (pullspec !== subject.pullspec) throw new StoreError('BodyInvalid', `${key} is about another pullspec`);
  return { summary, etag: stored.etag };
}

/** Keeps the later one of two verdicts, whoever writes first. @throws StoreError */
export async function writeLastVerdict(
  objects: ObjectStore,
  subject: VerdictSubject,
  summary: VerdictSummary,
): Promise<void> {
  const key = lastVerdictKey(subject);
  const bytes = new TextEncoder().encode(`${JSON.stringify({ schema: 1, pullspec: subject.pullspec, ...summary })}\n`);
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const last = await readLastVerdict(objects, subject);
    if (last !== undefined && last.summary.decidedAt > summary.decidedAt) return;
    if (last?.summary.recordId === summary.recordId) return;
    if (await objects.replaceObject(key, bytes, last?.etag)) return;
  }
  throw new StoreError('ConditionFailed', `${key} keeps changing; retry`);
}
