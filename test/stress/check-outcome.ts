import assert from 'node:assert/strict';
import { type Message, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { toKeySegment, toStoreSegment } from '../../lib/base/names/digest.ts';
import type { ObjectStore } from '../../lib/platform/objects/port/object-store.ts';
import { readStoredRecord } from '../../lib/verdict/records/read-records.ts';
import type { VerdictRecord } from '../../lib/verdict/records/verdict-record.ts';
import type { LocalQueue } from '../../local/queues/start-queues.ts';
import type { StressPushes } from './make-pushes.ts';

export interface StressOutcome {
  readonly made: StressPushes;
  readonly objects: ObjectStore;
  readonly client: SQSClient;
  readonly queues: Readonly<Record<'push' | 'mirror', LocalQueue>>;
  /** Log lines of verdict events. */
  readonly events: readonly string[];
}

/** Holds what is left of a run against what was sent. @returns a line for each thing that holds @throws AssertionError */
export async function checkOutcome(outcome: StressOutcome): Promise<readonly string[]> {
  const records = await readRecords(outcome.objects);
  return [
    checkRecords(outcome.made, records),
    await checkPointers(outcome.objects, records),
    checkEvents(outcome, records),
    await checkDeadLetters(outcome),
    await checkMirror(outcome),
  ];
}

async function listKeys(objects: ObjectStore, prefix: string): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { key } of objects.listObjects(prefix)) keys.push(key);
  return keys;
}

async function readRecords(objects: ObjectStore): Promise<readonly VerdictRecord[]> {
  const ids = (await listKeys(objects, 'records/by-id/')).map((key) =>
    key.slice('records/by-id/'.length, -'.json'.length),
  );
  const records: VerdictRecord[] = [];
  for (const id of ids) {
    const stored = await readStoredRecord(objects, id);
    assert(stored !== undefined);
    records.push(stored.record);
  }
  return records;
}

function toQuestion({ asked, verdict }: VerdictRecord): string {
  return `${verdict.digest} ${asked.tag}`;
}

/** One accepted record for each question, and beside it at most one that was open, where the store was down at first. */
function checkRecords({ questions, down, digests }: StressPushes, records: readonly VerdictRecord[]): string {
  const byOutcome = (outcome: string): readonly VerdictRecord[] =>
    records.filter(({ verdict }) => verdict.outcome === outcome);
  const accepted = byOutcome('accepted').map(toQuestion);
  assert.deepEqual(accepted.toSorted(), [...questions].toSorted());
  const open = byOutcome('indeterminate');
  assert.equal(new Set(open.map(toQuestion)).size, open.length);
  assert(open.every(({ verdict: { digest } }) => digest !== undefined && down.has(digest)));
  // A read that was refused may have been killed before it could be recorded.
  assert(open.length > 0, 'a store that was down left a decision open');
  assert.deepEqual(byOutcome('rejected'), []);
  return `${accepted.length} accepted records of ${digests.length} digests and ${open.length} open ones, each decision once`;
}

/**
 * A pointer for each accepted record, and none without a record. A consumer that is killed between an open record and its
 * pointer leaves that one out: when the push comes again the store is up, and the decision is another one.
 */
async function checkPointers(objects: ObjectStore, records: readonly VerdictRecord[]): Promise<string> {
  const keys = (await listKeys(objects, 'records/')).filter((key) => !key.startsWith('records/by-id/'));
  const found = new Set(keys.map((key) => `${key.split('/')[1]} ${key.slice(key.lastIndexOf('-') + 1)}`));
  assert.equal(found.size, keys.length);
  const missing = records.filter(({ id, verdict: { digest } }) => {
    assert(digest !== undefined);
    return !found.delete(`${toKeySegment(digest)} ${id}`);
  });
  assert.deepEqual([...found], []);
  assert.deepEqual(
    new Set(missing.map(({ verdict }) => verdict.outcome)).difference(new Set(['indeterminate'])),
    new Set(),
  );
  return `${keys.length} pointers, one for each record but ${missing.length} open ones whose consumer was killed`;
}

/** Each accepted decision was told; whatever was told twice was told the same. */
function checkEvents({ events }: StressOutcome, records: readonly VerdictRecord[]): string {
  const told = new Map<string, Set<string>>();
  for (const line of events) {
    const { message, detail } = JSON.parse(line) as { message: string; detail: { recordId: string; outcome: string } };
    assert.equal(message, 'Signet Verdict', 'no verdict changed');
    const known = told.get(detail.recordId) ?? new Set();
    told.set(detail.recordId, known.add(detail.outcome));
  }
  const accepted = records.filter(({ verdict }) => verdict.outcome === 'accepted').map(({ id }) => id);
  assert.deepEqual([...told.keys()].toSorted(), accepted.toSorted());
  assert([...told.values()].every((outcomes) => outcomes.size === 1));
  return `${told.size} decisions told in ${events.length} events`;
}

async function checkDeadLetters({ made, client, queues }: StressOutcome): Promise<string> {
  const dead = await drain(client, queues.push.deadLetterUrl);
  const reasonOf = ({ MessageAttributes: attributes }: Message): string => attributes?.['reason']?.StringValue ?? '';
  const events = dead.filter(({ Body: body = '' }) => body.includes('"malformed-'));
  const bodies = dead.filter((message) => !events.includes(message));
  assert.equal(new Set(events.map(({ Body: body }) => body)).size, made.malformedEvents);
  assert(events.every((message) => reasonOf(message).includes('image-digest')));
  // A consumer that is killed between sending a dead letter and removing the message sends it again.
  assert.deepEqual(new Set(bodies.map(({ Body: body }) => body)), new Set(made.malformedBodies));
  assert(bodies.every((message) => /^the body is not (?:JSON|valid)/.test(reasonOf(message))));
  assert.deepEqual(await drain(client, queues.mirror.deadLetterUrl), []);
  return `${made.malformedEvents} malformed events and ${made.malformedBodies.length} malformed messages dead-lettered, ${dead.length - made.malformedEvents - made.malformedBodies.length} of them twice`;
}

async function drain(client: SQSClient, queueUrl: string): Promise<readonly Message[]> {
  const messages: Message[] = [];
  for (;;) {
    const command = new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: 10,
      VisibilityTimeout: 600,
      MessageAttributeNames: ['All'],
    });
    const { Messages: received = [] } = await client.send(command);
    if (received.length === 0) return messages;
    messages.push(...received);
  }
}

async function checkMirror({ made, objects }: StressOutcome): Promise<string> {
  const keys = await listKeys(objects, 'signatures/');
  assert.deepEqual(keys, made.digests.map((digest) => `signatures/${toStoreSegment(digest)}/signature-1`).toSorted());
  return `${keys.length} signatures mirrored, each once`;
}
