import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import {
  type BatchOptions,
  MAX_FAILURE_CHARACTERS,
  type MessageOutcome,
  processBatch,
  toFailureReason,
} from '../../../lib/platform/queues/process-batch.ts';
import { toRecord } from '../../support/sqs-server/poll-queue.ts';

const MAX_RECEIVES = 3;
const inTime = (): AbortSignal => AbortSignal.timeout(60_000);

const Body = v.strictObject({ outcome: v.picklist(['done', 'retry', 'dead', 'throw']) });
type Body = v.InferOutput<typeof Body>;

interface Trace {
  readonly delayed: string[];
  readonly dead: string[];
  readonly failures: string[];
  readonly handled: string[];
}

function newTrace(): Trace {
  return { delayed: [], dead: [], failures: [], handled: [] };
}

function toOutcome(outcome: Body['outcome']): MessageOutcome {
  switch (outcome) {
    case 'done':
      return { kind: 'done' };
    case 'retry':
      return { kind: 'retry', delaySeconds: 30, reason: 'later' };
    case 'dead':
      return { kind: 'dead', reason: 'never' };
    case 'throw':
      throw new Error('broken');
    default:
      throw new TypeError(`unknown outcome ${String(outcome satisfies never)}`);
  }
}

/** Processes the bodies; message ids are their positions. */
async function process(
  bodies: readonly string[],
  trace: Trace,
  change: Partial<BatchOptions<Body>> = {},
  receiveCount = 1,
): Promise<string[]> {
  const { attributes } = toRecord('');
  const received = { ...attributes, ApproximateReceiveCount: String(receiveCount) };
  const event = {
    Records: bodies.map((body, index) => toRecord(body, { messageId: String(index), attributes: received })),
  };
  const response = await processBatch(
    event,
    async ({ id, body }) => {
      trace.handled.push(id);
      return toOutcome(body.outcome);
    },
    {
      schema: Body,
      maxReceives: MAX_RECEIVES,
      delayMessage: async ({ messageId }, seconds) => void trace.delayed.push(`${messageId}: ${seconds}`),
      sendDead: async ({ messageId }, reason) => void trace.dead.push(`${messageId}: ${reason}`),
      logFailure: ({ messageId }, error) => void trace.failures.push(`${messageId}: ${String(error)}`),
      signal: inTime(),
      ...change,
    },
  );
  return response.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
}

const body = (outcome: Body['outcome']) => JSON.stringify({ outcome });

describe('a batch', () => {
  it('settles each message on its own', async () => {
    const trace = newTrace();
    const failed = await process([body('throw'), body('retry'), body('dead'), 'no JSON', body('done')], trace);
    expect(failed).toEqual(['0', '1']);
    expect(trace).toEqual({
      delayed: ['0: 15', '1: 30'],
      dead: ['2: never', '3: the body is not JSON'],
      failures: ['0: Error: broken'],
      handled: ['0', '1', '2', '4'],
    });
  });

  it.each([
    { name: 'no JSON', text: '{', reason: '0: the body is not JSON' },
    { name: 'another member', text: '{"outcome":"done","more":1}', reason: /^0: the body is not valid: .*more/ },
    { name: 'another value', text: '{"outcome":"no"}', reason: /^0: the body is not valid: outcome: / },
    { name: 'null', text: 'null', reason: /^0: the body is not valid: / },
  ])('has no use for a body that is not the schema’s: $name', async ({ text, reason }) => {
    const trace = newTrace();
    expect(await process([text], trace)).toEqual([]);
    expect(trace.dead).toEqual([typeof reason === 'string' ? reason : expect.stringMatching(reason)]);
    expect(trace.handled).toEqual([]);
  });

  it('says of a union what each alternative lacks', async () => {
    const dead: string[] = [];
    const schema = v.union([v.object({ push: v.string() }), v.object({ kind: v.literal('again') })]);
    await processBatch({ Records: [toRecord('{}')] }, async () => ({ kind: 'done' }), {
      schema,
      maxReceives: MAX_RECEIVES,
      delayMessage: async () => undefined,
      sendDead: async (_, reason) => void dead.push(reason),
      logFailure: () => undefined,
      signal: inTime(),
    });
    expect(dead).toEqual([expect.stringMatching(/^the body is not valid: push: .*, or kind: /)]);
  });

  it('begins no message after the deadline, and makes none a dead letter that was not tried', async () => {
    const trace = newTrace();
    const late = new AbortController();
    const reason = new StoreError('TimedOut', 'time is up');
    const schema = v.pipe(
      Body,
      v.transform((parsed) => {
        late.abort(reason);
        return parsed;
      }),
    );
    const failed = await process([body('done'), body('done'), body('dead')], trace, { signal: late.signal, schema }, 9);
    expect(failed).toEqual(['1', '2']);
    expect(trace).toEqual({
      delayed: [],
      dead: [],
      failures: ['1: StoreError: time is up', '2: StoreError: time is up'],
      handled: ['0'],
    });
  });

  it('keeps a dead message that the dead-letter queue did not take', async () => {
    const trace = newTrace();
    const sendDead = () => Promise.reject(new Error('no queue'));
    expect(await process([body('dead'), body('done')], trace, { sendDead })).toEqual(['0']);
    expect(trace.failures).toEqual(['0: Error: no queue']);
  });

  it('hands a message out again even when it could not be delayed', async () => {
    const trace = newTrace();
    const delayMessage = () => Promise.reject(new Error('no queue'));
    expect(await process([body('retry')], trace, { delayMessage })).toEqual(['0']);
    expect(trace.failures).toEqual(['0: Error: no queue']);
  });

  it('reports an exception whose message could not be delayed as failed, and logs both', async () => {
    const trace = newTrace();
    const delayMessage = () => Promise.reject(new Error('no queue'));
    expect(await process([body('throw')], trace, { delayMessage })).toEqual(['0']);
    expect(trace.failures).toEqual(['0: Error: broken', '0: Error: no queue']);
  });

  it('may be empty', async () => {
    expect(await process([], newTrace())).toEqual([]);
  });

  it.each([
    { name: 'as the queue says', text: '3', count: 3 },
    { name: '1 where it says nothing of use', text: 'x', count: 1 },
  ])('tells how often a message was received: $name', async ({ text, count }) => {
    const record = toRecord('{}');
    const attributes = { ...record.attributes, ApproximateReceiveCount: text };
    const counts: number[] = [];
    await processBatch(
      { Records: [{ ...record, attributes }] },
      async ({ receiveCount }) => {
        counts.push(receiveCount);
        return { kind: 'done' };
      },
      {
        schema: v.object({}),
        maxReceives: MAX_RECEIVES,
        delayMessage: async () => undefined,
        sendDead: async () => undefined,
        signal: inTime(),
        logFailure: () => undefined,
      },
    );
    expect(counts).toEqual([count]);
  });
});

describe('at the last receive', () => {
  const LAST = MAX_RECEIVES;

  it.each([
    { name: 'a retry before it', outcome: 'retry', count: LAST - 1, failed: ['0'], delayed: ['0: 30'], dead: [] },
    { name: 'a retry', outcome: 'retry', count: LAST, failed: [], delayed: [], dead: ['0: after 3 receives: later'] },
    {
      name: 'a retry after it',
      outcome: 'retry',
      count: 9,
      failed: [],
      delayed: [],
      dead: ['0: after 9 receives: later'],
    },
    { name: 'an exception before it', outcome: 'throw', count: LAST - 1, failed: ['0'], delayed: ['0: 30'], dead: [] },
    {
      name: 'an exception',
      outcome: 'throw',
      count: LAST,
      failed: [],
      delayed: [],
      dead: ['0: after 3 receives: Error: broken'],
    },
    { name: 'a dead message', outcome: 'dead', count: LAST, failed: [], delayed: [], dead: ['0: never'] },
    { name: 'a done message', outcome: 'done', count: LAST, failed: [], delayed: [], dead: [] },
  ] as const)('$name', async ({ outcome, count, failed, delayed, dead }) => {
    const trace = newTrace();
    expect(await process([body(outcome)], trace, {}, count)).toEqual(failed);
    expect({ delayed: trace.delayed, dead: trace.dead }).toEqual({ delayed, dead });
    expect(trace.failures).toEqual(outcome === 'throw' ? ['0: Error: broken'] : []);
  });

  it.each(['retry', 'throw'] as const)('a %s stays that the dead-letter queue did not take', async (outcome) => {
    const trace = newTrace();
    const sendDead = () => Promise.reject(new Error('no queue'));
    expect(await process([body(outcome), body('done')], trace, { sendDead }, LAST)).toEqual(['0']);
    expect(trace.failures.at(-1)).toBe('0: Error: no queue');
  });
});

describe('the reason made of an exception', () => {
  it.each([
    {
      name: 'its name and message',
      error: new TypeError('x is not a function'),
      reason: 'TypeError: x is not a function',
    },
    {
      name: 'its code',
      error: new StoreError('Unavailable', 'the bucket is out of reach'),
      reason: 'StoreError Unavailable: the bucket is out of reach',
    },
    {
      name: 'one line of several',
      error: Object.assign(new Error('one\n\ttwo'), { code: 'EIO' }),
      reason: 'Error EIO: one two',
    },
    { name: 'what was thrown and is no error', error: 'a text', reason: 'a text' },
    {
      name: 'no more than fits',
      error: new Error('😀'.repeat(1000)),
      reason: `Error: ${'😀'.repeat(MAX_FAILURE_CHARACTERS - 8)}…`,
    },
  ])('has $name', ({ error, reason }) => {
    expect(toFailureReason(error)).toBe(reason);
  });
});
