import type { SQSEvent } from 'aws-lambda';
import * as v from 'valibot';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ConfigurationError } from '../../../lib/base/errors/configuration-error.ts';
import { InputError } from '../../../lib/base/errors/input-error.ts';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { wrapHttp } from '../../../lib/platform/lambda/http-stack.ts';
import { startInvocation, wrapEvent } from '../../../lib/platform/lambda/invocation.ts';
import { wrapQueue } from '../../../lib/platform/lambda/queue-stack.ts';
import { readCorrelationId, withLogContext } from '../../../lib/platform/lambda/telemetry.ts';
import { bindObjectStore } from '../../../lib/platform/objects/port/object-store.ts';
import { PushMessageSchema } from '../../../lib/push/receive/push-message.ts';
import { queuePushes } from '../../../lib/push/receive/queue-pushes.ts';
import { toHttpEvent } from '../../support/http-event.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import { createKeptTelemetry } from '../../support/quiet-telemetry.ts';
import { toRecord } from '../../support/sqs-server/poll-queue.ts';

const never = (): Promise<never> => Promise.withResolvers<never>().promise;
const remaining = (milliseconds: number) => ({ getRemainingTimeInMillis: () => milliseconds });
const request = toHttpEvent({ method: 'GET', path: '/healthz' });

afterEach(() => {
  vi.useRealTimers();
});

describe('the deadline of an invocation', () => {
  test.each([
    ['what the context leaves, minus the reserve', 5000, 1000, undefined, 4000],
    ['the limit, where the function may run longer', 300_000, 1000, 25_000, 25_000],
    ['none, where less than the reserve is left', 500, 1000, undefined, 0],
  ])('is %s', (_, left, reserve, limit, expected) => {
    vi.useFakeTimers();
    const { signal } = startInvocation(remaining(left), reserve, limit);
    vi.advanceTimersByTime(Math.max(0, expected - 1));
    expect(signal.aborted).toBe(expected === 0 && signal.aborted);
    vi.advanceTimersByTime(1);
    expect(signal.reason).toMatchObject({ name: 'StoreError', code: 'TimedOut' });
  });
});

describe('the HTTP stack', () => {
  test.each([
    [
      'heeds the signal',
      (signal: AbortSignal) =>
        new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    ],
    ['heeds nothing', never],
  ])('an answer that %s is 503 at the deadline, and is logged', async (_, work) => {
    const telemetry = createKeptTelemetry();
    const handler = wrapHttp((__, { signal }) => work(signal), telemetry);
    expect(await handler(request, remaining(520))).toMatchObject({ statusCode: 503, headers: { 'retry-after': '30' } });
    expect(telemetry.lines).toMatchObject([{ level: 'error', message: 'request', fields: { status: 503 } }]);
    expect([telemetry.counts.get('Status5xx'), telemetry.flushes()]).toEqual([1, 1]);
  });

  test('the signal of an answer that was in time never aborts', async () => {
    const signals: AbortSignal[] = [];
    const handler = wrapHttp(async (_, { signal }) => {
      signals.push(signal);
      return { statusCode: 204 };
    }, createKeptTelemetry());
    expect(await handler(request, remaining(530))).toEqual({ statusCode: 204 });
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
  });
});

describe('the queue stack', () => {
  const event: SQSEvent = { Records: ['first', 'second'].map((messageId) => toRecord('{}', { messageId })) };

  test('at the deadline the message that is handled is tried again, and the next one stays in the queue', async () => {
    const telemetry = createKeptTelemetry();
    const delayed: string[] = [];
    const handler = wrapQueue(
      (_, signal) => new Promise((__, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      {
        telemetry,
        failure: 'not handled',
        schema: v.object({}),
        maxReceives: 3,
        delayMessage: async ({ messageId }) => void delayed.push(messageId),
        sendDead: () => Promise.reject(new Error('no message is dead')),
      },
    );
    const { batchItemFailures } = await handler(event, remaining(10_020));
    expect(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)).toEqual(['first', 'second']);
    expect(delayed).toEqual(['first']);
    expect(telemetry.lines.map(({ message, fields }) => [message, fields['messageId']])).toEqual([
      ['not handled', 'first'],
      ['not handled', 'second'],
    ]);
    expect(telemetry.flushes()).toBe(1);
  });
});

describe('the stack of events', () => {
  test('a failure is logged and thrown, and the counts are written', async () => {
    const telemetry = createKeptTelemetry();
    const failure = new StoreError('ConnectionFailed', 'refused');
    const handler = wrapEvent(() => Promise.reject(failure), { telemetry, failure: 'not done' });
    await expect(handler({}, remaining(20_000))).rejects.toBe(failure);
    expect(telemetry.lines).toMatchObject([{ level: 'error', message: 'not done' }]);
    expect(telemetry.flushes()).toBe(1);
  });
});

describe('an object store within a deadline', () => {
  test('waits for no operation any longer, and begins none', async () => {
    const written: string[] = [];
    const store = {
      ...createMemoryObjectStore(),
      readObject: never,
      createObject: async (key: string) => written.push(key) > 0,
    };
    const deadline = new AbortController();
    const reason = new StoreError('TimedOut', 'time is up');
    const bound = bindObjectStore(store, deadline.signal);
    const reading = bound.readObject('a', 1);
    deadline.abort(reason);
    await expect(reading).rejects.toBe(reason);
    await expect(bound.createObject('a', new Uint8Array())).rejects.toBe(reason);
    expect(written).toEqual([]);
  });
});

describe('what connects the lines of a log', () => {
  const lines: Record<string, unknown>[] = [];
  const log = () => lines.push({ id: readCorrelationId() });
  const flush = (...last: readonly unknown[]) => last.length > 0 && log();
  const quiet = { ...createKeptTelemetry(), log, flush };
  const id = '0b5c6f7a-1111-2222-3333-444455556666';

  test.each<[name: string, run: () => Promise<unknown>, expected: readonly unknown[]]>([
    [
      'of a request is the ID that the access log has',
      () =>
        wrapHttp(() => Promise.resolve({ statusCode: 204 }), quiet)(
          { ...request, requestContext: { ...request.requestContext, requestId: 'Abc=' } },
          remaining(5000),
        ),
      ['Abc='],
    ],
    [
      'of an event of EventBridge is its ID',
      () => wrapEvent(() => Promise.resolve(quiet.log()), { telemetry: quiet })({ id }, remaining(20_000)),
      [id],
    ],
    [
      'of an event of S3 is the request that wrote the object',
      () =>
        wrapEvent(() => Promise.resolve(quiet.log()), { telemetry: quiet })(
          { Records: [{ responseElements: { 'x-amz-request-id': 'C3D13FE58DE4C810' } }] },
          remaining(20_000),
        ),
      ['C3D13FE58DE4C810'],
    ],
    [
      'of any other event is Lambda’s request ID',
      () =>
        wrapEvent(() => Promise.resolve(quiet.log()), { telemetry: quiet })(
          { id: 'forged\nline' },
          { ...remaining(20_000), awsRequestId: 'lambda' },
        ),
      ['lambda'],
    ],
    [
      'of a message is what caused it, else the message',
      () =>
        wrapQueue(() => Promise.resolve(quiet.log()).then(() => ({ kind: 'done' as const })), {
          telemetry: quiet,
          failure: 'not handled',
          schema: v.looseObject({}),
          maxReceives: 3,
          delayMessage: () => Promise.reject(new Error('nothing is delayed')),
          sendDead: () => Promise.reject(new Error('no message is dead')),
        })(
          {
            Records: [
              toRecord(JSON.stringify({ correlationId: id }), { messageId: 'first' }),
              toRecord('{}', { messageId: 'second' }),
              toRecord(JSON.stringify({ correlationId: 'x'.repeat(129) }), { messageId: 'third' }),
            ],
          },
          remaining(20_000),
        ),
      [id, 'second', 'third'],
    ],
  ])('%s', async (_, run, expected) => {
    lines.length = 0;
    await run();
    expect(lines.map((line) => line['id'])).toEqual(expected);
  });

  test('is kept from a webhook to the event of its verdict', async () => {
    const bodies: string[] = [];
    const queue = { description: 'memory', sendMessages: async (sent: readonly string[]) => void bodies.push(...sent) };
    const push = { source: 'quay', registry: 'quay.example.com', repository: 'ocp', tag: '4.21' } as const;
    const pushSources = [{ source: 'quay', registry: 'quay.example.com', repository: 'ocp' }] as const;
    await withLogContext({ correlationId: id }, () =>
      queuePushes({ kind: 'pushes', pushes: [push] }, [{ profile: 'ocp', pushSources }], queue),
    );
    expect(v.parse(PushMessageSchema, JSON.parse(bodies[0] ?? ''))).toMatchObject({ correlationId: id });
  });
});

describe('what alarms are made of', () => {
  test.each([
    ['a store out of reach', new StoreError('ConnectionFailed', 'S3 does not answer'), 1],
    ['a setting that is wrong', new ConfigurationError('DocumentInvalid', 'no such queue'), 1],
    ['a fault of our own', new TypeError('no'), 1],
    ['a fault of the caller', new InputError('BodyInvalid', 'not JSON'), undefined],
  ])('%s', async (_, error, expected) => {
    const telemetry = createKeptTelemetry();
    await wrapHttp(() => Promise.reject(error), telemetry)(request, remaining(5000));
    expect(telemetry.counts.get('RequestFailed')).toBe(expected);
  });

  test('a verdict that could not be reached is no failed request', async () => {
    const telemetry = createKeptTelemetry();
    await wrapHttp(() => Promise.resolve({ statusCode: 503 }), telemetry)(request, remaining(5000));
    expect([telemetry.counts.get('RequestFailed'), telemetry.counts.get('Status5xx')]).toEqual([undefined, 1]);
  });
});
