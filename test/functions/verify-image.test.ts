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

interface World {
  readonly mirrored?: readonly Uint8Array[];
  readonly published?: readonly Uint8Array[];
  readonly upstreamFailure?: StoreError;
  readonly queueFailure?: StoreError;
  readonly isBucketReadOnly?: boolean;
  readonly hangingWrites?: boolean;
}

async function setUp({
  mirrored = [],
  published = [],
  upstreamFailure,
  queueFailure,
  isBucketReadOnly,
  hangingWrites,
}: World) {
  const memory = createMemoryObjectStore();
  const documents = readFixtureDocuments();
  await publishTrust(memory, await prepareTrust('ocp', documents), documents);
  const hanging = { ...memory, createObject: () => Promise.withResolvers<never>().promise };
  const store = hangingWrites === true ? hanging : memory;
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
  return { verify, handler, mirrorQueue, telemetry };
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
