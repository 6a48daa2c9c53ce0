import type { SQSEvent } from 'aws-lambda';
import * as v from 'valibot';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { wrapHttp } from '../../../lib/platform/lambda/http-stack.ts';
import { startInvocation, wrapEvent } from '../../../lib/platform/lambda/invocation.ts';
import { wrapQueue } from '../../../lib/platform/lambda/queue-stack.ts';
import { bindObjectStore } from '../../../lib/platform/objects/port/object-store.ts';
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
    const handler = wrapHttp((__, signal) => work(signal), telemetry);
    expect(await handler(request, remaining(520))).toMatchObject({ statusCode: 503, headers: { 'retry-after': '30' } });
    expect(telemetry.lines).toMatchObject([{ level: 'error', message: 'request', fields: { status: 503 } }]);
    expect([telemetry.counts.get('Status5xx'), telemetry.flushes()]).toEqual([1, 1]);
  });

  test('the signal of an answer that was in time never aborts', async () => {
    const signals: AbortSignal[] = [];
    const handler = wrapHttp(async (_, signal) => {
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
