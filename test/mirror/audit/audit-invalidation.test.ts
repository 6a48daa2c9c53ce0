import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { createCloudFrontInvalidation } from '../../../lib/mirror/audit/cloudfront-invalidation.ts';
import {
  ALL_SIGNATURES,
  type Invalidation,
  MAX_INVALIDATION_PATHS,
  toInvalidationPaths,
} from '../../../lib/mirror/audit/invalidation.ts';
import { RELEASE_PREFIXES } from '../../../lib/mirror/slots/slot-layout.ts';
import { readEndpoints } from '../../../lib/platform/aws/endpoints.ts';
import { startServer, type TestServer } from '../../support/servers/start-server.ts';
import { DIGEST, keyOf } from './audit-layouts.ts';

const servers: TestServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

/** How often a request is sent in all. */
const TRIES = 3;
const TAKEN = `<?xml version="1.0"?>
<Invalidation xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"><Id>I2J0I21PCUYOIK</Id><Status>InProgress</Status></Invalidation>`;

/** What the server does with a request; undefined: nothing. */
type Answer = ((response: ServerResponse) => void) | undefined;

const say =
  (status: number, body: string): Answer =>
  (response) =>
    response.writeHead(status, { 'content-type': 'text/xml' }).end(body);
const taken = say(201, TAKEN);
const fault = (status: number, code: string): Answer =>
  say(
    status,
    `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>m</Message></Error></ErrorResponse>`,
  );
/** Goes on until the other side has enough. */
const endless =
  (status: number, start: string): Answer =>
  (response) => {
    response.writeHead(status, { 'content-type': 'text/xml' });
    response.write(start);
    const more = (): void => {
      while (!response.destroyed && response.write(' '.repeat(64 * 1024)));
      if (!response.destroyed) response.once('drain', more);
    };
    more();
  };

/** An invalidation over a server that gives these answers, the last one again and again. */
async function open(...answers: readonly Answer[]) {
  const bodies: string[] = [];
  const server = await startServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const answer = answers[Math.min(bodies.length, answers.length - 1)];
      bodies.push(Buffer.concat(chunks).toString());
      answer?.(response);
    });
  });
  servers.push(server);
  let time = Date.parse('2026-11-22T00:00:00Z');
  const invalidation: Invalidation = createCloudFrontInvalidation({
    region: 'eu-central-1',
    credentials: { accessKeyId: 'AKID', secretAccessKey: 'hush', sessionToken: 'session of the role' },
    endpoints: readEndpoints({ AWS_ENDPOINT_URL_CLOUDFRONT: server.origin }),
    distributionId: 'E1',
    requestTimeoutMs: 300,
    now: () => {
      time += 1;
      return new Date(time);
    },
  });
  const invalidate = (paths: readonly string[], signal = new AbortController().signal): Promise<void> =>
    invalidation.invalidate(paths, signal);
  return { invalidate, bodies, server };
}

const referencesIn = (bodies: readonly string[]): readonly string[] =>
  bodies.map((body) => /<CallerReference>(signet-[0-9a-f]{64})<\/CallerReference>/.exec(body)?.[1] ?? body);

describe('invalidation by CloudFront', () => {
  test('names the paths and how many they are, in a signed request', async () => {
    const { invalidate, bodies, server } = await open(taken);
    await invalidate(toInvalidationPaths([{ digest: DIGEST, changed: [2] }]));
    const [request] = server.requests;
    expect(server.requests.map(({ path }) => path)).toEqual(['/2020-05-31/distribution/E1/invalidation']);
    expect(request?.headers).toMatchObject({
      'content-type': 'application/xml',
      'x-amz-security-token': 'session of the role',
    });
    expect(request?.headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKID\/\d{8}\/us-east-1\/cloudfront\/aws4_request,/,
    );
    const paths = RELEASE_PREFIXES.map((prefix) => `<Path>${prefix}${keyOf(2).slice('signatures/'.length)}</Path>`);
    // As the client of the AWS SDK writes it.
    expect(bodies).toEqual([
      '<?xml version="1.0" encoding="UTF-8"?><InvalidationBatch xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/">' +
        `<Paths><Quantity>4</Quantity><Items>${paths.join('')}</Items></Paths>` +
        `<CallerReference>${referencesIn(bodies)[0]}</CallerReference></InvalidationBatch>`,
    ]);
  });

  test('escapes what XML would read as something else', async () => {
    const { invalidate, bodies } = await open(taken);
    await invalidate([`/a&b</Path><Path>/*"'`]);
    expect(bodies[0]).toContain('<Items><Path>/a&#38;b&#60;/Path&#62;&#60;Path&#62;/*&#34;&#39;</Path></Items>');
  });

  test('sends no request without paths', async () => {
    const { invalidate, bodies } = await open(taken);
    await invalidate([]);
    expect(bodies).toEqual([]);
  });

  test.each<[string, Answer]>([
    ['a fault of CloudFront', fault(503, 'ServiceUnavailable')],
    ['too many requests, as 400', fault(400, 'Throttling')],
    ['too many requests, as 429', fault(429, 'TooManyRequests')],
    ['silence', undefined],
    ['a connection that breaks', (response) => response.destroy()],
    ['an answer that breaks off', (response) => response.writeHead(201).write('<Inv', () => response.destroy())],
  ])('repeats a request under its own reference after %s', async (_, answer) => {
    const { invalidate, bodies } = await open(answer, taken);
    await invalidate(['/signatures/*']);
    await invalidate(['/signatures/*']);
    const [one, again, other] = referencesIn(bodies);
    expect(bodies).toHaveLength(3);
    expect(again).toBe(one);
    expect(other).not.toBe(one);
  });

  test.each<[name: string, answer: Answer, code: string, reason: string, tries: number]>([
    ['access denied', fault(403, 'AccessDenied'), 'NotAllowed', '403 AccessDenied', 1],
    ['no such distribution', fault(404, 'NoSuchDistribution'), 'StatusUnexpected', '404 NoSuchDistribution', 1],
    ['paths that cannot be', fault(400, 'InvalidArgument'), 'StatusUnexpected', '400 InvalidArgument', 1],
    [
      'too many under way',
      fault(400, 'TooManyInvalidationsInProgress'),
      'Unavailable',
      '400 TooManyInvalidationsInProgress',
      1,
    ],
    ['throttled', fault(400, 'Throttling'), 'Unavailable', '400 Throttling', TRIES],
    ['an error of its own', fault(500, 'InternalError'), 'Unavailable', '500 InternalError', TRIES],
    ['a page of a gateway as an error', say(502, '<html>bad gateway</html>'), 'Unavailable', '502', TRIES],
    ['a page in place of an invalidation', say(200, '<html><Id>I1</Id></html>'), 'BodyInvalid', 'something else', 1],
    [
      'an invalidation without an id',
      say(201, '<Invalidation><Id/></Invalidation>'),
      'BodyInvalid',
      'something else',
      1,
    ],
    ['nothing in place of an invalidation', say(201, ''), 'BodyInvalid', 'something else', 1],
    ['an answer without end', endless(201, TAKEN), 'LimitExceeded', 'longer than 1048576 bytes', 1],
    ['an error without end', endless(403, '<Code>AccessDenied</Code>'), 'NotAllowed', '403 AccessDenied', 1],
    ['silence', undefined, 'TimedOut', 'no complete answer within 300 ms', TRIES],
  ])('fails: %s', async (_, answer, code, reason, tries) => {
    const { invalidate, bodies } = await open(answer);
    const failed: unknown = await invalidate(['/signatures/*']).catch((error: unknown) => error);
    expect(failed).toMatchObject({ name: 'StoreError', code });
    expect(String(failed)).toMatch(/^StoreError: invalidating paths of distribution E1(?: failed)?: /);
    expect(String(failed)).toContain(reason);
    expect(String(failed)).not.toContain('hush');
    expect(bodies).toHaveLength(tries);
  });

  test('fails where nobody listens', async () => {
    const { invalidate, server } = await open(taken);
    await server.close();
    await expect(invalidate(['/signatures/*'])).rejects.toMatchObject({ code: 'ConnectionFailed' });
  });

  test('ends with the deadline of its caller', async () => {
    const controller = new AbortController();
    const { invalidate, bodies } = await open(() => controller.abort(new Error('time is up')));
    await expect(invalidate(['/signatures/*'], controller.signal)).rejects.toThrow('time is up');
    await expect(invalidate(['/signatures/*'], controller.signal)).rejects.toThrow('time is up');
    expect(bodies).toHaveLength(1);
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
