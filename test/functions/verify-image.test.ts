import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { createHandler } from '../../functions/verify-image/handler.ts';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import { parseDigest, toStoreSegment } from '../../lib/base/names/digest.ts';
import { toMirrorBody } from '../../lib/mirror/sync/mirror-message.ts';
import type { ObjectStore } from '../../lib/platform/objects/port/object-store.ts';
import { prepareTrust } from '../../lib/trust/prepare/prepare-trust.ts';
import { publishTrust } from '../../lib/trust/publish/publish-trust.ts';
import { createTrustSource } from '../../lib/trust/source/trust-source.ts';
import type { Verdict } from '../../lib/verdict/judge/verdict.ts';
import { createAcceptances } from '../../lib/verdict/records/list-accepted.ts';
import { createQuestions, readQuestions } from '../../lib/verdict/records/questions.ts';
import { readRecords } from '../../lib/verdict/records/read-records.ts';
import { createLocalContext } from '../../local/local-context.ts';
import { FIXTURE_STORE, FIXTURE_TIME, fixtureReleases, readFixtureDocuments } from '../support/fixture-releases.ts';
import { toHttpEvent } from '../support/http-event.ts';
import { createMemoryObjectStore } from '../support/memory-object-store.ts';
import { createMemoryQueue } from '../support/memory-queue.ts';
import { createMemorySignatureStore } from '../support/memory-signature-store.ts';
import { createKeptTelemetry } from '../support/quiet-telemetry.ts';
import { releaseOnly } from '../support/untouched-store.ts';

const GOOD = fixtureReleases.find(({ expected }) => expected === 'accept')?.pullspec ?? '';
const DIGEST = parseDigest(GOOD.slice(GOOD.indexOf('@') + 1));
const signature = readFileSync(path.join(FIXTURE_STORE, toStoreSegment(DIGEST), 'signature-1'));
const unreachable = new StoreError('ConnectionFailed', 'refused');

function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

interface World {
  readonly mirrored?: readonly Uint8Array[];
  readonly published?: readonly Uint8Array[];
  readonly upstreamFailure?: StoreError;
  readonly queueFailure?: StoreError;
  readonly isBucketReadOnly?: boolean;
  readonly hangingWrites?: boolean;
  /** Who asks cannot be written down. */
  readonly isUnaskable?: boolean;
}

async function setUp({
  mirrored = [],
  published = [],
  upstreamFailure,
  queueFailure,
  isBucketReadOnly,
  hangingWrites,
  isUnaskable,
}: World) {
  const memory = createMemoryObjectStore();
  const documents = readFixtureDocuments();
  await publishTrust(memory, await prepareTrust('ocp', documents), documents);
  const hanging = { ...memory, createObject: () => Promise.withResolvers<never>().promise };
  const unaskable: ObjectStore = {
    ...memory,
    createObject: async (key, bytes) => {
      if (key.startsWith('asked/')) throw unreachable;
      return await memory.createObject(key, bytes);
    },
  };
  const store = hangingWrites === true ? hanging : isUnaskable === true ? unaskable : memory;
  const objects: ObjectStore =
    isBucketReadOnly === true ? { ...memory, createObject: () => Promise.reject(unreachable) } : store;
  const upstream = createMemorySignatureStore(new Map([[DIGEST, published]]), {
    description: 'upstream',
    failure: upstreamFailure,
  });
  const mirrorQueue = createMemoryQueue({ failure: queueFailure });
  const telemetry = createKeptTelemetry();
  const now = (): Date => FIXTURE_TIME;
  const handler = createHandler({
    trust: createTrustSource(objects, ['ocp'], now),
    objects,
    acceptances: createAcceptances(objects),
    questions: createQuestions(),
    mirror: releaseOnly(createMemorySignatureStore(new Map([[DIGEST, mirrored]]), { description: 'mirror' })),
    upstream: { open: () => releaseOnly(upstream), close: () => undefined },
    mirrorQueue,
    telemetry,
    now,
  });
  const verify = async (pullspec = GOOD) => {
    const event = toHttpEvent({ method: 'POST', path: '/v1/verify', body: { pullspec } });
    const response = await handler(event, createLocalContext('verify-image'));
    return { ...response, verdict: JSON.parse(response.body ?? '') as Verdict };
  };
  return { verify, handler, mirrorQueue, telemetry, objects: memory };
}

describe('verify-image', () => {
  test.each([
    ['the forced route', { routeKey: 'POST /v1/verify/forced', rawPath: '/v1/verify/forced' }, 200],
    ['the forced route behind a stage', { routeKey: 'POST /v1/verify/forced', rawPath: '/v1/verify' }, 200],
    ['a path that ends as the forced one', { routeKey: 'POST /v1/verify', rawPath: '/v1/verify/forced' }, 403],
    ['no route', { routeKey: '$default', rawPath: '/v1/verify/forced' }, 403],
  ])('%s: force is decided by the route that was authorized', async (_, change, status) => {
    const { handler } = await setUp({ published: [signature] });
    const event = toHttpEvent({ method: 'POST', path: '/v1/verify', body: { pullspec: GOOD, force: true } });
    const { statusCode } = await handler({ ...event, ...change }, createLocalContext('verify-image'));
    expect(statusCode).toBe(status);
  });

  const ROLE = 'arn:aws:sts::123456789012:assumed-role/release-team/alice';
  test.each<[name: string, authorizer: object | undefined, caller: object | undefined]>([
    ['IAM', { iam: { userArn: ROLE, accountId: '123456789012' } }, { arn: ROLE }],
    [
      'a token',
      { jwt: { claims: { sub: 'alice', iss: 'https://idp.example.com' } } },
      { subject: 'alice', issuer: 'https://idp.example.com' },
    ],
    [
      'a token without a subject',
      { jwt: { claims: { iss: 'https://idp.example.com' } } },
      { issuer: 'https://idp.example.com' },
    ],
    ['no names', { iam: { userArn: '' }, jwt: { claims: { sub: 7 } } }, undefined],
    ['no authorizer', undefined, undefined],
    ['a name of more than its limit', { iam: { userArn: 'a'.repeat(2000) } }, { arn: 'a'.repeat(1024) }],
  ])('the record says who asked first, by %s', async (_, authorizer, caller) => {
    const { handler, objects } = await setUp({ published: [signature] });
    const event = toHttpEvent({ method: 'POST', path: '/v1/verify', body: { pullspec: GOOD } });
    const sent = { ...event, headers: { ...event.headers, 'x-amzn-iam-user': 'mallory', caller: 'mallory' } };
    Object.assign(sent.requestContext, { authorizer });
    await handler(sent, createLocalContext('verify-image'));
    const { records } = await readRecords(objects, DIGEST, { limit: 1 });
    expect(records[0]?.asked.caller).toEqual(caller);
  });

  test('what is forced twice is seen twice, by whom, and a repeated question once a minute', async () => {
    const { handler, objects } = await setUp({ published: [] });
    const force = async (userArn: string, isForced = true) => {
      const body = { pullspec: GOOD, ...(isForced ? { force: true } : {}) };
      const route = isForced ? '/v1/verify/forced' : '/v1/verify';
      const event = toHttpEvent({ method: 'POST', path: route, body });
      Object.assign(event.requestContext, { authorizer: { iam: { userArn } } });
      const routeKey = `POST ${route}`;
      return (await handler({ ...event, routeKey }, createLocalContext('verify-image'))).headers?.['location'];
    };
    const places = [await force('alice'), await force('alice'), await force('bob')];
    expect(new Set(places).size).toBe(1);
    const forced = await readQuestions(objects, String(places[0]).slice(-64), FIXTURE_TIME);
    const arns = forced.latest.map(({ caller }) => String(caller?.['arn'])).toSorted(compareText);
    expect([forced.times, arns]).toEqual([3, ['alice', 'alice', 'bob']]);
    expect(forced.latest.every((one) => one.forced)).toBe(true);
    const plain = [await force('alice', false), await force('alice', false)];
    expect((await readQuestions(objects, String(plain[0]).slice(-64), FIXTURE_TIME)).times).toBe(1);
  });

  test('who forces is named, or there is no verdict', async () => {
    const { handler, objects } = await setUp({ published: [], isUnaskable: true });
    const event = toHttpEvent({ method: 'POST', path: '/v1/verify/forced', body: { pullspec: GOOD, force: true } });
    const routeKey = 'POST /v1/verify/forced';
    expect((await handler({ ...event, routeKey }, createLocalContext('verify-image'))).statusCode).toBe(503);
    expect(await Array.fromAsync(objects.listObjects('asked/'))).toEqual([]);
    const plain = toHttpEvent({ method: 'POST', path: '/v1/verify', body: { pullspec: GOOD } });
    expect((await handler(plain, createLocalContext('verify-image'))).statusCode).toBe(200);
  });

  test('a bucket that does not answer is 503 at the deadline, and no verdict', async () => {
    const { handler } = await setUp({ published: [signature], hangingWrites: true });
    const event = toHttpEvent({ method: 'POST', path: '/v1/verify', body: { pullspec: GOOD } });
    const answer = await handler(event, createLocalContext('verify-image', 800));
    expect(answer).toMatchObject({ statusCode: 503, headers: { 'content-type': 'application/problem+json' } });
  });

  test('a digest that upstream vouched for is queued for the mirror, with its profile', async () => {
    const { verify, mirrorQueue, telemetry } = await setUp({ published: [signature] });
    const { statusCode, verdict } = await verify();
    expect([statusCode, verdict.outcome]).toEqual([200, 'accepted']);
    expect(mirrorQueue.sent).toEqual([toMirrorBody('ocp', DIGEST)]);
    expect(telemetry.counts.get('MirrorNotQueued')).toBeUndefined();
  });

  test.each<[name: string, world: World, pullspec: string, status: number, outcome: string]>([
    ['that the mirror vouched for', { mirrored: [signature], published: [signature] }, GOOD, 200, 'accepted'],
    ['that nothing vouched for', { published: [Buffer.from('junk')] }, GOOD, 200, 'rejected'],
    ['of another repository', { published: [signature] }, `quay.io/evil/image@${DIGEST}`, 200, 'rejected'],
    ['of which upstream could not tell', { upstreamFailure: unreachable }, GOOD, 503, 'indeterminate'],
  ])('a digest %s is not queued', async (_, world, pullspec, status, outcome) => {
    const { verify, mirrorQueue } = await setUp(world);
    const { statusCode, verdict } = await verify(pullspec);
    expect([statusCode, verdict.outcome]).toEqual([status, outcome]);
    expect(mirrorQueue.sent).toEqual([]);
  });

  test('the verdict stands when the queue fails, and that is counted and said', async () => {
    const { verify, telemetry } = await setUp({ published: [signature], queueFailure: unreachable });
    const { statusCode, verdict, headers } = await verify();
    expect([statusCode, verdict.outcome]).toEqual([200, 'accepted']);
    expect(headers?.['location']).toMatch(new RegExp(`^/v1/records/${DIGEST}/[0-9a-f]{64}$`));
    expect(telemetry.counts.get('MirrorNotQueued')).toBe(1);
    expect(telemetry.counts.get('Verified.accepted')).toBe(1);
    expect(telemetry.lines).toContainEqual(expect.objectContaining({ level: 'warn' }));
  });

  test('a verdict that cannot be recorded is not given, nor queued', async () => {
    const { verify, mirrorQueue, telemetry } = await setUp({ published: [signature], isBucketReadOnly: true });
    const { statusCode, body } = await verify();
    expect(statusCode).toBe(503);
    expect(body).not.toContain('accepted');
    expect(mirrorQueue.sent).toEqual([]);
    expect(telemetry.counts.get('Verified.accepted')).toBeUndefined();
  });
});
