import { describe, expect, test } from 'vitest';
import { createHandler } from '../../functions/verify-image/handler.ts';
import { createHandler as createPushHandler } from '../../functions/verify-pushed/handler.ts';
import { parseRepository } from '../../lib/base/names/reference.ts';
import type { ObjectStore } from '../../lib/platform/objects/port/object-store.ts';
import { toReverifyBody } from '../../lib/push/verify/queued-message.ts';
import { openMirror } from '../../lib/stores/open/open-stores.ts';
import type { SignatureStore } from '../../lib/stores/port/signature-store.ts';
import { prepareTrust } from '../../lib/trust/prepare/prepare-trust.ts';
import { publishTrust } from '../../lib/trust/publish/publish-trust.ts';
import { createTrustSource } from '../../lib/trust/source/trust-source.ts';
import type { Verdict } from '../../lib/verdict/judge/verdict.ts';
import { createAcceptances } from '../../lib/verdict/records/list-accepted.ts';
import { createQuestions } from '../../lib/verdict/records/questions.ts';
import { createLocalContext } from '../../local/local-context.ts';
import { setUpAdmission, toUpdate } from '../cluster/admission/admission-setup.ts';
import { ARRANGED, fulcioRequirement, genuine, makeFaultyBytes, POISONS } from '../crypto/sigstore/poisoned-image.ts';
import { pushOf, readRecords, setUpPushes } from '../push/verify/push-setup.ts';
import { DIGEST, NAME, NOW } from '../registry/images/image-setup.ts';
import { toHttpEvent } from '../support/http-event.ts';
import { createMemoryLookaside } from '../support/memory-lookaside.ts';
import { createMemoryObjectStore } from '../support/memory-object-store.ts';
import { createMemoryQueue } from '../support/memory-queue.ts';
import { createKeptTelemetry } from '../support/quiet-telemetry.ts';
import { toSqsEvent } from '../support/sqs-event.ts';
import { untouchedStore } from '../support/untouched-store.ts';
import { documentsOf, IMAGE, imageManifests, policyOf, readPolicyTrust } from '../verdict/decide/policy-setup.ts';

const now = (): Date => NOW;
const MAPPED = { source: 'distribution', registry: 'registry.example.com', repository: 'mirror/app', mirrorOf: NAME };
const PUSH = JSON.stringify({
  ...pushOf({ registry: MAPPED.registry, repository: MAPPED.repository, digest: DIGEST }),
  profile: 'acme',
  mirrorOf: parseRepository(NAME),
});

async function publish(objects: ObjectStore, subjectEmail?: string): Promise<string> {
  const requirement = fulcioRequirement(subjectEmail === undefined ? {} : { subjectEmail });
  const documents = documentsOf({ policy: policyOf([requirement]), spec: { pushSources: [MAPPED] } });
  const prepared = await prepareTrust('acme', documents);
  await publishTrust(objects, prepared, documents);
  return prepared.revision;
}

/** The functions of one service, with these signatures beside the image. */
async function setUp(signatures: readonly Uint8Array[]) {
  const objects = createMemoryObjectStore();
  await publish(objects);
  const held: { lookaside: SignatureStore } = { lookaside: createMemoryLookaside({ [IMAGE]: signatures }) };
  const upstream = {
    open: () => ({ release: untouchedStore, lookaside: held.lookaside, manifests: imageManifests }),
    close: () => undefined,
  };
  const trust = createTrustSource(objects, ['acme'], now);
  const telemetry = createKeptTelemetry();
  const shared = { trust, objects, upstream, telemetry, now, mirror: openMirror(objects) };
  const acceptances = createAcceptances(objects);
  const mirrorQueue = createMemoryQueue({});
  const verify = createHandler({ ...shared, acceptances, questions: createQuestions(), mirrorQueue });
  const { dependencies, bus } = setUpPushes({ objects, signatures: new Map(), now: NOW });
  const dead: string[] = [];
  const pushed = createPushHandler({
    ...dependencies,
    ...shared,
    maxReceives: 3,
    delayMessage: async () => undefined,
    sendDead: async (_, reason) => {
      dead.push(reason);
    },
  });
  return {
    objects,
    telemetry,
    bus,
    dead,
    verify: async () => {
      const event = toHttpEvent({ method: 'POST', path: '/v1/verify', body: { pullspec: IMAGE } });
      return await verify(event, createLocalContext('verify-image'));
    },
    push: async (body: string) => await pushed(toSqsEvent([body]), createLocalContext('verify-pushed')),
    setSignatures: (...more: readonly Uint8Array[]) => {
      held.lookaside = createMemoryLookaside({ [IMAGE]: more });
    },
  };
}

describe('POST /v1/verify', () => {
  test.each(ARRANGED)('%s', async (_, signatures, outcome) => {
    const { verify } = await setUp(signatures);
    const { statusCode, body = '' } = await verify();
    expect([statusCode, (JSON.parse(body) as Verdict).outcome]).toEqual([200, outcome]);
  });

  test('the operator learns of a fault of Signet, which changes nothing for the caller', async () => {
    const { verify, telemetry } = await setUp([makeFaultyBytes(0), genuine]);
    expect(await verify()).toMatchObject({ statusCode: 200 });
    expect(telemetry.counts.get('CandidateFault')).toBe(1);
    const told = telemetry.lines.filter(({ level }) => level === 'error');
    expect(told).toMatchObject([
      {
        message: 'a signature could not be read because of an internal fault',
        fields: { digest: DIGEST, profile: 'acme' },
      },
    ]);
    expect(told[0]?.fields['note']).toMatch(/^internal fault: TypeError: "these bytes cannot be read"/);
  });

  test('without a fault there is nothing to tell', async () => {
    const { verify, telemetry } = await setUp([genuine]);
    await verify();
    expect(telemetry.counts.has('CandidateFault')).toBe(false);
  });
});

describe('a push', () => {
  test.each(ARRANGED)('%s', async (_, signatures, outcome) => {
    const { push, bus, dead, telemetry } = await setUp(signatures);
    expect(await push(PUSH)).toEqual({ batchItemFailures: [] });
    expect([dead, bus.events.length, telemetry.counts.get(`Pushed.${outcome}`)]).toEqual([[], 1, 1]);
  });

  test.each(POISONS)('what is no longer accepted is told although there is %s', async (_, poison) => {
    const { objects, push, bus, dead, setSignatures, telemetry } = await setUp([genuine]);
    await push(PUSH);
    const [record] = await readRecords(objects);
    expect([record?.verdict.outcome, bus.events.length]).toEqual(['accepted', 1]);
    // The publisher's login is no longer trusted, and somebody would rather that nobody learnt of it.
    const revision = await publish(objects, 'another@example.com');
    setSignatures(poison, genuine, poison);
    expect(await push(toReverifyBody('acme', record?.id ?? '', revision))).toEqual({ batchItemFailures: [] });
    // The verdict, and that it is another one.
    expect([dead, bus.events.length, telemetry.counts.get('VerdictChanged')]).toEqual([[], 3, 1]);
  });
});

describe('admission', async () => {
  const policy = policyOf([fulcioRequirement()]);
  const trust = await readPolicyTrust({ policy });

  function setUpReview(signatures: readonly Uint8Array[]) {
    const lookaside = createMemoryLookaside({ [IMAGE]: signatures });
    return setUpAdmission({
      now,
      dependencies: {
        trust: { profiles: ['ocp'], read: async () => trust },
        mirror: openMirror(createMemoryObjectStore()),
        upstream: {
          open: () => ({ release: untouchedStore, lookaside, manifests: imageManifests }),
          close: () => undefined,
        },
      },
    });
  }

  test.each(ARRANGED)('%s', async (_, signatures, outcome) => {
    const { review } = setUpReview(signatures);
    const { allowed, status } = await review({ body: toUpdate({ image: IMAGE }) });
    expect([allowed, status?.code]).toEqual(outcome === 'accepted' ? [true, undefined] : [false, 403]);
  });

  test.each([false, true])('the operator learns of a fault of Signet, with dryRun %s', async (dryRun) => {
    const { review, telemetry } = setUpReview([makeFaultyBytes(0), genuine]);
    expect(await review({ body: toUpdate({ image: IMAGE }, { dryRun }) })).toMatchObject({ allowed: true });
    expect(telemetry.counts.get('CandidateFault')).toBe(1);
  });
});
