import { afterEach, describe, expect, test } from 'vitest';
import {
  createCloudFrontClient,
  createCloudFrontInvalidation,
} from '../../../lib/mirror/audit/cloudfront-invalidation.ts';
import {
  ALL_SIGNATURES,
  type Invalidation,
  MAX_INVALIDATION_PATHS,
  toInvalidationPaths,
} from '../../../lib/mirror/audit/invalidation.ts';
import { RELEASE_PREFIXES } from '../../../lib/mirror/slots/slot-layout.ts';
import { startServer, type TestServer } from '../../support/servers/start-server.ts';
import { DIGEST, keyOf } from './audit-layouts.ts';

const servers: TestServer[] = [];
const clients: { destroy(): void }[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  for (const server of servers.splice(0)) await server.close();
});

const TAKEN = '<Invalidation><Id>I1</Id><Status>InProgress</Status></Invalidation>';

interface Answer {
  readonly status: number;
  readonly body: string;
}

const fault = (status: number, code: string): Answer => ({
  status,
  body: `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>m</Message></Error></ErrorResponse>`,
});

/** An invalidation over a server that gives these answers, the last one again and again; undefined: none. */
async function open(...answers: readonly (Answer | undefined)[]) {
  const bodies: string[] = [];
  const server = await startServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const answer = answers[Math.min(bodies.length, answers.length - 1)];
      bodies.push(Buffer.concat(chunks).toString());
      if (answer === undefined) return;
      response.writeHead(answer.status, { 'content-type': 'text/xml' });
      response.end(answer.body);
    });
  });
  servers.push(server);
  const client = createCloudFrontClient({
    endpoint: server.origin,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test-secret' },
    requestTimeoutMs: 300,
    maxAttempts: 2,
  });
  clients.push(client);
  let time = Date.parse('2026-11-22T00:00:00Z');
  const now = () => {
    time += 1;
    return new Date(time);
  };
  const invalidation: Invalidation = createCloudFrontInvalidation({ client, distributionId: 'E1', now });
  return { invalidation, bodies, server };
}

const referencesIn = (bodies: readonly string[]): readonly string[] =>
  bodies.map((body) => /<CallerReference>(signet-[0-9a-f]{64})<\/CallerReference>/.exec(body)?.[1] ?? body);

describe('invalidation by CloudFront', () => {
  test('names the paths and how many they are', async () => {
    const { invalidation, bodies, server } = await open({ status: 201, body: TAKEN });
    await invalidation.invalidate(toInvalidationPaths([{ digest: DIGEST, changed: [2] }]));
    expect(server.requests.map(({ path }) => path)).toEqual(['/2020-05-31/distribution/E1/invalidation']);
    const paths = RELEASE_PREFIXES.map((prefix) => `<Path>${prefix}${keyOf(2).slice('signatures/'.length)}</Path>`);
    expect(bodies[0]).toContain('<Quantity>4</Quantity>');
    expect(bodies[0]).toContain(`<Items>${paths.join('')}</Items>`);
  });

  test('asks for nothing without paths', async () => {
    const { invalidation, bodies } = await open({ status: 201, body: TAKEN });
    await invalidation.invalidate([]);
    expect(bodies).toEqual([]);
  });

  test('tries again under the same reference, and asks anew under another', async () => {
    const { invalidation, bodies } = await open(fault(503, 'ServiceUnavailable'), { status: 201, body: TAKEN });
    await invalidation.invalidate(['/signatures/*']);
    await invalidation.invalidate(['/signatures/*']);
    const [one, again, other] = referencesIn(bodies);
    expect(bodies).toHaveLength(3);
    expect(again).toBe(one);
    expect(other).not.toBe(one);
  });

  test.each<[string, Answer | undefined, string]>([
    ['access denied', fault(403, 'AccessDenied'), 'NotAllowed'],
    ['no such distribution', fault(404, 'NoSuchDistribution'), 'StatusUnexpected'],
    ['too many under way', fault(400, 'TooManyInvalidationsInProgress'), 'Unavailable'],
    ['throttled', fault(400, 'Throttling'), 'Unavailable'],
    ['an error of its own', fault(500, 'InternalError'), 'Unavailable'],
    ['silence', undefined, 'TimedOut'],
  ])('fails: %s', async (_, answer, code) => {
    const { invalidation } = await open(answer);
    await expect(invalidation.invalidate(['/signatures/*'])).rejects.toMatchObject({ name: 'StoreError', code });
  });

  test('fails where nobody listens', async () => {
    const { invalidation, server } = await open({ status: 201, body: TAKEN });
    await server.close();
    await expect(invalidation.invalidate(['/signatures/*'])).rejects.toMatchObject({ code: 'ConnectionFailed' });
  });
});

test.each([
  { name: 'as many as are named', changes: MAX_INVALIDATION_PATHS / RELEASE_PREFIXES.length, isNamed: true },
  { name: 'more', changes: MAX_INVALIDATION_PATHS / RELEASE_PREFIXES.length + 1, isNamed: false },
])('paths: $name', ({ changes, isNamed }) => {
  const paths = toInvalidationPaths(Array.from({ length: changes }, () => ({ digest: DIGEST, changed: [1] })));
  expect(paths).toHaveLength(isNamed ? MAX_INVALIDATION_PATHS : RELEASE_PREFIXES.length);
  expect(paths === ALL_SIGNATURES).toBe(!isNamed);
});
