import { describe, expect, test } from 'vitest';
import type { ObjectStore } from '../../../lib/platform/objects/port/object-store.ts';
import { type QueuedMessage, toReverifyBody } from '../../../lib/push/verify/queued-message.ts';
import { type PushDependencies, verifyPushed } from '../../../lib/push/verify/verify-pushed.ts';
import { FIXTURE_TIME } from '../../support/fixture-releases.ts';
import { makeSigner } from '../../support/make-signer.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import { GOOD, listKeys, publishKeyrings, pushOf, readRecords, setUpPushes } from './push-setup.ts';

class Killed extends Error {}

/** Counts what is done to the world, and kills the process before one of those steps: nothing after it happens. */
function createFuse(limit: number) {
  let steps = 0;
  const step = (): void => {
    if (steps >= limit) throw new Killed(`killed before step ${limit}`);
    steps += 1;
  };
  return { step, count: () => steps };
}

function fuse(dependencies: PushDependencies, step: () => void): PushDependencies {
  const { objects, bus, mirrorQueue } = dependencies;
  const fused: ObjectStore = {
    ...objects,
    readObject: async (...args) => {
      step();
      return await objects.readObject(...args);
    },
    createObject: async (...args) => {
      step();
      return await objects.createObject(...args);
    },
    replaceObject: async (...args) => {
      step();
      return await objects.replaceObject(...args);
    },
  };
  return {
    ...dependencies,
    objects: fused,
    bus: {
      ...bus,
      publishEvents: async (events) => {
        step();
        await bus.publishEvents(events);
      },
    },
    mirrorQueue: {
      ...mirrorQueue,
      sendMessages: async (bodies) => {
        step();
        await mirrorQueue.sendMessages(bodies);
      },
    },
  };
}

const signer = await makeSigner('release');
const stranger = await makeSigner('stranger');
const signatures = new Map([[GOOD, [signer.sign(GOOD)]]]);

async function readAll(objects: ObjectStore): Promise<Readonly<Record<string, string>>> {
  const keys = (await listKeys(objects)).filter((key) => !key.startsWith('trust/'));
  const entries = keys.map(async (key) => {
    const stored = await objects.readObject(key, 1024 * 1024);
    // A question's name ends at random: one that was asked again is the same here.
    const name = key.replace(/^(asked\/.*)-[0-9a-f]{16}$/, '$1');
    return [name, Buffer.from(stored?.bytes ?? []).toString()] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

interface Scene {
  readonly objects: ObjectStore;
  readonly message: QueuedMessage;
}

async function makePush(): Promise<Scene> {
  const objects = createMemoryObjectStore();
  await publishKeyrings(objects, [signer.keyring]);
  return { objects, message: pushOf({ tag: '4.99.0' }) };
}

/** What was accepted, told and remembered, and is not accepted by the trust of today. */
async function makeRevocation(): Promise<Scene> {
  const { objects, message } = await makePush();
  await verifyPushed(
    message,
    setUpPushes({ objects, signatures, now: FIXTURE_TIME }).dependencies,
    false,
    AbortSignal.timeout(60_000),
  );
  const revision = await publishKeyrings(objects, [stranger.keyring], 'second');
  const [record] = await readRecords(objects);
  return { objects, message: JSON.parse(toReverifyBody('ocp', record?.id ?? '', revision)) as QueuedMessage };
}

describe.each([
  ['a push', makePush, 1],
  ['a push that is verified again and changes', makeRevocation, 2],
])('%s', (_, makeScene, toldOnce) => {
  test('killed before each step and handed out again leaves what one run leaves, and tells nothing else', async () => {
    const run = async (limit: number) => {
      const { objects, message } = await makeScene();
      const { dependencies, bus, mirrorQueue } = setUpPushes({ objects, signatures, now: FIXTURE_TIME });
      const { step, count } = createFuse(limit);
      const first = verifyPushed(message, fuse(dependencies, step), false, AbortSignal.timeout(60_000));
      if (limit === Infinity) await first;
      else await expect(first).rejects.toBeInstanceOf(Killed);
      // Acknowledging is the step after the last: the message comes again whatever was done.
      await verifyPushed(message, dependencies, false, AbortSignal.timeout(60_000));
      return { steps: count(), state: await readAll(objects), events: bus.events, mirrored: mirrorQueue.sent };
    };
    const whole = await run(Infinity);
    // The second run finds the change remembered: it tells the verdict alone.
    expect(whole.events).toHaveLength(toldOnce + 1);
    expect(whole.steps).toBeGreaterThan(5);
    for (let limit = 0; limit < whole.steps; limit += 1) {
      const { state, events, mirrored } = await run(limit);
      expect(state, `killed before step ${limit}`).toEqual(whole.state);
      expect(distinct(events)).toEqual(distinct(whole.events));
      expect(new Set(mirrored)).toEqual(new Set(whole.mirrored));
    }
  });

  test('tells its change even when it was killed between telling and remembering', async () => {
    const { objects, message } = await makeScene();
    const { dependencies, bus } = setUpPushes({ objects, signatures, now: FIXTURE_TIME });
    const refusing: ObjectStore = { ...objects, replaceObject: () => Promise.reject(new Killed()) };
    await expect(
      verifyPushed(message, { ...dependencies, objects: refusing }, false, AbortSignal.timeout(60_000)),
    ).rejects.toBeInstanceOf(Killed);
    const told = [...bus.events];
    expect(told).toHaveLength(toldOnce);
    await verifyPushed(message, dependencies, false, AbortSignal.timeout(60_000));
    expect(bus.events).toEqual([...told, ...told]);
  });
});

function distinct(events: readonly object[]): ReadonlySet<string> {
  return new Set(events.map((event) => JSON.stringify(event)));
}
