import { hash } from 'node:crypto';
import * as v from 'valibot';
import { readSchema } from '../../base/documents/read-schema.ts';
import { utcTime } from '../../base/documents/schema.ts';
import { REASON_CODES } from '../../base/errors/reason-code.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { type Digest, toKeySegment } from '../../base/names/digest.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import type { Mode } from '../../trust/prepared/prepared-trust.ts';
import type { VerdictSummary } from './verdict-event.ts';

/** The subject of a verdict: one digest, judged at one repository by one profile in one mode. */
export interface VerdictSubject {
  readonly profile: string;
  readonly digest: Digest;
  /** The pullspec that was judged. */
  readonly pullspec: string;
  readonly mode: Mode;
}

export interface LastVerdict {
  readonly summary: VerdictSummary;
  readonly etag: string;
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

/** The verdict that was published last; undefined when there was none. @throws StoreError, ConfigurationError */
export async function readLastVerdict(objects: ObjectStore, subject: VerdictSubject): Promise<LastVerdict | undefined> {
  const key = lastVerdictKey(subject);
  const stored = await objects.readObject(key, MAX_BYTES);
  if (stored === undefined) return undefined;
  const { schema: _, pullspec, mode, ...summary } = readSchema(schema, key, stored.bytes);
  if (pullspec !== subject.pullspec || mode !== subject.mode)
    throw new StoreError('BodyInvalid', `${key} is about another pullspec`);
  return { summary, etag: stored.etag };
}

/** Stores a verdict in place of the one that was read. @returns false when another was stored in between @throws StoreError */
export async function replaceLastVerdict(
  objects: ObjectStore,
  subject: VerdictSubject,
  summary: VerdictSummary,
  etag: string | undefined,
): Promise<boolean> {
  const { pullspec, mode } = subject;
  const bytes = new TextEncoder().encode(`${JSON.stringify({ schema: 1, pullspec, mode, ...summary })}\n`);
  return await objects.replaceObject(lastVerdictKey(subject), bytes, etag);
}
