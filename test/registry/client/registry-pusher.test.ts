import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import { createHttpClient } from '../../../lib/platform/http/http-client.ts';
import { parsePullSecret } from '../../../lib/registry/client/pull-secret.ts';
import {
  createRegistryPusher,
  type RegistryPusher,
  type TagCondition,
} from '../../../lib/registry/client/registry-pusher.ts';
import { BASIC, codeOf, createSetup, makeManifest, OCI_MANIFEST, PASSWORD, toDigest, USER } from './registry-setup.ts';

const setup = createSetup();
const { signal } = new AbortController();
afterEach(() => setup.close());

const BLOB = Buffer.from('a blob');
const blob = { digest: toDigest(BLOB), bytes: BLOB };
const bytes = makeManifest();
const manifest = { bytes, mediaType: OCI_MANIFEST, digest: toDigest(bytes) } as const;
const UPLOAD = '/v2/team/app/blobs/uploads/';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Takes whatever is sent, by the method and path that name it; 404 for the rest. */
const taking =
  (answers: Readonly<Record<string, Answer>>): Answer =>
  (request, response) => {
    request.resume();
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    const answer = answers[`${request.method} ${path}`];
    if (answer === undefined) response.writeHead(404).end();
    else answer(request, response);
  };

const status =
  (code: number, headers: Readonly<Record<string, string>> = {}): Answer =>
  (_, response) => {
    response.writeHead(code, headers).end();
  };

async function open(answers: Readonly<Record<string, Answer>>, isKnown = false) {
  const server = await setup.serve(taking(answers));
  const http = createHttpClient({ allowPrivateAddresses: true });
  setup.onEnd(() => http.close());
  const auths = { [server.host]: { username: USER, password: PASSWORD } };
  const pullSecret = isKnown ? parsePullSecret(JSON.stringify({ auths })) : undefined;
  const hosts = { allowedHosts: [server.host], plainHttpHosts: [server.host] };
  const pusher: RegistryPusher = createRegistryPusher({ http, pullSecret, ...hosts });
  return { pusher, repository: parseRepository(`${server.host}/team/app`), server };
}

describe('a blob', () => {
  test('is sent to the place that the upload has, with its digest, and not where it is', async () => {
    const { pusher, repository, server } = await open({
      [`POST ${UPLOAD}`]: status(202, { location: `${UPLOAD}1?state=x` }),
      [`PUT ${UPLOAD}1`]: status(201),
    });
    expect(await pusher.pushBlob(repository, blob, signal)).toBe(true);
    expect(server.requests.at(-1)?.path).toBe(`${UPLOAD}1?state=x&digest=${encodeURIComponent(blob.digest)}`);
    const held = await open({ [`HEAD /v2/team/app/blobs/${blob.digest}`]: status(200) });
    expect(await held.pusher.pushBlob(held.repository, blob, signal)).toBe(false);
    expect(held.server.requests).toHaveLength(1);
  });

  test('is sent once at a time: who comes meanwhile finds it there', async () => {
    let uploads = 0;
    const { pusher, repository } = await open({
      [`HEAD /v2/team/app/blobs/${blob.digest}`]: (_, response) => {
        response.writeHead(uploads === 0 ? 404 : 200).end();
      },
      [`POST ${UPLOAD}`]: status(202, { location: `${UPLOAD}1` }),
      [`PUT ${UPLOAD}1`]: (_, response) => {
        uploads += 1;
        response.writeHead(201).end();
      },
    });
    const sent = await Promise.all([1, 2, 3].map(() => pusher.pushBlob(repository, blob, signal)));
    expect([...sent, uploads]).toEqual([true, false, false, 1]);
  });

  test('is sent by the next when its upload failed', async () => {
    let uploads = 0;
    const { pusher, repository } = await open({
      [`POST ${UPLOAD}`]: (_, response) => {
        uploads += 1;
        response.writeHead(uploads === 1 ? 403 : 202, { location: `${UPLOAD}1` }).end();
      },
      [`PUT ${UPLOAD}1`]: status(201),
    });
    const first = codeOf(pusher.pushBlob(repository, blob, signal));
    const second = pusher.pushBlob(repository, blob, signal);
    expect([await first, await second]).toEqual(['AccessDenied', true]);
  });

  test('an upload elsewhere: RedirectRefused, and nothing is sent there', async () => {
    const stranger = await setup.serve((_, response) => response.writeHead(201).end());
    const { pusher, repository } = await open({
      [`POST ${UPLOAD}`]: status(202, { location: `${stranger.origin}/up` }),
    });
    expect(await codeOf(pusher.pushBlob(repository, blob, signal))).toBe('RedirectRefused');
    expect(stranger.requests).toEqual([]);
  });

  test.each([
    { name: 'no place', post: status(202), put: status(201), expected: 'BodyInvalid' },
    { name: 'no permission', post: status(403), put: status(201), expected: 'AccessDenied' },
    { name: '200 for an upload', post: status(200), put: status(201), expected: 'StatusUnexpected' },
    {
      name: 'a redirect of what is sent',
      post: status(307, { location: UPLOAD }),
      put: status(201),
      expected: 'RedirectRefused',
    },
    {
      name: 'another digest',
      post: status(202, { location: `${UPLOAD}1` }),
      put: status(400),
      expected: 'StatusUnexpected',
    },
  ])('$name: $expected', async ({ post, put, expected }) => {
    const { pusher, repository } = await open({ [`POST ${UPLOAD}`]: post, [`PUT ${UPLOAD}1`]: put });
    expect(await codeOf(pusher.pushBlob(repository, blob, signal))).toBe(expected);
  });
});

describe('a manifest', () => {
  const at = `PUT /v2/team/app/manifests/${manifest.digest}`;
  test.each([
    { name: 'taken', answer: status(201), expected: { isListed: false } },
    {
      name: 'taken, and its subject too',
      answer: status(201, { 'oci-subject': manifest.digest }),
      expected: { isListed: true },
    },
  ])('$name', async ({ answer, expected }) => {
    const { pusher, repository, server } = await open({ [at]: answer });
    expect(await pusher.pushManifest(repository, manifest, { signal })).toEqual(expected);
    expect(server.requests[0]?.headers['content-type']).toBe(OCI_MANIFEST);
  });

  test.each([
    { name: 'not found yet', code: 'MANIFEST_BLOB_UNKNOWN', times: 1, expected: 'listed: false', attempts: 2 },
    { name: 'never found', code: 'MANIFEST_BLOB_UNKNOWN', times: 9, expected: 'Unavailable', attempts: 3 },
    { name: 'invalid', code: 'MANIFEST_INVALID', times: 1, expected: 'StatusUnexpected', attempts: 1 },
  ])('a blob of it is $name: $expected after $attempts attempts', async ({ code, times, expected, attempts }) => {
    let left = times;
    const { pusher, repository, server } = await open({
      [at]: (_, response) => {
        left -= 1;
        if (left < 0) response.writeHead(201).end();
        else response.writeHead(400).end(JSON.stringify({ errors: [{ code, message: 'blob unknown to registry' }] }));
      },
    });
    const pushed = pusher.pushManifest(repository, manifest, { signal });
    const seen = expected.startsWith('listed') ? `listed: ${(await pushed).isListed}` : await codeOf(pushed);
    expect([seen, server.requests.length]).toEqual([expected, attempts]);
  });

  test('goes by its tag where it has one', async () => {
    const { pusher, repository } = await open({ 'PUT /v2/team/app/manifests/v1': status(201) });
    expect(await pusher.pushManifest(repository, manifest, { tag: 'v1', signal })).toEqual({ isListed: false });
  });

  test.each([
    {
      name: 'kept as another',
      answer: status(201, { 'docker-content-digest': toDigest('x') }),
      expected: 'ContentMismatch',
    },
    { name: 'whose blobs are missing', answer: status(400), expected: 'StatusUnexpected' },
    { name: 'at a registry that is read-only', answer: status(405), expected: 'StatusUnexpected' },
    { name: 'on a condition that does not hold', answer: status(412), expected: 'ConditionFailed' },
  ])('$name: $expected', async ({ answer, expected }) => {
    const { pusher, repository } = await open({ [at]: answer });
    expect(await codeOf(pusher.pushManifest(repository, manifest, { signal }))).toBe(expected);
  });

  test.each<{ name: string; condition?: TagCondition; expected: readonly unknown[] }>([
    { name: 'none', expected: [undefined, undefined] },
    { name: 'the tag names nothing', condition: { kind: 'absent' }, expected: ['*', undefined] },
    { name: 'it is unchanged', condition: { kind: 'unchanged', etag: '"x"' }, expected: [undefined, '"x"'] },
  ])('a condition: $name', async ({ condition, expected }) => {
    const { pusher, repository, server } = await open({ 'PUT /v2/team/app/manifests/v1': status(201) });
    await pusher.pushManifest(repository, manifest, { tag: 'v1', condition, signal });
    const { headers = {} } = server.requests[0] ?? {};
    expect([headers['if-none-match'], headers['if-match']]).toEqual(expected);
  });

  test('a registry that was not ready is asked again', async () => {
    let count = 0;
    const { pusher, repository } = await open({
      [at]: (request, response) => {
        count += 1;
        status(count === 1 ? 503 : 201)(request, response);
      },
    });
    expect(await pusher.pushManifest(repository, manifest, { signal })).toEqual({ isListed: false });
    expect(count).toBe(2);
  });
});

test('a token is asked for pull and push', async () => {
  const tokens = await setup.serve((_, response) => response.end('{"token":"a-token","expires_in":300}'));
  const http = createHttpClient({ allowPrivateAddresses: true });
  setup.onEnd(() => http.close());
  const registry = await setup.serve((request, response) => {
    request.resume();
    if (request.headers.authorization === 'Bearer a-token') response.writeHead(201).end();
    else response.writeHead(401, { 'www-authenticate': `Bearer realm="${tokens.origin}/token",service="s"` }).end();
  });
  const pullSecret = parsePullSecret(
    JSON.stringify({ auths: { [registry.host]: { username: USER, password: PASSWORD } } }),
  );
  const hosts = [registry.host, tokens.host];
  const pusher = createRegistryPusher({ http, pullSecret, allowedHosts: hosts, plainHttpHosts: hosts });
  const repository = parseRepository(`${registry.host}/team/app`);
  await pusher.pushManifest(repository, manifest, { signal });
  await pusher.pushManifest(repository, manifest, { tag: 'v1', signal });
  expect(tokens.requests.map(({ path }) => path)).toEqual([
    '/token?service=s&scope=repository%3Ateam%2Fapp%3Apull%2Cpush',
  ]);
  expect(tokens.requests[0]?.headers.authorization).toBe(BASIC);
  // No credential of the user's goes with what is sent.
  expect(registry.requests.map(({ headers }) => headers.authorization)).toEqual([
    undefined,
    'Bearer a-token',
    'Bearer a-token',
  ]);
});

test('a host that is not allowed: NotAllowed, before any contact', async () => {
  const stranger = await setup.serve((_, response) => response.writeHead(201).end());
  const { pusher } = await open({});
  const repository = parseRepository(`${stranger.host}/team/app`);
  expect(await codeOf(pusher.pushManifest(repository, manifest, { signal }))).toBe('NotAllowed');
  expect(await codeOf(pusher.pushBlob(repository, blob, signal))).toBe('NotAllowed');
  expect(stranger.requests).toEqual([]);
});

describe('a signature by the extension', () => {
  const image = toDigest('the image');
  const message = Buffer.from([0xa3, 1, 2, 3]);
  const at = `PUT /extensions/v2/team/app/signatures/${image}`;

  test('is put as containers/image writes it, under a name that its content gives', async () => {
    let body = '';
    const keep: Answer = (request, response) => {
      request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      request.on('end', () => response.writeHead(201).end());
    };
    const { pusher, repository } = await open({ [at]: keep });
    expect(await pusher.putSignature(repository, image, message, signal)).toBe(true);
    const { name, ...entry } = JSON.parse(body) as { readonly name: string };
    expect(name).toMatch(new RegExp(`^${image}@[0-9a-f]{32}$`));
    expect(entry).toEqual({ schemaVersion: 2, type: 'atomic', content: message.toString('base64') });
    const [first] = [body];
    await pusher.putSignature(repository, image, message, signal);
    expect(body).toBe(`${first}${first}`);
  });

  test('that is there by its name is not sent again', async () => {
    const { pusher, repository } = await open({ [at]: status(409) });
    expect(await pusher.putSignature(repository, image, message, signal)).toBe(false);
  });

  test.each([
    { name: 'no extension', answer: status(404), expected: 'NotFound' },
    { name: 'no permission', answer: status(403), expected: 'AccessDenied' },
    { name: '200, which says nothing', answer: status(200), expected: 'StatusUnexpected' },
    { name: 'a redirect', answer: status(307, { location: '/elsewhere' }), expected: 'RedirectRefused' },
  ])('$name: $expected', async ({ answer, expected }) => {
    const { pusher, repository } = await open({ [at]: answer });
    expect(await codeOf(pusher.putSignature(repository, image, message, signal))).toBe(expected);
  });

  test('goes with the credential of the registry, once it asks for one', async () => {
    const asking: Answer = (request, response) => {
      if (request.headers.authorization === BASIC) response.writeHead(201).end();
      else response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    };
    const known = await open({ [at]: asking }, true);
    expect(await known.pusher.putSignature(known.repository, image, message, signal)).toBe(true);
    const unknown = await open({ [at]: asking });
    expect(await codeOf(unknown.pusher.putSignature(unknown.repository, image, message, signal))).toBe('AccessDenied');
  });
});
