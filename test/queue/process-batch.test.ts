import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type BatchOptions, type MessageOutcome, processBatch } from '../../lib/queue/process-batch.ts';
import { toRecord } from '../support/sqs-server/poll-queue.ts';

const Body = z.strictObject({ outcome: z.enum(['done', 'retry', 'dead', 'throw']) });
type Body = z.infer<typeof Body>;

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
      return { kind: 'retry', delaySeconds: 30 };
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
): Promise<string[]> {
  const event = { Records: bodies.map((body, index) => toRecord(body, { messageId: String(index) })) };
  const response = await processBatch(
    event,
    async ({ id, body }) => {
      trace.handled.push(id);
      return toOutcome(body.outcome);
    },
    {
      schema: Body,
      delayMessage: async ({ messageId }, seconds) => void trace.delayed.push(`${messageId}: ${seconds}`),
      sendDead: async ({ messageId }, reason) => void trace.dead.push(`${messageId}: ${reason}`),
      logFailure: ({ messageId }, error) => void trace.failures.push(`${messageId}: ${String(error)}`),
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
      delayed: ['1: 30'],
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
        schema: z.object({}),
        delayMessage: async () => undefined,
        sendDead: async () => undefined,
        logFailure: () => undefined,
      },
    );
    expect(counts).toEqual([count]);
  });
});
