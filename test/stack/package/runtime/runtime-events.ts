import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import { expect } from 'vitest';
import { parseDigest, toStoreSegment } from '../../../../lib/base/names/digest.ts';
import { parseRepository } from '../../../../lib/base/names/reference.ts';
import { toMirrorBody } from '../../../../lib/mirror/sync/mirror-message.ts';
import { toPushBody } from '../../../../lib/push/receive/push-message.ts';
import { ROUTES } from '../../../../local/routes.ts';
import { fixtureReleases } from '../../../support/fixture-releases.ts';
import { type SampleRequest, toHttpEvent } from '../../../support/http-event.ts';
import { toSqsEvent } from '../../../support/sqs-event.ts';

export const TOKEN = '5f1b9f0d6f3a4c0e8f2f6a7b8c9d0e1f';
const PULLSPEC = fixtureReleases.find(({ expected }) => expected === 'accept')?.pullspec ?? '';
const DIGEST = parseDigest(PULLSPEC.slice(PULLSPEC.indexOf('@') + 1));
const SEGMENT = toStoreSegment(DIGEST);
const REPOSITORY = parseRepository(PULLSPEC.slice(0, PULLSPEC.indexOf('@')).replace(/:[^/]*$/, ''));
const NOWHERE = '0'.repeat(64);
const EVENTS = path.join(import.meta.dirname, '../../../../demo/events');
/** The first bytes of the page, as an answer of bytes is written. */
const PAGE = Buffer.from('<!doctype html>').toString('base64');
/** More than any queue delivers. */
const LAST_TRY = 1000;

export interface RuntimeEvent {
  readonly name: string;
  readonly function: string;
  readonly event: object;
  /** Members of the answer. */
  readonly answer: unknown;
  /** Words of the log lines that it causes. */
  readonly logs?: readonly string[];
}

function request(of: string, sample: SampleRequest, statusCode: number, body?: string): RuntimeEvent {
  const event = toHttpEvent(sample);
  const name = `${event.routeKey} answers ${statusCode}`;
  return {
    name,
    function: of,
    event,
    answer: { statusCode, ...(body === undefined ? {} : { body: expect.stringContaining(body) as unknown }) },
  };
}

const REVIEW = {
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: {
    uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
    operation: 'CREATE',
    resource: { group: 'hive.openshift.io', version: 'v1', resource: 'clusterimagesets' },
    object: { spec: { releaseImage: PULLSPEC } },
  },
};
const QUAY = { repository: 'mirror/release', docker_url: 'quay.example.com/mirror/release', updated_tags: ['1'] };

function requests(): readonly RuntimeEvent[] {
  const signature = `${SEGMENT}/signature-1`;
  // What the release store has, and the lookaside has not.
  const served = ROUTES.filter(({ handler }) => handler === 'serve-signature').map(({ method, path: route }) => {
    const prefix = route.replace('/{path+}', '');
    const isLookaside = prefix === '/lookaside';
    const tail = isLookaside ? `${REPOSITORY}@${signature}` : signature;
    return request('serve-signature', { method, path: `${prefix}/${tail}` }, isLookaside ? 404 : 200);
  });
  const post = (route: string, body: unknown): SampleRequest => ({ method: 'POST', path: route, body });
  const ask = (route: string, origin: string): SampleRequest => ({
    method: 'OPTIONS',
    path: route,
    headers: { 'webhook-request-origin': origin },
  });
  const accept = { 'content-type': 'application/json', accept: 'application/json' };
  return [
    request('check-pullspec', post('/v1/pullspecs/check', { pullspec: PULLSPEC }), 200, '"outcome":"accepted"'),
    request('check-pullspec', post('/v1/pullspecs/check', '{"pullspec"'), 400, 'BodyInvalid'),
    request('verify-image', post('/v1/verify', { pullspec: PULLSPEC }), 200, '"outcome":"accepted"'),
    request('verify-image', post('/v1/verify/forced', { pullspec: PULLSPEC, force: true }), 200, '"outcome"'),
    request('read-records', { method: 'GET', path: `/v1/records/${DIGEST}` }, 200, '"outcome":"accepted"'),
    request('read-records', { method: 'GET', path: `/v1/records/${DIGEST}/${NOWHERE}` }, 404),
    request('read-records', { method: 'GET', path: '/v1/verdicts' }, 200, '"outcome":"accepted"'),
    request('read-records', { method: 'GET', path: '/v1/overview' }, 200, '"waiting":'),
    request('read-records', { method: 'GET', path: '/v1/trust' }, 200, '"profile":"ocp"'),
    request('read-records', { method: 'GET', path: '/v1/verdicts' }, 200, '"outcome":"accepted"'),
    request('read-records', { method: 'GET', path: '/v1/releases' }, 200, '"state":"held"'),
    request('read-records', { method: 'GET', path: `/v1/releases/${DIGEST}` }, 200, 'kind: ConfigMap'),
    request('read-records', { method: 'GET', path: '/v1/mirror' }, 200, DIGEST),
    request('read-records', { method: 'GET', path: '/v1/trust/ocp/revisions' }, 200, '"current"'),
    request('read-records', { method: 'GET', path: `/v1/trust/ocp/revisions/${NOWHERE}` }, 404),
    request(
      'read-records',
      { method: 'GET', path: '/v1/trust/ocp/changes', query: { from: NOWHERE, to: NOWHERE } },
      404,
    ),
    request('read-records', { method: 'GET', path: '/v1/dead-letters', query: { queue: 'push' } }, 200, '"letters"'),
    request('read-records', post('/v1/explain', { text: 'nothing' }), 200, '"notUnderstood"'),
    request(
      'redrive-letters',
      post('/v1/dead-letters/redrive', { queue: 'push', ids: ['a'] }),
      200,
      '"notFound":["a"]',
    ),
    request('read-records', { method: 'GET', path: '/healthz' }, 200, '"status":"ok"'),
    request('serve-page', { method: 'GET', path: '/' }, 200, PAGE),
    request('serve-page', { method: 'HEAD', path: '/' }, 200),
    request('serve-page', { method: 'GET', path: '/console/main-K3JX7Q2B.js' }, 200),
    request('serve-page', { method: 'HEAD', path: '/console/main-K3JX7Q2B.js' }, 200),
    request('serve-page', { method: 'GET', path: '/console/../handler.mjs' }, 404),
    request('serve-page', { method: 'GET', path: '/console.json' }, 200, '"issuer":"https://id.example.com/"'),
    request('serve-page', { method: 'GET', path: '/v1/me' }, 200, '"mayRedrive":false'),
    request('export-bundle', { ...post('/v1/configmaps', { digests: [DIGEST] }), headers: accept }, 200, 'ConfigMap'),
    request('export-bundle', post('/v1/bundles', {}), 202, '"state":"queued"'),
    request('export-bundle', { method: 'GET', path: '/v1/bundles' }, 200, '"state":"queued"'),
    request('export-bundle', { method: 'GET', path: `/v1/bundles/${NOWHERE.slice(32)}` }, 404),
    request('receive-push', post('/webhooks/github', { action: 'published' }), 404),
    request('receive-push', post(`/webhooks/quay/${TOKEN}`, QUAY), 202, '"unmapped":1'),
    request('receive-push', post(`/webhooks/quay/${TOKEN}0`, QUAY), 401),
    request('receive-push', ask('/webhooks/eventgrid', 'eventgrid.azure.net'), 204),
    request('receive-push', ask(`/webhooks/eventgrid/${TOKEN}`, 'elsewhere.example.com'), 401),
    request('review-admission', post(`/admission/${TOKEN}/clusterimagesets`, REVIEW), 200, '"allowed":true'),
    ...served,
  ];
}

function batches(): readonly RuntimeEvent[] {
  const done = { batchItemFailures: [] };
  const push = {
    source: 'harbor',
    registry: 'harbor.example.com',
    repository: 'mirror/release',
    digest: DIGEST,
  } as const;
  const foreign = { ...push, repository: 'other/release' };
  const toBody = (one: typeof push | typeof foreign) => toPushBody({ profile: 'ocp', mirrorOf: REPOSITORY }, one);
  return [
    {
      name: 'a batch of the mirror queue: one digest, two that are none',
      function: 'mirror-signatures',
      event: toSqsEvent([toMirrorBody('ocp', DIGEST), 'not JSON', '{"schema":2}']),
      answer: done,
    },
    {
      name: 'a batch of the push queue: one push on its last try, one that maps nothing, two that are none',
      function: 'verify-pushed',
      event: toSqsEvent([toBody(push), toBody(foreign), ' ', '[]'], LAST_TRY),
      answer: done,
      logs: ['push verified', '"outcome":"accepted"'],
    },
    {
      name: 'a message of the export queue that is none',
      function: 'export-bundle',
      event: toSqsEvent(['{"schema":1,"id":"../x"}']),
      answer: done,
    },
  ];
}

function events(): readonly RuntimeEvent[] {
  const schedule = { version: '0', id: '1', source: 'aws.events', 'detail-type': 'Scheduled Event', detail: {} };
  const toPut = (key: string) => ({
    Records: [{ eventSource: 'aws:s3', eventName: 'ObjectCreated:Put', s3: { object: { key } } }],
  });
  return [
    {
      name: 'the schedule of plan-mirror',
      function: 'plan-mirror',
      event: schedule,
      answer: { wanted: 0, queued: 0 },
    },
    {
      name: 'the schedule of reverify',
      function: 'reverify',
      event: schedule,
      answer: { kind: 'swept', finished: true },
    },
    {
      name: 'a put of trust that is swept already, for reverify',
      function: 'reverify',
      event: toPut('trust/ocp/current'),
      answer: { kind: 'idle' },
    },
    {
      name: 'a put of an archive of trust',
      function: 'publish-trust',
      event: toPut('trust-inbox/okd.tar.gz'),
      answer: [{ outcome: 'published', profile: 'okd' }],
    },
  ];
}

const Known = v.looseObject({ 'detail-type': v.string() });

/** Every sample of demo/events, an image that is deleted, and an event that can never be read. */
async function ecrEvents(): Promise<readonly RuntimeEvent[]> {
  const samples = ['push', 'pull-through-cache', 'replication', 'referrer', 'documentation'].map(async (kind) => {
    const event = v.parse(Known, JSON.parse(await readFile(path.join(EVENTS, `ecr-${kind}.json`), 'utf8')));
    const name = `${event['detail-type']} of ECR: ${kind}`;
    const logs = [kind === 'documentation' ? 'malformed event' : 'push received'];
    return { name, function: 'receive-push', event, answer: null, logs };
  });
  const event = {
    version: '0',
    id: '2',
    source: 'aws.ecr',
    'detail-type': 'ECR Image Action',
    account: '111122223333',
  };
  const place = { region: 'us-east-1', time: '2026-11-22T00:00:00Z', resources: [] };
  const detail = { result: 'SUCCESS', 'repository-name': 'ocp', 'image-digest': DIGEST, 'action-type': 'DELETE' };
  return [
    ...(await Promise.all(samples)),
    {
      name: 'ECR Image Action of ECR: a deletion',
      function: 'receive-push',
      event: { ...event, ...place, detail },
      answer: null,
      logs: ['push received', '"ignored"'],
    },
    {
      name: 'ECR Image Action of ECR: without a detail',
      function: 'receive-push',
      event: { ...event, ...place, detail: {} },
      answer: null,
      logs: ['malformed event'],
    },
  ];
}

/** Events of every kind that the functions get, in the order in which they are sent. */
export async function makeRuntimeEvents(): Promise<readonly RuntimeEvent[]> {
  return [...requests(), ...batches(), ...events(), ...(await ecrEvents())];
}
