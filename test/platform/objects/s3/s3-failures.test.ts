import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import type { ObjectStore } from '../../../../lib/platform/objects/port/object-store.ts';
import { createS3Client } from '../../../../lib/platform/objects/s3/s3-client.ts';
import { createS3LightObjectStore } from '../../../../lib/platform/objects/s3/s3-light-object-store.ts';
import { createS3ObjectStore } from '../../../../lib/platform/objects/s3/s3-object-store.ts';
import { startServer, type TestServer } from '../../../support/servers/start-server.ts';
import { listKeys, storeErrorCode, toBytes } from '../object-store-contract.ts';

const servers: TestServer[] = [];
const clients: { destroy(): void }[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  for (const server of servers.splice(0)) await server.close();
});

type Answer = (request: IncomingMessage, response: ServerResponse, count: number) => void;

/** A store over a server that answers as told; `count` is the request's number, from 1. */
async function openStore(kind: string, answer: Answer): Promise<ObjectStore> {
  let count = 0;
  const server = await startServer((request, response) => {
    count += 1;
    const number = count;
    request.resume().on('end', () => answer(request, response, number));
  });
  servers.push(server);
  const common = {
    endpoint: server.origin,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test-secret' },
  };
  if (kind === 'light') {
    return createS3LightObjectStore({ ...common, bucket: 'bucket', prefix: '', requestTimeoutMs: 300 });
  }
  const client = createS3Client({ ...common, requestTimeoutMs: 300 });
  clients.push(client);
  return createS3ObjectStore({ client, bucket: 'bucket', operationTimeoutMs: 10_000 });
}

function fail(status: number, code: string): Answer {
  return (_, response) => {
    response.writeHead(status, { 'content-type': 'application/xml' });
    response.end(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>m</Message></Error>`);
  };
}

const READ_FAILURES = [
  { name: 'access denied', answer: fail(403, 'AccessDenied'), code: 'NotAllowed' },
  { name: 'no such bucket', answer: fail(404, 'NoSuchBucket'), code: 'StatusUnexpected' },
  { name: 'a proxy’s 404', answer: html(404), code: 'StatusUnexpected' },
  { name: 'slow down', answer: fail(503, 'SlowDown'), code: 'StatusUnexpected' },
  { name: 'internal error', answer: fail(500, 'InternalError'), code: 'StatusUnexpected' },
  { name: 'silence', answer: () => undefined, code: 'TimedOut' },
  { name: 'cut connection', answer: (request: IncomingMessage) => request.socket.destroy(), code: 'ConnectionFailed' },
  { name: 'no ETag', answer: send('one', {}), code: 'BodyInvalid' },
  {
    name: 'wrong checksum',
    answer: send('one', { etag: '"e"', 'x-amz-checksum-sha256': `${'A'.repeat(43)}=` }),
    code: 'BodyInvalid',
  },
  { name: 'longer than said at first', answer: stream('x'.repeat(200)), code: 'LimitExceeded' },
  { name: 'longer than the limit', answer: send('x'.repeat(200), { etag: '"e"' }), code: 'LimitExceeded' },
] as const;

function html(status: number): Answer {
  return (_, response) => {
    response.writeHead(status, { 'content-type': 'text/html' });
    response.end('<html><body>not here</body></html>');
  };
}

function send(text: string, headers: Readonly<Record<string, string>>): Answer {
  return (_, response) => {
    response.writeHead(200, { ...headers, 'content-length': text.length });
    response.end(text);
  };
}

function stream(text: string): Answer {
  return (_, response) => {
    response.writeHead(200, { etag: '"e"' });
    response.end(text);
  };
}

const halfBody: Answer = (_, response) => {
  response.writeHead(200, { etag: '"e"', 'content-length': 90 });
  response.write('half');
  setTimeout(() => response.destroy(), 20);
};

describe.each(['full', 'light'])('s3 %s: what is not an answer', (kind) => {
  it.each(READ_FAILURES)('is not absent: $name', async ({ answer, code }) => {
    const store = await openStore(kind, answer);
    expect(await storeErrorCode(store.readObject('a', 100))).toBe(code);
  });

  it('is not half an object: a cut body', async () => {
    const store = await openStore(kind, halfBody);
    expect(['ConnectionFailed', 'TimedOut', 'BodyInvalid']).toContain(await storeErrorCode(store.readObject('a', 100)));
  });

  it.each([
    { name: 'access denied', answer: fail(403, 'AccessDenied'), code: 'NotAllowed' },
    { name: 'no such bucket', answer: fail(404, 'NoSuchBucket'), code: 'StatusUnexpected' },
    { name: 'internal error', answer: fail(500, 'InternalError'), code: 'StatusUnexpected' },
  ])('is neither a lost nor a won write: $name', async ({ answer, code }) => {
    const store = await openStore(kind, answer);
    expect(await storeErrorCode(store.createObject('a', toBytes('one')))).toBe(code);
    expect(await storeErrorCode(store.replaceObject('a', toBytes('one'), '"e"'))).toBe(code);
    expect(await storeErrorCode(store.deleteObject('a'))).toBe(code);
  });
});

describe.each(['full', 'light'])('s3 %s: conditional writes', (kind) => {
  it('are sent with their condition', async () => {
    const seen: (string | undefined)[] = [];
    const store = await openStore(kind, (request, response) => {
      seen.push(request.headers['if-none-match'], request.headers['if-match']);
      response.end();
    });
    expect(await store.createObject('a', toBytes('one'))).toBe(true);
    expect(await store.replaceObject('a', toBytes('one'), '"e"')).toBe(true);
    expect(seen).toEqual(['*', undefined, undefined, '"e"']);
  });

  it('are sent again after a conflict', async () => {
    const conflict = fail(409, 'ConditionalRequestConflict');
    const store = await openStore(kind, (request, response, count) => {
      if (count < 3) conflict(request, response, count);
      else response.end();
    });
    expect(await store.createObject('a', toBytes('one'))).toBe(true);
  });

  it.each([
    { name: 'another object', held: () => '', expected: false },
    { name: 'its own object', held: (mark: string) => mark, expected: true },
  ])('that meet conflicts alone are decided by a read: $name', async ({ held, expected }) => {
    const conflict = fail(409, 'ConditionalRequestConflict');
    const store = await openStore(kind, answerWrites(conflict, held));
    expect(await store.createObject('a', toBytes('one'))).toBe(expected);
  });

  it('that meet conflicts alone and change nothing fail', async () => {
    const store = await openStore(kind, (request, response, count) => {
      const answer = request.method === 'PUT' ? fail(409, 'ConditionalRequestConflict') : fail(404, 'NoSuchKey');
      answer(request, response, count);
    });
    expect(await storeErrorCode(store.createObject('a', toBytes('one')))).toBe('ConditionFailed');
  });

  it.each([
    { name: 'its own first try', held: (mark: string) => mark, expected: true },
    { name: 'another writer', held: () => 'another mark', expected: false },
  ])('whose first answer was lost know what won: $name', async ({ held, expected }) => {
    const refuse = fail(412, 'PreconditionFailed');
    const lost: Answer = (request, response, count) => {
      if (count === 1) request.socket.destroy();
      else refuse(request, response, count);
    };
    const store = await openStore(kind, answerWrites(lost, held));
    expect(await store.createObject('a', toBytes('one'))).toBe(expected);
  });
});

/** Answers writes as told, and reads with an object that carries a mark made of the last write's. */
function answerWrites(answer: Answer, held: (mark: string) => string): Answer {
  let mark = '';
  return (request, response, count) => {
    if (request.method === 'PUT') {
      mark = String(request.headers['x-amz-meta-signet-write']);
      answer(request, response, count);
    } else {
      response.writeHead(200, { etag: '"other"', 'content-length': 3, 'x-amz-meta-signet-write': held(mark) });
      response.end(request.method === 'HEAD' ? undefined : 'two');
    }
  };
}

describe('s3: listings', () => {
  const page = (keys: readonly string[], more: string): Answer =>
    send(
      `<?xml version="1.0"?><ListBucketResult>${keys.map((key) => `<Contents><Key>${key}</Key><Size>1</Size></Contents>`).join('')}${more}</ListBucketResult>`,
      { 'content-type': 'application/xml' },
    );

  it.each<{ name: string; answer: Answer; code: string }>([
    { name: 'not sorted', answer: page(['b', 'a'], ''), code: 'BodyInvalid' },
    {
      name: 'the same page for ever',
      answer: page(['a'], '<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>'),
      code: 'BodyInvalid',
    },
    {
      name: 'a page of nothing, for ever the same',
      answer: page([], '<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>'),
      code: 'BodyInvalid',
    },
    {
      name: 'one page of nothing after the other',
      answer: (request, response, count) => {
        const token = `<NextContinuationToken>${count}</NextContinuationToken>`;
        page([], `<IsTruncated>true</IsTruncated>${token}`)(request, response, count);
      },
      code: 'LimitExceeded',
    },
    { name: 'no way to go on', answer: page(['a'], '<IsTruncated>true</IsTruncated>'), code: 'BodyInvalid' },
    { name: 'access denied', answer: fail(403, 'AccessDenied'), code: 'NotAllowed' },
    { name: 'no such bucket', answer: fail(404, 'NoSuchBucket'), code: 'StatusUnexpected' },
  ])('fail: $name', async ({ answer, code }) => {
    expect(await storeErrorCode(listKeys(await openStore('full', answer), ''))).toBe(code);
  });

  it('fail in one line, whatever the server says', async () => {
    const store = await openStore('full', send('<ListBucketResult>\n<a>', { 'content-type': 'application/xml' }));
    const failure = await listKeys(store, '').catch((error: unknown) => String(error));
    expect(failure).toMatch(/^StoreError: listing .* failed: 200 .* XML parse error: [^\n]+$/);
  });

  it('pass over a key that is no key', async () => {
    const store = await openStore('full', page(['a', 'a/../b', 'b//c', 'c'], ''));
    expect(await listKeys(store, '')).toEqual(['a', 'c']);
  });

  it('fail where the server does not start after a key', async () => {
    const store = await openStore('full', page(['a', 'b'], ''));
    expect(await storeErrorCode(listKeys(store, '', 'a'))).toBe('BodyInvalid');
  });

  it('are not what the light store is for', async () => {
    const store = await openStore('light', () => undefined);
    expect(await storeErrorCode(listKeys(store, ''))).toBe('NotAllowed');
  });
});
