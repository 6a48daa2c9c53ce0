import { createHmac, hash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { AwsRequestError, createSignedSender, type SignedRequest } from '../../../lib/platform/aws/signed-request.ts';
import { startServer, type TestServer } from '../../support/servers/start-server.ts';

const credentials = { accessKeyId: 'AKID', secretAccessKey: 'hush', sessionToken: 'session of the role' };
const signing = { service: 'sqs', region: 'eu-central-1', credentials, timeoutMs: 1000 };
const send = createSignedSender(signing);

interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function receive(request: Partial<SignedRequest> & { readonly path: string }): Promise<Received> {
  const received: Received[] = [];
  server = await startServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { method = '', url = '', headers } = incoming;
      received.push({ method, url, headers, body: Buffer.concat(chunks) });
      response.end('ok');
    });
  });
  const { path, ...rest } = request;
  const url = new URL(path, server.origin);
  await send({ method: 'GET', headers: {}, limitBytes: 100, ...rest, url });
  const [first] = received;
  if (first === undefined) throw new Error('nothing was received');
  return first;
}

/** The signature of what was received, made as AWS describes it, from the headers that it says are signed. */
function resign({ method, url, headers, body }: Received, service = signing.service): string {
  const [, scope = '', names = ''] =
    /^AWS4-HMAC-SHA256 Credential=AKID\/(\S+), SignedHeaders=(\S+), Signature=[0-9a-f]{64}$/.exec(
      headers.authorization ?? '',
    ) ?? [];
  const [path = '', query = ''] = url.split('?');
  const canonical = [
    method,
    path,
    query,
    ...names.split(';').map((name) => `${name}:${String(headers[name]).trim()}`),
    '',
    names,
    hash('sha256', body),
  ].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, hash('sha256', canonical)].join('\n');
  const parts = [scope.slice(0, 8), signing.region, service, 'aws4_request'];
  expect(scope).toBe(parts.join('/'));
  const key = parts.reduce<Buffer | string>(
    (made, part) => createHmac('sha256', made).update(part).digest(),
    'AWS4hush',
  );
  return createHmac('sha256', key).update(toSign).digest('hex');
}

describe('a request to AWS', () => {
  test.each<[name: string, request: Parameters<typeof receive>[0]]>([
    ['without a body', { path: '/' }],
    ['with one', { path: '/', method: 'POST', body: Buffer.from('{"text": "ö"}') }],
    ['with headers of its own', { path: '/', headers: { 'x-amz-target': 'AmazonSQS.SendMessageBatch' } }],
    ['with a query', { path: '/?list-type=2&prefix=a%2Fb' }],
  ])('is signed: %s', async (_, request) => {
    const received = await receive(request);
    expect(received.headers.authorization?.slice(-64)).toBe(resign(received));
    const names = /SignedHeaders=(\S+),/.exec(received.headers.authorization ?? '')?.[1]?.split(';');
    const wanted = ['host', 'x-amz-content-sha256', 'x-amz-date', 'x-amz-security-token'];
    expect(names).toEqual(expect.arrayContaining([...wanted, ...Object.keys(request.headers ?? {})]));
    expect(received.headers).toMatchObject({
      'x-amz-security-token': credentials.sessionToken,
      'x-amz-content-sha256': hash('sha256', received.body),
    });
    expect(Math.abs(Date.now() - toTime(String(received.headers['x-amz-date'])))).toBeLessThan(60_000);
  });

  test('a redirect is a failure: a signed request goes nowhere else', async () => {
    let asked = 0;
    server = await startServer((_, response) => {
      asked += 1;
      response.writeHead(307, { location: '/elsewhere' }).end();
    });
    const request = { method: 'GET', url: new URL(server.origin), headers: {}, limitBytes: 100 } as const;
    await expect(send(request)).rejects.toMatchObject({ fault: { status: 307 } });
    expect(asked).toBe(1);
  });

  test.each<[name: string, status: number, content: string, asked: number]>([
    ['throttled in the JSON protocols', 400, '{"__type":"ThrottlingException"}', 3],
    ['throttled in XML', 400, '<Error><Code>Throttling</Code></Error>', 3],
    ['throttled by status', 429, '', 3],
    ['a fault of the service', 503, '', 3],
    ['a fault of the request', 400, '{"__type":"ValidationException"}', 1],
  ])('is repeated where that helps: %s', async (_, status, content, asked) => {
    server = await startServer((request, response) => {
      request.resume();
      response.writeHead(status).end(content);
    });
    const request = { method: 'GET', url: new URL(server.origin), headers: {}, limitBytes: 100 } as const;
    await expect(send(request)).rejects.toMatchObject({ fault: { status }, tries: asked });
    expect(server.requests).toHaveLength(asked);
  });

  test('a refusal tells the code and nothing of the secret', async () => {
    server = await startServer((_, response) => {
      response.writeHead(403).end('{"__type":"com.amazon.coral.service#AccessDeniedException","message":"no"}');
    });
    const request = { method: 'GET', url: new URL(server.origin), headers: {}, limitBytes: 100 } as const;
    const error: unknown = await send(request).catch((thrown: unknown) => thrown);
    if (!(error instanceof AwsRequestError)) throw new Error(`no AwsRequestError but ${String(error)}`);
    expect(error.fault).toMatchObject({ status: 403, code: 'AccessDeniedException' });
    expect(JSON.stringify(error)).not.toContain('hush');
  });
});

function toTime(amz: string): number {
  return Date.parse(amz.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}
