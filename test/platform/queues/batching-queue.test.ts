import { describe, expect, it } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { createBatchingQueue, MAX_BATCH_BYTES } from '../../../lib/platform/queues/batching-queue.ts';
import { toRetryDelay } from '../../../lib/platform/queues/process-batch.ts';
import { runBounded } from '../../../lib/platform/queues/run-bounded.ts';

const half = 'x'.repeat(MAX_BATCH_BYTES / 2);

/** A queue that takes everything, and the bodies of each request to it. */
function openQueue() {
  const requests: (readonly string[])[] = [];
  const queue = createBatchingQueue('https://sqs.test/000000000000/work', async (entries) => {
    requests.push(entries.map(({ MessageBody: body }) => body));
    return { Successful: entries };
  });
  return { queue, requests };
}

describe('batches', () => {
  it.each([
    { name: 'nothing', bodies: [], sizes: [] },
    { name: 'ten', bodies: Array<string>(10).fill('a'), sizes: [10] },
    { name: 'eleven', bodies: Array<string>(11).fill('a'), sizes: [10, 1] },
    { name: 'as many bytes as fit', bodies: [half, half], sizes: [2] },
    { name: 'a byte more', bodies: [half, `${half}x`, 'a'], sizes: [1, 2] },
    { name: 'bytes, not characters', bodies: ['é'.repeat(MAX_BATCH_BYTES / 2), 'a'], sizes: [1, 1] },
  ])('hold $name', async ({ bodies, sizes }) => {
    const { queue, requests } = openQueue();
    await queue.sendMessages(bodies);
    expect(requests.map((batch) => batch.length)).toEqual(sizes);
    expect(requests.flat()).toEqual(bodies);
  });

  it.each([
    { name: 'a body over the limit', body: `${half}${half}x`, code: 'LimitExceeded' },
    { name: 'an empty body', body: '', code: 'BodyInvalid' },
  ])('refuse $name, and nothing is sent', async ({ body, code }) => {
    const { queue, requests } = openQueue();
    const error: unknown = await queue.sendMessages(['a', body]).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StoreError);
    expect(error).toMatchObject({ code });
    expect(requests).toEqual([]);
  });
});

it('runs no more at a time than told, and keeps the order', async () => {
  let inside = 0;
  let most = 0;
  const results = await runBounded([5, 1, 3, 2, 4], 2, async (milliseconds) => {
    inside += 1;
    most = Math.max(most, inside);
    await new Promise((resolve) => {
      setTimeout(resolve, milliseconds);
    });
    inside -= 1;
    return milliseconds * 10;
  });
  expect(results).toEqual([50, 10, 30, 20, 40]);
  expect(most).toBe(2);
});

it('doubles the delay up to a quarter of an hour', () => {
  expect([0, 1, 2, 3, 7, 60].map(toRetryDelay)).toEqual([15, 15, 30, 60, 900, 900]);
});
