import { describe, expect, test } from 'vitest';
import { createHandler as createMirrorHandler } from '../../functions/mirror-signatures/handler.ts';
import { createHandler } from '../../functions/verify-image/handler.ts';
import { parseRepository } from '../../lib/base/names/reference.ts';
import { toMirrorBody } from '../../lib/mirror/sync/mirror-message.ts';
import type { ObjectStore } from '../../lib/platform/objects/port/object-store.ts';
import { openMirror } from '../../lib/stores/open/open-stores.ts';
import type { SignatureStore } from '../../lib/stores/port/signature-store.ts';
import { prepareTrust } from '../../lib/trust/prepare/prepare-trust.ts';
import { publishTrust } from '../../lib/trust/publish/publish-trust.ts';
import { loadTrust } from '../../lib/trust/source/load-trust.ts';
import { createTrustSource } from '../../lib/trust/source/trust-source.ts';
import type { Verdict } from '../../lib/verdict/judge/verdict.ts';
import { createAcceptances } from '../../lib/verdict/records/list-accepted.ts';
import { createQuestions } from '../../lib/verdict/records/questions.ts';
import { readRecord } from '../../lib/verdict/records/read-records.ts';
import { recheckRecord } from '../../lib/verdict/records/recheck-record.ts';
import { createLocalContext } from '../../local/local-context.ts';
import { DIGEST, NAME, NOW } from '../registry/images/image-setup.ts';
import { toHttpEvent } from '../support/http-event.ts';
import { createMemoryLookaside } from '../support/memory-lookaside.ts';
import { createMemoryObjectStore } from '../support/memory-object-store.ts';
import { createMemoryQueue } from '../support/memory-queue.ts';
import { createKeptTelemetry } from '../support/quiet-telemetry.ts';
import { toSqsEvent } from '../support/sqs-event.ts';
import { untouchedStore } from '../support/untouched-store.ts';
import {
  bySecond,
  bySigner,
  documentsOf,
  IMAGE,
  imageManifests,
  OTHER_NAME,
  type PolicyProfile,
  policyOf,
  reject,
  second,
  signer,
} from '../verdict/decide/policy-setup.ts';

const REPOSITORY = parseRepository(NAME);
const now = (): Date => NOW;
const two = policyOf([bySigner, bySecond]);
const signed = createMemoryLookaside({ [IMAGE]: [signer.sign(), second.sign()] });
const failing = createMemoryLookaside({ [IMAGE]: [signer.sign()] }, { failing: [IMAGE] });

async function setUp(
  parts: PolicyProfile,
  lookaside: SignatureStore,
  objects: ObjectStore = createMemoryObjectStore(),
) {
  const documents = documentsOf(parts);
  await publishTrust(objects, await prepareTrust('acme', documents), documents);
  const upstream = {
    open: () => ({ release: untouchedStore, lookaside, manifests: imageManifests }),
    close: () => undefined,
  };
  const trust = createTrustSource(objects, ['acme'], now);
  const mirrorQueue = createMemoryQueue({});
  const telemetry = createKeptTelemetry();
  const acceptances = createAcceptances(objects);
  const mirror = openMirror(objects);
  const handler = createHandler({
    trust,
    objects,
    acceptances,
    questions: createQuestions(),
    mirror,
    upstream,
    mirrorQueue,
    telemetry,
    now,
  });
  const dead: string[] = [];
  const delayed: string[] = [];
  const mirrorHandler = createMirrorHandler({
    trust,
    objects,
    upstream,
    telemetry,
    now,
    maxReceives: 2,
    delayMessage: async ({ messageId }) => {
      delayed.push(messageId);
    },
    sendDead: async (_, reason) => {
      dead.push(reason);
    },
  });
  return {
    objects,
    mirrorQueue,
    dead,
    delayed,
    verify: async (pullspec = IMAGE) => {
      const event = toHttpEvent({ method: 'POST', path: '/v1/verify', body: { pullspec } });
      const response = await handler(event, createLocalContext('verify-image'));
      return { ...response, verdict: JSON.parse(response.body ?? '') as Verdict };
    },
    mirrorAll: async (bodies: readonly string[]) =>
      mirrorHandler(toSqsEvent(bodies), createLocalContext('mirror-signatures')),
  };
}

const lookasideKeys = async (objects: ObjectStore): Promise<readonly string[]> =>
  (await Array.fromAsync(objects.listObjects('lookaside/'))).map(({ key }) => key);

describe('POST /v1/verify by a policy.json', () => {
  test.each<[string, PolicyProfile, SignatureStore, number, string, readonly string[]]>([
    ['every requirement met', { policy: two }, signed, 200, 'accepted', ['accepted', 'accepted']],
    [
      'one of two met',
      { policy: two },
      createMemoryLookaside({ [IMAGE]: [signer.sign()] }),
      200,
      'rejected',
      ['accepted', 'rejected'],
    ],
    ['the lookaside fails', { policy: two }, failing, 503, 'indeterminate', ['accepted', 'indeterminate']],
    ['rejected whatever it is', { policy: policyOf([reject]) }, untouchedStore, 200, 'rejected', ['rejected']],
  ])('%s: each requirement has its own result', async (_, parts, lookaside, status, outcome, requirements) => {
    const { verify } = await setUp(parts, lookaside);
    const { statusCode, verdict, headers } = await verify();
    expect([statusCode, verdict.outcome]).toEqual([status, outcome]);
    expect(verdict.policies?.[0]?.requirements.map((one) => one.outcome)).toEqual(requirements);
    expect('retry-after' in (headers ?? {})).toBe(status === 503);
  });

  test('the record of it is checked again offline', async () => {
    const { verify, objects } = await setUp({ policy: two }, signed);
    const { headers } = await verify();
    const id = String(headers?.['location']).slice(-64);
    const record = await readRecord(objects, DIGEST, id);
    const { trust } = await loadTrust(objects, 'acme', NOW);
    if (record === undefined) throw new Error('the record is there');
    expect(await recheckRecord(record, trust)).toMatchObject({ outcome: 'confirmed' });
  });

  test('what its lookaside vouched for is mirrored, and then upstream may be off', async () => {
    const { verify, mirrorQueue, mirrorAll, objects } = await setUp({ policy: two }, signed);
    await verify();
    expect(mirrorQueue.sent).toEqual([toMirrorBody('acme', DIGEST, REPOSITORY)]);
    expect(await mirrorAll(mirrorQueue.sent)).toEqual({ batchItemFailures: [] });
    expect(await lookasideKeys(objects)).toEqual(
      [1, 2].map((index) => `lookaside/${NAME}@${DIGEST.replace(':', '=')}/signature-${index}`),
    );
    const { verify: verifyAgain, mirrorQueue: queue } = await setUp({ policy: two }, untouchedStore, objects);
    expect([(await verifyAgain()).verdict.outcome, queue.sent]).toEqual(['accepted', []]);
  });
});

describe('a message of the mirror queue', () => {
  test('is tried again while the lookaside fails', async () => {
    const { mirrorAll, delayed, objects } = await setUp({ policy: two }, failing);
    const body = toMirrorBody('acme', DIGEST, REPOSITORY);
    expect((await mirrorAll([body])).batchItemFailures).toHaveLength(1);
    expect([delayed, (await lookasideKeys(objects)).length]).toEqual([['m0'], 1]);
  });

  test('for an image that nothing vouches for writes nothing', async () => {
    const { mirrorAll, objects } = await setUp({ policy: two }, signed);
    const body = toMirrorBody('acme', DIGEST, parseRepository(OTHER_NAME));
    expect(await mirrorAll([body])).toEqual({ batchItemFailures: [] });
    expect(await lookasideKeys(objects)).toEqual([]);
  });

  test.each([
    ['in another spelling', 'Quay.io/signet/app'],
    ['with a tag', 'quay.io/signet/app:1'],
    ['that leads up', 'quay.io/../app'],
    ['that is a number', 1],
  ])('with a repository %s is dead', async (_, repository) => {
    const { mirrorAll, dead } = await setUp({ policy: two }, untouchedStore);
    await mirrorAll([JSON.stringify({ schema: 1, profile: 'acme', digest: DIGEST, repository })]);
    expect(dead).toHaveLength(1);
  });
});
