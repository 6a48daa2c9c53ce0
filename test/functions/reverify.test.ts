import { expect, test } from 'vitest';
import { createHandler } from '../../functions/reverify/handler.ts';
import { createTrustSource } from '../../lib/trust/source/trust-source.ts';
import { createLocalContext } from '../../local/local-context.ts';
import { publishKeyrings } from '../push/verify/push-setup.ts';
import { makeSigner } from '../support/make-signer.ts';
import { createMemoryObjectStore } from '../support/memory-object-store.ts';
import { createMemoryQueue } from '../support/memory-queue.ts';
import { createKeptTelemetry } from '../support/quiet-telemetry.ts';

test('a state that somebody else wrote is replaced, and the run fails once, which alarms', async () => {
  const objects = createMemoryObjectStore();
  await publishKeyrings(objects, [(await makeSigner('release')).keyring]);
  await objects.createObject('reverify/state.json', Buffer.from('junk'));
  const now = (): Date => new Date();
  const handler = createHandler({
    objects,
    trust: createTrustSource(objects, ['ocp'], now),
    pushQueue: createMemoryQueue(),
    invalidation: undefined,
    now,
    telemetry: createKeptTelemetry(),
  });
  const run = () => handler({}, createLocalContext('reverify'));
  await expect(run()).rejects.toMatchObject({ name: 'ConfigurationError', code: 'RevisionInvalid' });
  expect((await run()).kind).not.toBe('busy');
});
