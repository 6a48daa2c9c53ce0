import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import type { Dependencies } from '../../functions/receive-push/handler.ts';
import { ConfigurationError } from '../../lib/base/errors/configuration-error.ts';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import { MAX_BODY_BYTES } from '../../lib/platform/lambda/read-request.ts';
import { parseWebhookCredentials } from '../../lib/platform/secrets/webhook-credentials.ts';
import { MAX_PUSHES } from '../../lib/push/receive/parse/push.ts';
import { type PushMessage, PushMessageSchema } from '../../lib/push/receive/push-message.ts';
import { MAX_REPEATED_BYTES } from '../../lib/push/receive/receive-webhook.ts';
import {
  AWS_SAMPLE,
  AZURE_CLOUD_EVENT,
  type Body,
  DIGEST,
  DISTRIBUTION,
  DISTRIBUTION_EVENT,
  DOCKERHUB,
  ECR,
  EVENT_GRID_EVENT,
  EVENT_GRID_VALIDATION,
  GITHUB,
  GOOGLE_CHANGE,
  HARBOR,
  HARBOR_CLOUD_EVENT,
  JFROG,
  QUAY,
  replaceMember,
  toPubSub,
  ZOT_CLOUD_EVENT,
  ZOT_DATA,
  ZOT_HEADERS,
} from '../push/receive/parse/samples.ts';
import { readFixtureTrust } from '../support/fixture-releases.ts';
import { createMemoryQueue } from '../support/memory-queue.ts';
import {
  CREDENTIALS,
  createPushReceiver,
  DISTRIBUTION_TOKEN,
  DOCKERHUB_TOKEN,
  EVENTS_AUTHORIZATION,
  GITHUB_SECRET,
  GRID_TOKEN,
  HARBOR_AUTHORIZATION,
  HARBOR_TOKEN,
  JFROG_SECRET,
  OLD_GITHUB_SECRET,
  OTHER_QUAY_TOKEN,
  OUT_OF_BOUNDS,
  publishPushTrust,
  QUAY_TOKEN,
  type Sent,
  toSha256,
  toSignature,
  toWebhooks,
} from '../support/push-receiver.ts';

const unreachable = new StoreError('ConnectionFailed', 'refused');

/** What no line of the log may hold. */
const SECRETS = [
  QUAY_TOKEN,
  OTHER_QUAY_TOKEN,
  HARBOR_TOKEN,
  HARBOR_AUTHORIZATION,
  GITHUB_SECRET,
  OLD_GITHUB_SECRET,
  DISTRIBUTION_TOKEN,
  DOCKERHUB_TOKEN,
  EVENTS_AUTHORIZATION,
  GRID_TOKEN,
  JFROG_SECRET,
];

/** Reading it fails otherwise than a malformed event does. */
const FAULTY: Body = {
  get source(): string {
    throw new TypeError('a bug');
  },
};

function quay(body: Body | string = QUAY, token: string | undefined = QUAY_TOKEN): Sent {
  return { source: 'quay', token, body: toText(body) };
}

function harbor(body: Body | string = HARBOR, authorization = HARBOR_AUTHORIZATION): Sent {
  return { source: 'harbor', headers: { authorization }, body: toText(body) };
}

function distribution(body: Body | string = DISTRIBUTION, token = DISTRIBUTION_TOKEN): Sent {
  const headers = { 'content-type': 'application/vnd.docker.distribution.events.v2+json' };
  return { source: 'distribution', token, headers, body: toText(body) };
}

function github(body: Body | string = GITHUB, signature: string = toSignature(toText(body))): Sent {
  return { source: 'github', headers: { 'x-hub-signature-256': signature }, body: toText(body) };
}

function dockerhub(body: Body | string = DOCKERHUB, token = DOCKERHUB_TOKEN): Sent {
  return { source: 'dockerhub', token, body: toText(body) };
}

function eventgrid(events: readonly Body[] = [EVENT_GRID_EVENT], token = GRID_TOKEN): Sent {
  return { source: 'eventgrid', token, body: JSON.stringify(events) };
}

function cloudevents(body: Body | string = ZOT_DATA, headers: Readonly<Record<string, string>> = ZOT_HEADERS): Sent {
  return { source: 'cloudevents', headers: { ...headers, authorization: EVENTS_AUTHORIZATION }, body: toText(body) };
}

function jfrog(body: Body | string = JFROG, secret = JFROG_SECRET): Sent {
  const signature = toSignature(toText(body), secret).slice('sha256='.length);
  return { source: 'jfrog', headers: { 'x-jfrog-event-auth': signature }, body: toText(body) };
}

function withHeaders(sent: Sent, headers: Readonly<Record<string, string>>): Sent {
  return { ...sent, headers: { ...sent.headers, ...headers } };
}

function toText(body: Body | string): string {
  return typeof body === 'string' ? body : JSON.stringify(body);
}

const STRUCTURED = { 'content-type': 'application/cloudevents+json' };
const BATCH = { 'content-type': 'application/cloudevents-batch+json' };

const VALID: readonly [name: string, sent: Sent, queued: number][] = [
  ['Quay, mapped by two profiles', quay(), 2],
  ['Harbor, by its Authorization header', harbor(), 1],
  ['Harbor, by a token', { source: 'harbor', token: HARBOR_TOKEN, body: toText(HARBOR) }, 1],
  [
    'Harbor, a CloudEvent',
    withHeaders(harbor(HARBOR_CLOUD_EVENT), { 'content-type': 'application/cloudevents+json; charset=utf-8' }),
    1,
  ],
  ['distribution', distribution(), 1],
  ['distribution, base64', { ...distribution(), isBase64: true }, 1],
  [
    'distribution, version 1',
    withHeaders(distribution(), { 'content-type': 'application/vnd.docker.distribution.events.v1+json' }),
    1,
  ],
  ['GitHub', github(), 1],
  ['GitHub, base64: the HMAC is over the raw bytes', { ...github(), isBase64: true }, 1],
  ['GitHub, by the former secret', github(GITHUB, toSignature(toText(GITHUB), OLD_GITHUB_SECRET)), 1],
  ['GitHub, indented', github(JSON.stringify(GITHUB, null, 2)), 1],
  ['Docker Hub', dockerhub(), 1],
  ['Event Grid', eventgrid(), 1],
  [
    'Event Grid, CloudEvents',
    withHeaders(
      { ...eventgrid(), body: JSON.stringify(AZURE_CLOUD_EVENT) },
      { 'content-type': 'application/cloudevents+json; charset=utf-8' },
    ),
    1,
  ],
  ['a CloudEvent, binary', cloudevents(), 1],
  ['a CloudEvent, structured', cloudevents(ZOT_CLOUD_EVENT, STRUCTURED), 1],
  ['CloudEvents, a batch', cloudevents(JSON.stringify([ZOT_CLOUD_EVENT]), BATCH), 1],
  ['JFrog', jfrog(), 1],
];

describe('what a registry sends is queued', () => {
  test.each(VALID)('%s', async (_, sent, queued) => {
    const { send, pushQueue, telemetry } = await createPushReceiver();
    const { statusCode, body } = await send(sent);
    expect([statusCode, body]).toEqual([202, JSON.stringify({ queued, unmapped: 0 })]);
    const messages = pushQueue.sent.map((text): PushMessage => v.parse(PushMessageSchema, JSON.parse(text)));
    expect(messages.map(({ profile, push }) => [profile, push.source])).toEqual(
      ['ocp', 'own'].slice(0, queued).map((profile) => [profile, sent.source]),
    );
    expect(telemetry.counts.get('PushQueued')).toBe(queued);
    const logged = telemetry.lines.find(({ message }) => message === 'request')?.fields['path'];
    expect(logged).toBe(`/webhooks/${sent.source}${sent.token === undefined ? '' : '/<redacted>'}`);
  });

  test('delivered again, as the same message: what follows tells that it is', async () => {
    const { send, pushQueue } = await createPushReceiver();
    for (const [, sent] of VALID) {
      const before = pushQueue.sent.length;
      await send(sent);
      const once = pushQueue.sent.slice(before);
      expect((await send(sent)).statusCode).toBe(202);
      expect(pushQueue.sent.slice(before)).toEqual([...once, ...once]);
    }
  });

  test.each<[name: string, sent: Sent, answer: object]>([
    [
      'a repository that no profile maps',
      quay({ ...QUAY, docker_url: 'quay.io/ns/other' }),
      { queued: 0, unmapped: 1, unmappedRepositories: ['quay.io/ns/other'] },
    ],
    [
      'a deletion',
      harbor({ ...HARBOR, type: 'DELETE_ARTIFACT' }),
      { queued: 0, unmapped: 0, ignored: 'type is "DELETE_ARTIFACT"' },
    ],
    [
      'another package',
      github(replaceMember(GITHUB, 'package.package_type', 'npm')),
      { queued: 0, unmapped: 0, ignored: 'package.package_type is "npm"' },
    ],
    [
      'a deletion at Azure',
      eventgrid([{ ...EVENT_GRID_EVENT, eventType: 'Microsoft.ContainerRegistry.ImageDeleted' }]),
      { queued: 0, unmapped: 0, ignored: 'eventType is "Microsoft.ContainerRegistry.ImageDeleted"' },
    ],
    [
      'a deletion at Zot',
      cloudevents(ZOT_DATA, { ...ZOT_HEADERS, 'ce-type': 'zotregistry.image.deleted' }),
      { queued: 0, unmapped: 0, ignored: 'type is "zotregistry.image.deleted"' },
    ],
    [
      'a deletion at JFrog',
      jfrog(replaceMember(JFROG, 'event_type', 'deleted')),
      { queued: 0, unmapped: 0, ignored: 'event_type is "deleted"' },
    ],
    [
      'GitHub’s ping',
      github({ zen: 'Keep it logically awesome.', hook_id: 1 }),
      { queued: 0, unmapped: 0, ignored: 'neither package nor registry_package' },
    ],
  ])('unless there is nothing to verify: %s', async (_, sent, answer) => {
    const { send, telemetry } = await createPushReceiver({ pushQueue: OUT_OF_BOUNDS.pushQueue });
    const { statusCode, body } = await send(sent);
    expect([statusCode, JSON.parse(body ?? '')]).toEqual([202, answer]);
    if (!('ignored' in answer)) {
      const [line] = telemetry.lines.filter(({ message }) => message === 'push received');
      expect(line).toMatchObject({
        level: 'warn',
        fields: {
          unmappedRepositories: [
            {
              source: 'quay',
              registry: 'quay.io',
              repository: 'ns/other',
              reason: 'no pushSources of a profile name it',
            },
          ],
        },
      });
    }
    expect([telemetry.counts.get('PushUnmapped'), telemetry.counts.get('PushIgnored')]).toEqual(
      'ignored' in answer ? [0, 1] : [1, 0],
    );
  });
});

describe('who has not proved that they may is answered 401, always the same, and nothing is read or queued', () => {
  const indented = JSON.stringify(GITHUB, null, 2);
  const changed = toText(GITHUB).replace('"published"', '"publishes"');
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  test.each<[name: string, sent: Sent]>([
    ['no token', { source: 'quay', body: toText(QUAY) }],
    ['an empty token', quay(QUAY, '')],
    ['another token', quay(QUAY, 'no-such-token')],
    ['the token of another source', quay(QUAY, DOCKERHUB_TOKEN)],
    ['the token of another registry of the source', quay(QUAY, OTHER_QUAY_TOKEN)],
    ['the token, and a push to another registry', quay({ ...QUAY, docker_url: 'quay.example.com/ns/name' })],
    ['the token, and another port of its registry', quay({ ...QUAY, docker_url: 'quay.io:8443/ns/name' })],
    ['the token, and a longer host', quay({ ...QUAY, docker_url: 'quay.io.evil.example/ns/name' })],
    ['the token as Authorization', withHeaders({ source: 'quay', body: toText(QUAY) }, bearer(QUAY_TOKEN))],
    ['the token alone as Authorization', withHeaders(quay(QUAY, ''), { authorization: QUAY_TOKEN })],
    ['the token in the query of the path', quay(QUAY, `no-such-token?${QUAY_TOKEN}`)],
    ['the token’s hash', quay(QUAY, toSha256(QUAY_TOKEN))],
    ['a space after the token', quay(QUAY, `${QUAY_TOKEN} `)],
    ['a line feed after the token', quay(QUAY, `${QUAY_TOKEN}\n`)],
    ['a zero byte after the token', quay(QUAY, `${QUAY_TOKEN}\0`)],
    ['a slash after the token', quay(QUAY, `${QUAY_TOKEN}/`)],
    ['the token twice', quay(QUAY, `${QUAY_TOKEN},${QUAY_TOKEN}`)],
    ['less than the token', quay(QUAY, QUAY_TOKEN.slice(0, -1))],
    ['the token in capitals', quay(QUAY, QUAY_TOKEN.toUpperCase())],
    ['another token, and not JSON', quay('{', 'no-such-token')],
    ['another token, and a field at fault', quay({ ...QUAY, updated_tags: 5 }, 'no-such-token')],
    ['another token, and another media type', withHeaders(quay(QUAY, 'no-such-token'), { 'content-type': 'text/x' })],
    ['another token, compressed', withHeaders(quay(QUAY, 'no-such-token'), { 'content-encoding': 'gzip' })],
    ['another token, too many pushes', quay(toManyTags(MAX_PUSHES + 1), 'no-such-token')],
    ['another token, nothing of interest', quay({}, 'no-such-token')],
    ['Harbor: no Authorization', { source: 'harbor', body: toText(HARBOR) }],
    ['Harbor: an empty Authorization', harbor(HARBOR, '')],
    ['Harbor: the Authorization as token', { source: 'harbor', token: HARBOR_AUTHORIZATION, body: toText(HARBOR) }],
    ['Harbor: the token as Authorization', harbor(HARBOR, HARBOR_TOKEN)],
    ['Harbor: without its scheme', harbor(HARBOR, HARBOR_AUTHORIZATION.replace('Bearer ', ''))],
    ['Harbor: its scheme in small letters', harbor(HARBOR, HARBOR_AUTHORIZATION.replace('Bearer', 'bearer'))],
    ['Harbor: sent twice, as API Gateway joins it', harbor(HARBOR, `${HARBOR_AUTHORIZATION},${HARBOR_AUTHORIZATION}`)],
    ['Harbor: a space after it', harbor(HARBOR, `${HARBOR_AUTHORIZATION} `)],
    ['Harbor: its hash', harbor(HARBOR, toSha256(HARBOR_AUTHORIZATION))],
    [
      'Harbor: an artifact of another registry',
      harbor(replaceMember(HARBOR, 'event_data.resources.0.resource_url', 'quay.io/test-webhook/debian')),
    ],
    ['GitHub: another secret', github(GITHUB, toSignature(toText(GITHUB), 'another-secret'))],
    ['GitHub: an empty secret', github(GITHUB, toSignature(toText(GITHUB), ''))],
    ['GitHub: the HMAC of another body', github(GITHUB, toSignature('{}'))],
    ['GitHub: the HMAC of no body', github(GITHUB, toSignature(''))],
    ['GitHub: the HMAC over the same JSON, written otherwise', github(indented, toSignature(toText(GITHUB)))],
    ['GitHub: the HMAC over the base64', { ...github(GITHUB, toSignature(btoa(toText(GITHUB)))), isBase64: true }],
    ['GitHub: one byte changed', github(changed, toSignature(toText(GITHUB)))],
    ['GitHub: one byte more', github(`${toText(GITHUB)}\n`, toSignature(toText(GITHUB)))],
    ['GitHub: no signature', { source: 'github', body: toText(GITHUB) }],
    ['GitHub: a signature by SHA-1', github(GITHUB, toSignature(toText(GITHUB), GITHUB_SECRET, 'sha1'))],
    [
      'GitHub: the header of SHA-1',
      withHeaders(
        { source: 'github', body: toText(GITHUB) },
        { 'x-hub-signature': toSignature(toText(GITHUB), GITHUB_SECRET, 'sha1') },
      ),
    ],
    ['GitHub: SHA-1 said to be SHA-256', github(GITHUB, toSha1As256(toText(GITHUB)))],
    ['GitHub: a signature in capitals', github(GITHUB, toSignature(toText(GITHUB)).toUpperCase())],
    ['GitHub: digits in capitals', github(GITHUB, toCapitalDigits(toSignature(toText(GITHUB))))],
    ['GitHub: a signature sent twice', github(GITHUB, `${toSignature(toText(GITHUB))},${toSignature(toText(GITHUB))}`)],
    ['GitHub: the secret as token', { source: 'github', token: GITHUB_SECRET, body: toText(GITHUB) }],
    ['GitHub: the secret as Authorization', withHeaders(github(GITHUB, ''), bearer(GITHUB_SECRET))],
    ['GitHub: not JSON, another secret', github('{', toSignature('{', 'another-secret'))],
    [
      'GitHub: a package of another registry',
      github(replaceMember(GITHUB, 'package.package_version.package_url', 'containers.example.com/a/b')),
    ],
    ['Event Grid: no token', { ...eventgrid(), token: undefined }],
    ['Event Grid: the token of another source', eventgrid([EVENT_GRID_EVENT], QUAY_TOKEN)],
    [
      'Event Grid: a push to another registry',
      eventgrid([replaceMember(EVENT_GRID_EVENT, 'data.request.host', 'other.azurecr.io')]),
    ],
    [
      'Event Grid: one of two to another registry',
      eventgrid([EVENT_GRID_EVENT, replaceMember(EVENT_GRID_EVENT, 'data.request.host', 'other.azurecr.io')]),
    ],
    ['Event Grid: a validation by another token', eventgrid([EVENT_GRID_VALIDATION], 'no-such-token')],
    ['CloudEvents: no Authorization', { ...cloudevents(), headers: ZOT_HEADERS }],
    ['CloudEvents: another', withHeaders(cloudevents(), { authorization: HARBOR_AUTHORIZATION })],
    [
      'CloudEvents: an event of another registry',
      cloudevents({ ...ZOT_CLOUD_EVENT, source: 'https://other.example.com' }, STRUCTURED),
    ],
    ['CloudEvents: a push to Azure', cloudevents(AZURE_CLOUD_EVENT, STRUCTURED)],
    ['JFrog: another secret', jfrog(JFROG, 'another-secret')],
    ['JFrog: the secret itself, where it signs', withHeaders(jfrog(), { 'x-jfrog-event-auth': JFROG_SECRET })],
    ['JFrog: the signature of another body', { ...jfrog(), body: toText({ ...JFROG, subscription_key: 'x' }) }],
    ['JFrog: no signature', { ...jfrog(), headers: {} }],
    ['JFrog: an event of another platform', jfrog(replaceMember(JFROG, 'jpd_origin', 'https://other.jfrog.io'))],
    ['Docker Hub: the token of Quay', dockerhub(DOCKERHUB, QUAY_TOKEN)],
    ['distribution: the signature of GitHub', { ...github(), source: 'distribution' }],
  ])('%s', async (_, sent) => {
    const { send, telemetry } = await createPushReceiver(OUT_OF_BOUNDS);
    const answer = await send(sent);
    expect(answer).toEqual({
      statusCode: 401,
      headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
      body: '{"type":"urn:signet:problem:NotAuthenticated","title":"Not authenticated","status":401,"detail":"the credentials are not accepted","code":"NotAuthenticated"}',
    });
    expect(telemetry.counts.get('WebhookRefused')).toBe(1);
    const refusals = telemetry.lines.filter(({ message }) => message === 'webhook refused');
    expect(refusals).toMatchObject([
      { level: 'warn', fields: { source: sent.source, reason: expect.any(String) as unknown } },
    ]);
    const logged = JSON.stringify(refusals);
    for (const secret of SECRETS) expect(logged).not.toContain(secret);
  });

  test.each<[name: string, sent: Sent, reason: string]>([
    ['no token', { source: 'quay', body: toText(QUAY) }, 'it has not a token at the end of the path of quay'],
    ['another', quay(QUAY, 'x'), 'a token at the end of the path is given and matches no tokenSha256 of quay'],
    [
      'another registry',
      quay({ ...QUAY, docker_url: 'quay.example.com/ns/name' }),
      'its credential is for quay.io, and the push is to quay.example.com/ns/name',
    ],
    [
      'either kind, and none of both',
      { source: 'harbor', body: toText(HARBOR), headers: { authorization: 'x' } },
      'an Authorization header is given and matches no authorizationSha256; it has not a token at the end of the path of harbor',
    ],
    [
      'a signature by another secret',
      github(GITHUB, toSignature(toText(GITHUB), 'another-secret')),
      'an X-Hub-Signature-256 header is given and matches no secret of github',
    ],
  ])('and the log says why: %s', async (_, sent, reason) => {
    const { send, telemetry } = await createPushReceiver(OUT_OF_BOUNDS);
    await send(sent);
    const [refusal] = telemetry.lines.filter(({ message }) => message === 'webhook refused');
    expect(refusal?.fields['reason']).toBe(reason);
  });
});

describe('Azure asks first', () => {
  const origin = { 'webhook-request-origin': 'eventgrid.azure.net', 'webhook-request-rate': '120' };
  const asking = (sent: Sent): Sent => ({ ...withHeaders(sent, origin), method: 'OPTIONS', body: '' });

  test('whether it may send CloudEvents, and is allowed by its token', async () => {
    const { send, telemetry } = await createPushReceiver(OUT_OF_BOUNDS);
    const { statusCode, headers } = await send(asking(eventgrid()));
    expect([statusCode, headers]).toEqual([
      204,
      {
        allow: 'POST, OPTIONS',
        'cache-control': 'no-store',
        'webhook-allowed-origin': 'eventgrid.azure.net',
        'webhook-allowed-rate': '*',
      },
    ]);
    expect(telemetry.lines.find(({ message }) => message === 'request')?.fields['path']).toBe(
      '/webhooks/eventgrid/<redacted>',
    );
  });

  test.each<[name: string, sent: Sent, status: number]>([
    ['another token', asking(eventgrid([], 'no-such-token')), 401],
    ['no token', asking({ ...eventgrid(), token: undefined }), 401],
    ['no name', { ...eventgrid(), method: 'OPTIONS', body: '' }, 401],
    ['a source that is never asked of', asking(quay()), 401],
    ['a source that is not configured', asking({ ...quay(), source: 'ecr' }), 404],
  ])('and is not allowed: %s', async (_, sent, status) => {
    const { send } = await createPushReceiver(OUT_OF_BOUNDS);
    const { statusCode, headers } = await send(sent);
    expect([statusCode, headers?.['webhook-allowed-origin']]).toEqual([status, undefined]);
  });

  test('whether the subscriber is who it says, by a code that is answered', async () => {
    const { send } = await createPushReceiver(OUT_OF_BOUNDS);
    const { statusCode, body } = await send(eventgrid([EVENT_GRID_VALIDATION]));
    expect([statusCode, body]).toEqual([200, '{"validationResponse":"512d38b6-c7b8-40c8-89fe-f46f9e9622b6"}']);
  });
});

describe('Google proves itself by a token', () => {
  const credentials = [
    { source: 'google', registry: 'us-east1-docker.pkg.dev', audience: 'signet', serviceAccount: 'push@example.com' },
  ];
  const verifyIdentity: Dependencies['verifyIdentity'] = async (authorization, [audience = '']) => {
    if (authorization === 'Bearer out-of-reach') throw unreachable;
    if (authorization !== 'Bearer token-of-google') return { kind: 'unknown', fault: 'its token is refused: expired' };
    return { kind: 'verified', audience, email: 'push@example.com' };
  };
  const google = (body: Body | string = toPubSub(GOOGLE_CHANGE), token = 'token-of-google'): Sent => ({
    source: 'google',
    headers: { authorization: `Bearer ${token}` },
    body: toText(body),
  });
  const foreign = toPubSub({ action: 'INSERT', tag: 'eu-docker.pkg.dev/my-project/my-repo/hello-world:1' });

  test('a push is queued, and delivered again it is the same', async () => {
    const { send, pushQueue } = await createPushReceiver({ webhooks: toWebhooks(credentials), verifyIdentity });
    for (const sent of [google(), google()]) {
      const { statusCode, body } = await send(sent);
      expect([statusCode, body]).toEqual([202, '{"queued":1,"unmapped":0}']);
    }
    const [one, again] = pushQueue.sent;
    expect(again).toBe(one);
    expect(v.parse(PushMessageSchema, JSON.parse(one ?? ''))).toMatchObject({
      push: { source: 'google', repository: 'my-project/my-repo/hello-world', digest: DIGEST, eventId: '136969346945' },
    });
  });

  test.each<[name: string, sent: Sent, status: number, reason: string | undefined]>([
    ['another token', google(toPubSub(GOOGLE_CHANGE), 'other'), 401, 'its token is refused: expired of google'],
    ['no token', { ...google(), headers: {} }, 401, 'its token is refused: expired of google'],
    ['the token at the end of the path', { ...google(), headers: {}, token: 'token-of-google' }, 401, undefined],
    ['another token, and no JSON', google('{', 'other'), 401, undefined],
    [
      'a push to another region',
      google(foreign),
      401,
      'its credential is for us-east1-docker.pkg.dev, and the push is to eu-docker.pkg.dev/my-project/my-repo/hello-world',
    ],
    ['keys that are out of reach', google(toPubSub(GOOGLE_CHANGE), 'out-of-reach'), 503, undefined],
    ['no JSON', google('{'), 400, undefined],
    ['a digest that is none', google(toPubSub({ ...GOOGLE_CHANGE, digest: 'x@sha256:1' })), 400, undefined],
  ])('%s', async (_, sent, status, reason) => {
    const { send, telemetry } = await createPushReceiver({
      ...OUT_OF_BOUNDS,
      webhooks: toWebhooks(credentials),
      verifyIdentity,
    });
    expect((await send(sent)).statusCode).toBe(status);
    const [refusal] = telemetry.lines.filter(({ message }) => message === 'webhook refused');
    if (reason !== undefined) expect(refusal?.fields['reason']).toBe(reason);
  });
});

describe('a webhook that nothing is configured for is not there, and no other answer tells why', () => {
  const others = CREDENTIALS.filter(({ source }) => source !== 'quay');
  test.each<[name: string, sent: Sent, webhooks: Dependencies['webhooks']]>([
    ['no credentials configured', quay(), undefined],
    ['none in the document', quay(), toWebhooks([])],
    ['none in the document, GitHub', github(), toWebhooks([])],
    ['none in the document, Harbor', harbor(), toWebhooks([])],
    ['none for this source', quay(), toWebhooks(others)],
    ['none for this source, and not JSON', quay('{'), toWebhooks(others)],
    ['an unknown source', { ...quay(), source: 'gitlab' }, toWebhooks(CREDENTIALS)],
    ['ECR, which speaks through EventBridge', { ...quay(ECR), source: 'ecr' }, toWebhooks(CREDENTIALS)],
    ['another letter case', { ...quay(), source: 'Quay' }, toWebhooks(CREDENTIALS)],
    ['a member that every object has', { ...quay(), source: '__proto__' }, toWebhooks(CREDENTIALS)],
    ['another such', { ...quay(), source: 'constructor' }, toWebhooks(CREDENTIALS)],
    ['no source', { ...quay(), source: '' }, toWebhooks(CREDENTIALS)],
  ])('%s', async (_, sent, webhooks) => {
    const { send, telemetry } = await createPushReceiver({ ...OUT_OF_BOUNDS, webhooks });
    const { statusCode, body } = await send(sent);
    const [refusal] = telemetry.lines.filter(({ message }) => message === 'webhook refused');
    expect(refusal?.fields['source']).toBe(sent.source);
    expect(refusal?.fields['reason']).toContain('no credential');
    expect([statusCode, body]).toEqual([
      404,
      '{"type":"urn:signet:problem:NotFound","title":"Not found","status":404,"detail":"there is no such webhook","code":"NotFound"}',
    ]);
  });
});

describe('what cannot be taken, of who may send', () => {
  const padded = (body: Body, bytes: number): string => {
    const bare = toText({ ...body, pad: '' });
    return toText({ ...body, pad: 'x'.repeat(bytes - bare.length) });
  };
  test.each<[name: string, sent: Sent, status: number, detail: string]>([
    ['a byte too many', quay(padded(QUAY, MAX_BODY_BYTES + 1)), 413, 'the body may have 65536 bytes'],
    ['a byte too many, signed', github(padded(GITHUB, MAX_BODY_BYTES + 1)), 413, 'the body may have 65536 bytes'],
    [
      'a byte too many, base64',
      { ...distribution(padded(DISTRIBUTION, MAX_REPEATED_BYTES + 1)), isBase64: true },
      413,
      `the body may have ${MAX_REPEATED_BYTES} bytes`,
    ],
    ['a push too many', quay(toManyTags(MAX_PUSHES + 1)), 413, 'the event holds 101 pushes; at most 100 are taken'],
    ...(
      [
        ['quay', quay(), 'application/json'],
        ['harbor', harbor(), 'application/json or application/cloudevents+json'],
        [
          'distribution',
          distribution(),
          'application/vnd.docker.distribution.events.v2+json or application/vnd.docker.distribution.events.v1+json or application/json',
        ],
        ['github', github(), 'application/json'],
        ['dockerhub', dockerhub(), 'application/json'],
        ['jfrog', jfrog(), 'application/json'],
        [
          'eventgrid',
          eventgrid(),
          'application/cloudevents+json or application/cloudevents-batch+json or application/json',
        ],
        [
          'cloudevents',
          cloudevents(),
          'application/cloudevents+json or application/cloudevents-batch+json or application/json',
        ],
      ] as const
    ).flatMap(([source, sent, types]) => [
      ...['text/plain', '', 'application/x-www-form-urlencoded', 'application/jsonx', 'application/vnd.x+json'].map(
        (type): [string, Sent, number, string] => [
          `${source}: content-type ${type}`,
          withHeaders(sent, { 'content-type': type }),
          415,
          `send the body as content-type: ${types}`,
        ],
      ),
      [
        `${source}: compressed`,
        withHeaders(sent, { 'content-encoding': 'gzip' }),
        415,
        'send the body without content-encoding',
      ] satisfies [string, Sent, number, string],
    ]),
    [
      'another charset',
      withHeaders(quay(), { 'content-type': 'application/json; charset=latin1' }),
      415,
      'JSON is UTF-8; no other charset is read',
    ],
    [
      'a CloudEvent to Quay',
      withHeaders(quay(), { 'content-type': 'application/cloudevents+json' }),
      415,
      'send the body as content-type: application/json',
    ],
    ['not JSON', quay('{'), 400, 'not strict JSON: '],
    ['no body', quay(''), 400, 'not strict JSON: '],
    ['a member twice', quay('{"docker_url":"quay.io/a/b","docker_url":"quay.io/ns/name"}'), 400, 'not strict JSON: '],
    ['an array', quay('[]'), 400, 'the body: expected object'],
    ['Quay', quay({ ...QUAY, updated_tags: ['a b'] }), 400, 'updated_tags.0: '],
    ['Quay: no host', quay({ ...QUAY, docker_url: 'ns/name' }), 400, 'docker_url: '],
    ['Harbor', harbor(replaceMember(HARBOR, 'event_data.resources.0.digest', 'sha256:1')), 400, 'event_data.resources'],
    ['Harbor, a CloudEvent', harbor(replaceMember(HARBOR_CLOUD_EVENT, 'time', 'now')), 400, 'time: '],
    [
      'distribution',
      distribution(replaceMember(DISTRIBUTION, 'events.1.target.digest', 'sha256:1')),
      400,
      'events.1.target.digest: ',
    ],
    ['GitHub', github(replaceMember(GITHUB, 'package.name', 5)), 400, 'package.name: '],
    ['Docker Hub', dockerhub(replaceMember(DOCKERHUB, 'push_data.tag', '')), 400, 'push_data.tag: '],
  ])('%s: %i', async (_, sent, status, detail) => {
    const { send } = await createPushReceiver(OUT_OF_BOUNDS);
    const { statusCode, body = '' } = await send(sent);
    const problem = JSON.parse(body) as { readonly status: number; readonly detail: string };
    expect([statusCode, problem.status, problem.detail.slice(0, detail.length)]).toEqual([status, status, detail]);
  });

  test('a body and an event at their limits are taken', async () => {
    const { send, pushQueue } = await createPushReceiver();
    expect((await send(quay(padded(QUAY, MAX_BODY_BYTES)))).statusCode).toBe(202);
    expect(pushQueue.sent).toHaveLength(2);
    const { body } = await send(quay(toManyTags(MAX_PUSHES)));
    expect(body).toBe(JSON.stringify({ queued: 2 * MAX_PUSHES, unmapped: 0 }));
    expect(pushQueue.sent).toHaveLength(2 + 2 * MAX_PUSHES);
  });
});

describe('whoever pushes keeps a registry that repeats what is refused from nothing behind it', () => {
  const odd = (member: string, value: unknown) => replaceMember(DISTRIBUTION_EVENT, member, value);
  const long = 'x'.repeat(6 * 1024 * 1024);
  test.each<[string, object, string | undefined]>([
    ['another registry', odd('request.host', 'quay.io'), 'another registry than its credential is for'],
    ['another port', odd('request.host', 'registry.example.com:8443'), undefined],
    ['a host that is none', odd('request.host', 'a_b:x'), 'request.host is "a_b:x"'],
    ['no host, as of HTTP 1.0', odd('request.host', ''), 'request.host is ""'],
    ['no member of a host', { ...DISTRIBUTION_EVENT, request: { id: 'x' } }, 'request.host is ""'],
    [
      'a repository with a host',
      odd('target.repository', 'Example.com:80/a'),
      'target.repository is "Example.com:80/a"',
    ],
    ['a name too long for its host', odd('target.repository', `${'a/'.repeat(126)}a`), undefined],
  ])('%s', async (_, event, reason) => {
    const { send, pushQueue, telemetry } = await createPushReceiver();
    const alone = await send(distribution({ events: [event] }));
    expect([alone.statusCode, pushQueue.sent]).toEqual([202, []]);
    if (reason !== undefined) expect(alone.body).toBe(JSON.stringify({ queued: 0, unmapped: 0, ignored: reason }));
    const isForeign = reason === undefined ? /another/.test(alone.body ?? '') : reason.startsWith('another');
    expect(telemetry.counts.get('WebhookRefused') ?? 0).toBe(isForeign ? 1 : 0);
    for (const events of [
      [event, DISTRIBUTION_EVENT],
      [DISTRIBUTION_EVENT, event],
    ]) {
      const { statusCode, body } = await send(distribution({ events }));
      expect([statusCode, body]).toEqual([202, JSON.stringify({ queued: 1, unmapped: 0 })]);
    }
    expect(pushQueue.sent).toHaveLength(2);
  });

  test('a User-Agent as long as a server takes', async () => {
    const { send, pushQueue } = await createPushReceiver();
    const event = odd('request.useragent', long);
    expect((await send(distribution({ events: [event] }))).statusCode).toBe(202);
    expect(pushQueue.sent).toHaveLength(1);
    const strange = await send(distribution({ events: [event] }, 'no-such-token'));
    expect([strange.statusCode, pushQueue.sent.length]).toEqual([413, 1]);
  });
});

describe('what is out of reach is said to be, and never taken for done or absent', () => {
  const failing = (error: Error): NonNullable<Dependencies['webhooks']> => ({ read: () => Promise.reject(error) });
  const broken = new ConfigurationError('TrustMissing', 'no trust');
  const malformed: Dependencies['webhooks'] = { read: async () => parseWebhookCredentials(GITHUB_SECRET) };
  const rows: readonly [name: string, change: Partial<Dependencies>, sent: Sent, status: number][] = [
    ['the queue', { pushQueue: createMemoryQueue({ failure: unreachable }) }, quay(), 503],
    ['the secret', { ...OUT_OF_BOUNDS, webhooks: failing(unreachable) }, quay(), 503],
    [
      'the secret, of an unknown source',
      { ...OUT_OF_BOUNDS, webhooks: failing(unreachable) },
      { ...quay(), source: 'gitlab' },
      503,
    ],
    ['the secret that does not parse', { ...OUT_OF_BOUNDS, webhooks: malformed }, github(), 500],
    ['trust', { ...OUT_OF_BOUNDS, trust: { profiles: ['ocp'], read: () => Promise.reject(unreachable) } }, quay(), 503],
    [
      'trust of one profile',
      { ...OUT_OF_BOUNDS, trust: { profiles: ['ocp'], read: () => Promise.reject(broken) } },
      quay(),
      500,
    ],
  ];
  test.each(rows)('%s', async (_, change, sent, status) => {
    const { send, telemetry } = await createPushReceiver(change);
    const { statusCode, headers } = await send(sent);
    expect([statusCode, headers?.['retry-after']]).toEqual([status, status === 503 ? '30' : undefined]);
    expect(telemetry.lines).toContainEqual(expect.objectContaining({ level: 'error', message: 'request' }));
    expect([telemetry.counts.get('PushQueued'), telemetry.counts.get('Status5xx')]).toEqual([undefined, 1]);
  });
});

test.each([
  ['that cannot be read keeps nothing of others from the queue, and is not passed over', unreachable, 503],
  ['that was never published maps nothing', new ConfigurationError('TrustMissing', 'no trust'), 202],
] as const)('a profile %s', async (_, error, status) => {
  const { prepared } = await readFixtureTrust();
  const source = { source: 'quay', registry: 'quay.io', repository: 'ns/name' };
  const ready = { ...(await readFixtureTrust()), prepared: { ...prepared, pushSources: [source] } };
  const trust: Dependencies['trust'] = {
    profiles: ['ocp', 'okd'],
    read: async (profile) => (profile === 'okd' ? Promise.reject(error) : ready),
  };
  const pushQueue = createMemoryQueue();
  const { send } = await createPushReceiver({ trust, pushQueue });
  expect((await send(quay())).statusCode).toBe(status);
  expect(pushQueue.sent).toHaveLength(1);
});

describe('an event of EventBridge', () => {
  const events: readonly [name: string, event: Body, count: string][] = [
    ['of another source', { ...ECR, source: 'aws.ec2' }, 'PushIgnored'],
    ['of another kind', { ...ECR, 'detail-type': 'ECR Image Scan' }, 'PushIgnored'],
    ['of a deletion', replaceMember(ECR, 'detail.action-type', 'DELETE'), 'PushIgnored'],
    ['of a failed push', replaceMember(ECR, 'detail.result', 'FAILURE'), 'PushIgnored'],
    ['of an unmapped repository', replaceMember(ECR, 'detail.repository-name', 'other'), 'PushUnmapped'],
    ['of another account', { ...ECR, account: '210987654321' }, 'PushUnmapped'],
    ['of another region', { ...ECR, region: 'us-east-1' }, 'PushUnmapped'],
  ];

  test('of a push to ECR is queued', async () => {
    const { tell, pushQueue, telemetry, dead } = await createPushReceiver();
    expect(await tell(ECR)).toBeUndefined();
    expect(pushQueue.sent.map((text) => v.parse(PushMessageSchema, JSON.parse(text)))).toMatchObject([
      {
        profile: 'ocp',
        mirrorOf: 'quay.io/openshift-release-dev/ocp-release',
        push: { source: 'ecr', repository: 'my-repository-name', digest: DIGEST, tag: 'latest' },
      },
    ]);
    expect([dead, telemetry.counts.get('PushQueued'), telemetry.flushes()]).toEqual([[], 1, 1]);
  });

  test.each(events)('%s is counted, and nothing else', async (_, event, count) => {
    const { tell, telemetry } = await createPushReceiver({ ...OUT_OF_BOUNDS, trust: await publishPushTrust() });
    await tell(event);
    expect([telemetry.counts.get(count), telemetry.counts.get('PushQueued')]).toEqual([1, 0]);
  });

  test.each<[name: string, event: Body, field: string]>([
    ['the sample of AWS’s documentation, whose digest has 60 digits', AWS_SAMPLE, 'detail.image-digest: '],
    ['a repository that climbs', replaceMember(ECR, 'detail.repository-name', '../x'), 'detail.repository-name: '],
    ['a region that moves the host', { ...ECR, region: 'evil.example/x' }, 'region: '],
    ['no detail', replaceMember(ECR, 'detail', undefined), 'detail: '],
    ['nothing', {}, 'source: '],
  ])('that can never be read is a dead letter with its reason: %s', async (_, event, field) => {
    const dead: { body: string; reason: string }[] = [];
    const { tell, telemetry } = await createPushReceiver({
      ...OUT_OF_BOUNDS,
      sendDead: async ({ body }, reason) => {
        dead.push({ body, reason });
      },
    });
    expect(await tell(event)).toBeUndefined();
    expect(dead.map(({ body, reason }) => [body, reason.slice(0, field.length)])).toEqual([
      [JSON.stringify(event), field],
    ]);
    expect([telemetry.counts.get('PushMalformed'), telemetry.flushes()]).toEqual([1, 1]);
    expect(telemetry.lines).toContainEqual(expect.objectContaining({ level: 'warn', message: 'malformed event' }));
  });

  test.each<[name: string, change: Partial<Dependencies>, event: Body, message: string]>([
    ['no dead letter can be kept', { sendDead: () => Promise.reject(unreachable) }, AWS_SAMPLE, 'refused'],
    ['the queue is out of reach', { pushQueue: createMemoryQueue({ failure: unreachable }) }, ECR, 'refused'],
    [
      'trust is out of reach',
      { trust: { profiles: ['ocp'], read: () => Promise.reject(unreachable) } },
      ECR,
      'refused',
    ],
    ['a bug of ours, which is no fault of the event', {}, FAULTY, 'a bug'],
  ])('fails for EventBridge to send it again: %s', async (_, change, event, message) => {
    const { tell, telemetry } = await createPushReceiver({
      ...OUT_OF_BOUNDS,
      trust: await publishPushTrust(),
      ...change,
    });
    await expect(tell(event)).rejects.toThrow(message);
    // What was counted belongs to this event, not to the next.
    expect(telemetry.flushes()).toBe(1);
  });
});

function toManyTags(count: number): Body {
  return { ...QUAY, updated_tags: Array.from({ length: count }, (_, index) => `t${index}`) };
}

function toSha1As256(body: string): string {
  return toSignature(body, GITHUB_SECRET, 'sha1').replace('sha1=', 'sha256=');
}

function toCapitalDigits(signature: string): string {
  return `sha256=${signature.slice('sha256='.length).toUpperCase()}`;
}
