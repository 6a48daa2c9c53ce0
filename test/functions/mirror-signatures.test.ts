import type { SQSEvent } from 'aws-lambda';
import { describe, expect, test } from 'vitest';
import { createHandler } from '../../functions/mirror-signatures/handler.ts';
import { parseDigest } from '../../lib/base/names/digest.ts';
import { findResting, readAbsent } from '../../lib/mirror/sync/absent-record.ts';
import { toMirrorBody } from '../../lib/mirror/sync/mirror-message.ts';
import type { ObjectStore } from '../../lib/platform/objects/port/object-store.ts';
import { createUpstreamStores } from '../../lib/stores/open/open-stores.ts';
import { prepareTrust } from '../../lib/trust/prepare/prepare-trust.ts';
import { publishTrust } from '../../lib/trust/publish/publish-trust.ts';
import { createTrustSource } from '../../lib/trust/source/trust-source.ts';
import { createLocalContext } from '../../local/local-context.ts';
import { FIXTURE_STORE, fixtureReleases, readFixtureDocuments } from '../support/fixture-releases.ts';
import { createMemoryObjectStore } from '../support/memory-object-store.ts';
import { createKeptTelemetry } from '../support/quiet-telemetry.ts';
import { toSqsEvent } from '../support/sqs-event.ts';

const digests = fixtureReleases.map(({ pullspec, expected }) => ({
  digest: parseDigest(pullspec.slice(pullspec.indexOf('@') + 1)),
  isGood: expected === 'accept',
}));

async function makeObjects(): Promise<ObjectStore> {
  const objects = createMemoryObjectStore();
  const documents = readFixtureDocuments();
  await publishTrust(objects, await prepareTrust('ocp', documents), documents);
  return objects;
}

function setUp(objects: ObjectStore, stores: readonly string[] = [FIXTURE_STORE], now = (): Date => new Date()) {
  const dead: string[] = [];
  const delayed: string[] = [];
  const telemetry = createKeptTelemetry();
  const handler = createHandler({
    trust: createTrustSource(objects, ['ocp'], now),
    objects,
    upstream: createUpstreamStores({ replacement: stores }),
    telemetry,
    now,
    maxReceives: 2,
    delayMessage: async ({ messageId }) => {
      delayed.push(messageId);
    },
    sendDead: async ({ messageId }, reason) => {
      dead.push(`${messageId}: ${reason}`);
    },
  });
  return { handler, dead, delayed, telemetry };
}

function eventOf(...bodies: readonly string[]): SQSEvent {
  return toSqsEvent(bodies);
}

const context = createLocalContext('mirror-signatures');
const mirrored = async (objects: ObjectStore): Promise<readonly string[]> =>
  (await Array.fromAsync(objects.listObjects('signatures/'))).map(({ key }) => key);

describe('mirror-signatures', () => {
  test('copies what verifies and nothing else; what is absent is done', async () => {
    const objects = await makeObjects();
    const { handler, dead, delayed } = setUp(objects);
    const bodies = digests.map(({ digest }) => toMirrorBody('ocp', digest));
    expect(await handler(eventOf(...bodies), context)).toEqual({ batchItemFailures: [] });
    const expected = digests
      .filter(({ isGood }) => isGood)
      .map(({ digest }) => `signatures/${digest.replace(':', '=')}/signature-1`);
    expect(await mirrored(objects)).toEqual(expected.toSorted());
    expect([dead, delayed]).toEqual([[], []]);
    // The same messages once more change nothing.
    await handler(eventOf(...bodies), context);
    expect(await mirrored(objects)).toEqual(expected.toSorted());
  });

  test('remembers what is not there, or not enough, and nothing of what is', async () => {
    const objects = await makeObjects();
    const { handler } = setUp(objects);
    const nowhere = parseDigest(`sha256:${'0'.repeat(64)}`);
    const bodies = [nowhere, ...digests.map(({ digest }) => digest)].map((digest) => toMirrorBody('ocp', digest));
    await handler(eventOf(...bodies), context);
    expect(await readAbsent(objects, nowhere)).toMatchObject({ profile: 'ocp', outcome: 'absent', times: 1 });
    const remembered = await Promise.all(digests.map(({ digest }) => readAbsent(objects, digest)));
    expect(remembered.map((stored) => stored === undefined)).toEqual(digests.map(({ isGood }) => isGood));
    const { prepared } = await createTrustSource(objects, ['ocp'], () => new Date()).read('ocp');
    const asked = { profile: 'ocp', trustRevision: prepared.revision, stores: prepared.stores.map(({ url }) => url) };
    const incomplete = digests.filter(({ isGood }) => !isGood).map(({ digest }) => digest);
    const request = { objects, asked, now: new Date(), signal: new AbortController().signal };
    const { resting, unreadable } = await findResting(request, [nowhere, ...digests.map(({ digest }) => digest)]);
    expect([[...resting], unreadable]).toEqual([[nowhere, ...incomplete], []]);
  });

  test('what is too long where an answer belongs is left, and the message is done', async () => {
    const objects = await makeObjects();
    const { handler } = setUp(objects);
    const nowhere = parseDigest(`sha256:${'0'.repeat(64)}`);
    await objects.createObject(`absent/${nowhere.replace(':', '-')}.json`, new Uint8Array(17 * 1024));
    expect(await handler(eventOf(toMirrorBody('ocp', nowhere)), context)).toEqual({ batchItemFailures: [] });
    const { prepared } = await createTrustSource(objects, ['ocp'], () => new Date()).read('ocp');
    const asked = { profile: 'ocp', trustRevision: prepared.revision, stores: prepared.stores.map(({ url }) => url) };
    const request = { objects, asked, now: new Date(), signal: new AbortController().signal };
    const { resting, unreadable } = await findResting(request, [nowhere]);
    expect([[...resting], unreadable.map(({ code }) => code)]).toEqual([[], ['LimitExceeded']]);
  });

  test('what comes twice at once is remembered as asked about once; what was due again, as twice', async () => {
    const objects = await makeObjects();
    let time = Date.now();
    const { handler } = setUp(objects, [FIXTURE_STORE], () => new Date(time));
    const nowhere = parseDigest(`sha256:${'0'.repeat(64)}`);
    const timesOf = async () => (await readAbsent(objects, nowhere))?.times;
    const body = toMirrorBody('ocp', nowhere);
    await handler(eventOf(body, body, body), context);
    await handler(eventOf(body), context);
    expect(await timesOf()).toBe(1);
    time += 61 * 60 * 1000;
    await handler(eventOf(body), context);
    expect(await timesOf()).toBe(2);
  });

  test('remembers nothing when a store failed that could have held it, or for what is complete', async () => {
    const objects = await makeObjects();
    const [{ digest } = { digest: parseDigest(`sha256:${'0'.repeat(64)}`) }] = digests;
    await setUp(objects, ['/no/such/store']).handler(eventOf(toMirrorBody('ocp', digest)), context);
    expect(await readAbsent(objects, digest)).toBeUndefined();
  });

  test('what can never succeed is dead with its reason, and the rest of the batch goes on', async () => {
    const objects = await makeObjects();
    const { handler, dead } = setUp(objects);
    const [{ digest } = { digest: parseDigest(`sha256:${'0'.repeat(64)}`) }] = digests;
    const answer = await handler(
      eventOf(
        'no json',
        '{}',
        toMirrorBody('nobody', digest),
        `{"schema":2,"profile":"ocp","digest":"${digest}"}`,
        `{"schema":1,"profile":"ocp","digest":"sha256:12"}`,
        toMirrorBody('ocp', digest),
      ),
      context,
    );
    expect(answer).toEqual({ batchItemFailures: [] });
    expect(dead.map((text) => text.slice(0, 2)).toSorted()).toEqual(['m0', 'm1', 'm2', 'm3', 'm4']);
    expect(dead).toContain('m2: there is no profile nobody');
    expect(await mirrored(objects)).toHaveLength(1);
  });

  test('an upstream out of reach is tried again later', async () => {
    const objects = await makeObjects();
    const { handler, delayed } = setUp(objects, ['/no/such/store']);
    const [{ digest } = { digest: parseDigest(`sha256:${'0'.repeat(64)}`) }] = digests;
    expect(await handler(eventOf(toMirrorBody('ocp', digest)), context)).toEqual({
      batchItemFailures: [{ itemIdentifier: 'm0' }],
    });
    expect(delayed).toEqual(['m0']);
  });

  test('an upstream that stays out of reach makes a dead letter that says so', async () => {
    const objects = await makeObjects();
    const { handler, delayed, dead } = setUp(objects, ['/no/such/store']);
    const [{ digest } = { digest: parseDigest(`sha256:${'0'.repeat(64)}`) }] = digests;
    const answer = await handler(toSqsEvent([toMirrorBody('ocp', digest)], 2), context);
    expect(answer).toEqual({ batchItemFailures: [] });
    expect(delayed).toEqual([]);
    expect(dead).toEqual([expect.stringMatching(/^m0: after 2 receives: StoreUnavailable: .*no\/such\/store/)]);
  });

  test('a bucket out of reach fails the message, and says so', async () => {
    const objects = await makeObjects();
    const failing: ObjectStore = { ...objects, createObject: () => Promise.reject(new Error('no bucket')) };
    const { handler, telemetry, delayed, dead } = setUp(failing);
    const [{ digest } = { digest: parseDigest(`sha256:${'0'.repeat(64)}`) }] = digests;
    expect((await handler(eventOf(toMirrorBody('ocp', digest)), context)).batchItemFailures).toHaveLength(1);
    expect(telemetry.lines).toContainEqual(expect.objectContaining({ level: 'error', message: 'not mirrored' }));
    expect([delayed, dead]).toEqual([['m0'], []]);
    await handler(toSqsEvent([toMirrorBody('ocp', digest)], 2), context);
    expect(dead).toEqual(['m0: after 2 receives: Error: no bucket']);
  });
});
