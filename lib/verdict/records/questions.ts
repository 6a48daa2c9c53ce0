import { randomBytes } from 'node:crypto';
import * as v from 'valibot';
import { parseStrictJson, StrictJsonError } from '../../base/documents/parse-strict-json.ts';
import { recordOf } from '../../base/documents/schema.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { MAX_CLOCK_STEP_MS } from '../../trust/prepared/profiles.ts';
import { isUnreadable } from './read-records.ts';
import { type Asked, MAX_TIME_MS, toInvertedTime } from './verdict-record.ts';

/** One time that a record's question was asked: who, and when. */
export interface Question {
  readonly schema: 1;
  readonly recordId: string;
  readonly source: string;
  readonly pullspec: string;
  readonly askedAt: string;
  /** Whether it was accepted by force: `caller` forced it. */
  readonly forced: boolean;
  readonly caller?: Asked['caller'];
}

/** How often a record's question was asked, as far as it was written down, and by whom last. */
export interface QuestionSummary {
  /** Objects that lie there: a question that is repeated within a minute adds none. */
  readonly times: number;
  /** Set when there are more than were counted. */
  readonly isMore?: true;
  readonly lastAskedAt?: string;
  /** The newest ones, newest first. */
  readonly latest: readonly Question[];
  /** Objects among what was read that are no question of this record: they hide none. */
  readonly strays?: number;
}

/** Writes questions down. */
export interface Questions {
  /** A forced one always; any other at most once a minute for each caller and record. @throws StoreError */
  readonly note: (question: Question, objects: ObjectStore) => Promise<void>;
}

/** Milliseconds within which a caller's repeated question is written once. */
const PAUSE_MS = 60_000;
/** Callers and records that a process remembers; forgetting one writes it once more. */
const MAX_REMEMBERED = 10_000;
/** Bytes of a question; a caller's names are bounded before. */
const MAX_QUESTION_BYTES = 16 * 1024;
/** Questions of a record that are counted, and that are shown. */
export const MAX_COUNTED = 1000;
const MAX_SHOWN = 10;
/** Objects that are read to find those that are shown. */
const MAX_READ = 50;
const NAME = /^([0-9]{13})-[0-9a-f]{16}$/;

/** Each question is an object of its own, `asked/<record id>/<inverted time>-<random>`: records never change. */
export function createQuestions(): Questions {
  const written = new Map<string, number>();
  return {
    async note(question, objects) {
      const at = Date.parse(question.askedAt);
      const key = JSON.stringify([question.recordId, question.caller ?? null]);
      const last = written.get(key);
      const isRepeated = last !== undefined && at >= last && at - last < PAUSE_MS;
      if (isRepeated && !question.forced) return;
      const name = `${toInvertedTime(at)}-${randomBytes(8).toString('hex')}`;
      const bytes = new TextEncoder().encode(`${JSON.stringify(question)}\n`);
      await objects.createObject(`${prefixOf(question.recordId)}${name}`, bytes);
      if (written.size >= MAX_REMEMBERED) written.clear();
      written.set(key, at);
    },
  };
}

/**
 * Writes down that a record's question was asked. Who forces is always named: where that cannot be written, no verdict is
 * given. Any other question is in the record already, or was answered before, and its answer stands.
 *
 * @throws StoreError
 */
export async function noteQuestion(
  questions: Questions,
  { source, pullspec, caller }: Asked,
  decided: Pick<Question, 'recordId' | 'askedAt' | 'forced'>,
  objects: ObjectStore,
): Promise<void> {
  const question = { schema: 1, source, pullspec, ...decided, ...(caller === undefined ? {} : { caller }) } as const;
  try {
    await questions.note(question, objects);
  } catch (error) {
    if (decided.forced || !(error instanceof StoreError)) throw error;
  }
}

/**
 * What lies beside a record. Whoever may write there can add to it, and hides nothing by it: what is no question of this
 * record, cannot be read or is of a time that has not come is passed over, and counted.
 *
 * @throws StoreError
 */
export async function readQuestions(objects: ObjectStore, recordId: string, now: Date): Promise<QuestionSummary> {
  const prefix = prefixOf(recordId);
  const names: string[] = [];
  let strays = 0;
  for await (const { key } of objects.listObjects(prefix)) {
    const name = key.slice(prefix.length);
    if (toTime(name) <= now.getTime() + MAX_CLOCK_STEP_MS) names.push(name);
    else strays += 1;
    if (names.length > MAX_COUNTED || strays > MAX_COUNTED) break;
  }
  const latest: Question[] = [];
  for (const name of names.slice(0, MAX_READ)) {
    const question = await readQuestion(objects, `${prefix}${name}`, recordId);
    if (question !== undefined && Date.parse(question.askedAt) === toTime(name)) latest.push(question);
    else strays += 1;
    if (latest.length === MAX_SHOWN) break;
  }
  const [newest] = latest;
  return {
    times: Math.min(names.length, MAX_COUNTED),
    ...(names.length > MAX_COUNTED || strays > MAX_COUNTED ? { isMore: true } : {}),
    ...(newest === undefined ? {} : { lastAskedAt: newest.askedAt }),
    latest,
    ...(strays === 0 ? {} : { strays }),
  };
}

/** Milliseconds since 1970 that a name says; NaN for one that is no question's. */
function toTime(name: string): number {
  const [, inverted] = NAME.exec(name) ?? [];
  return inverted === undefined ? Number.NaN : MAX_TIME_MS - Number(inverted);
}

const schema: v.GenericSchema<unknown, Question> = v.strictObject({
  schema: v.literal(1),
  recordId: v.string(),
  source: v.string(),
  pullspec: v.string(),
  askedAt: v.string(),
  forced: v.boolean(),
  caller: v.optional(recordOf(v.pipe(v.string(), v.minLength(1)), v.string())),
});

async function readQuestion(objects: ObjectStore, key: string, recordId: string): Promise<Question | undefined> {
  try {
    const stored = await objects.readObject(key, MAX_QUESTION_BYTES);
    const result = v.safeParse(schema, parseStrictJson(Buffer.from(stored?.bytes ?? []).toString('utf8')));
    return result.success && result.output.recordId === recordId ? result.output : undefined;
  } catch (error) {
    if (error instanceof StrictJsonError || isUnreadable(error)) return undefined;
    throw error;
  }
}

function prefixOf(recordId: string): string {
  return `asked/${recordId}/`;
}
