import { expect, test } from 'vitest';
import { createHandler } from '../../functions/reverify/handler.ts';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import type { ObjectStore } from '../../lib/platform/objects/port/object-store.ts';
import { createTrustSource } from '../../lib/trust/source/trust-source.ts';
import { createLocalContext } from '../../local/local-context.ts';
import { listKeys, publishKeyrings } from '../push/verify/push-setup.ts';
import { makeSigner } from '../support/make-signer.ts';
import { createMemoryObjectStore } from '../support/memory-object-store.ts';
import { createMemoryQueue } from '../support/memory-queue.ts';
import { createKeptTelemetry } from '../support/quiet-telemetry.ts';

test('a state that somebody else wrote is replaced, and the run fails once, which alarms', async () => {
  const objects = createMemoryObjectStore();
  await publishKeyrings(objects, [(await makeSigner('release')).keyring]);
  await objects.createObject('reverify/state.json', Buffer.from('junk'));
  const run = startReverify(objects);
  await expect(run()).rejects.toMatchObject({ name: 'ConfigurationError', code: 'RevisionInvalid' });
  expect((await run()).kind).not.toBe('busy');
});

test('an object of the mirror that nobody can read fails each run, which alarms, and stops none', async () => {
  const objects = createMemoryObjectStore();
  const signer = await makeSigner('release');
  await publishKeyrings(objects, [signer.keyring]);
  const [hidden, junk] = ['1', '2'].map((digit) => `signatures/sha256=${digit.repeat(64)}/signature-1`);
  for (const key of [hidden, junk]) await objects.createObject(key ?? '', Buffer.from('junk'));
  const readObject: ObjectStore['readObject'] = async (key, limit) => {
    if (key === hidden) throw new StoreError('StatusUnexpected', 'reading it failed: 400 InvalidRequest');
    return await objects.readObject(key, limit);
  };
  const run = startReverify({ ...objects, readObject });
  const fault = { code: 'NotAllowed', message: expect.stringContaining('400 InvalidRequest') as string };
  // A run does one slice where it has little time.
  for (let runs = 0; runs < 4; runs++) await run().catch(() => undefined);
  for (let runs = 0; runs < 2; runs++) await expect(run()).rejects.toMatchObject(fault);
  expect(await listKeys(objects, 'signatures/')).toEqual([hidden]);
});

/** The function over these objects, called as its schedule does. */
function startReverify(objects: ObjectStore) {
  const now = (): Date => new Date();
  const handler = createHandler({
    objects,
    trust: createTrustSource(objects, ['ocp'], now),
    pushQueue: createMemoryQueue(),
    invalidation: undefined,
    now,
    telemetry: createKeptTelemetry(),
  });
  return async () => await handler({}, createLocalContext('reverify'));
}
