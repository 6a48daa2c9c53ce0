import { describe, expect, test } from 'vitest';
import { createHandler } from '../../functions/reverify/handler.ts';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import { createTrustSource } from '../../lib/trust/source/trust-source.ts';
import { createLocalContext } from '../../local/local-context.ts';
import { createMemoryObjectStore } from '../support/memory-object-store.ts';
import { createMemoryQueue } from '../support/memory-queue.ts';
import { createKeptTelemetry } from '../support/quiet-telemetry.ts';

const now = (): Date => new Date('2026-11-30T00:00:00Z');

function run(objects = createMemoryObjectStore()) {
  const telemetry = createKeptTelemetry();
  const handler = createHandler({
    objects,
    trust: createTrustSource(objects, ['ocp', 'okd'], now, 0),
    pushQueue: createMemoryQueue(),
    invalidation: undefined,
    telemetry,
    now,
  });
  return { telemetry, ran: handler({}, createLocalContext('reverify', 300_000)) };
}

describe('a stage whose first trust is still to come', () => {
  test('is no failure, and its trust is not stale', async () => {
    const { telemetry, ran } = run();
    await ran;
    expect([telemetry.counts.get('TrustAgeSeconds'), telemetry.counts.get('TrustUnpublished')]).toEqual([0, 2]);
    expect(telemetry.lines).toMatchObject([
      { level: 'warn', message: 'no trust was ever published', fields: { profiles: ['ocp', 'okd'] } },
      { message: 'reverify' },
    ]);
  });

  test('is not one where trust is gone: that is a failure, and silence on its age', async () => {
    const objects = createMemoryObjectStore();
    await objects.createObject('trust/ocp/revisions/0.json', Buffer.from('{}'));
    const { telemetry, ran } = run(objects);
    await expect(ran).rejects.toMatchObject({ code: 'TrustMissing' });
    expect([telemetry.counts.get('TrustAgeSeconds'), telemetry.counts.get('TrustUnpublished')]).toEqual([undefined, 1]);
  });

  test('is not one where the bucket does not answer', async () => {
    const objects = createMemoryObjectStore();
    const broken = {
      ...objects,
      readObject: () => Promise.reject(new StoreError('ConnectionFailed', 'S3 does not answer')),
    };
    const { telemetry, ran } = run(broken);
    await expect(ran).rejects.toMatchObject({ code: 'ConnectionFailed' });
    expect(telemetry.counts.get('TrustAgeSeconds')).toBeUndefined();
  });
});
