import { hash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { packTar } from 'modern-tar';
import { parseDigest, toStoreSegment } from '../../../lib/base/names/digest.ts';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import { toMirrorBody } from '../../../lib/mirror/sync/mirror-message.ts';
import { createDirectoryObjectStore } from '../../../lib/platform/objects/directory/directory-object-store.ts';
import type { Push } from '../../../lib/push/receive/parse/push.ts';
import { toPushBody } from '../../../lib/push/receive/push-message.ts';
import { prepareTrust } from '../../../lib/trust/prepare/prepare-trust.ts';
import { publishTrust } from '../../../lib/trust/publish/publish-trust.ts';
import { FIXTURE_STORE, fixtureReleases, readFixtureDocuments } from '../../support/fixture-releases.ts';
import { toHttpEvent } from '../../support/http-event.ts';
import { ACCOUNT, REGION } from './aws/aws-call.ts';
import { DONE, toQueueEvent } from './queue-event.ts';

const PULLSPEC = fixtureReleases.find(({ expected }) => expected === 'accept')?.pullspec ?? '';
const DIGEST = parseDigest(PULLSPEC.slice(PULLSPEC.indexOf('@') + 1));
const SEGMENT = toStoreSegment(DIGEST);
const REPOSITORY = parseRepository(PULLSPEC.slice(0, PULLSPEC.indexOf('@')).replace(/:[^/]*$/, ''));
const ECR_HOST = `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com`;
const PUSH: Push = { source: 'ecr', registry: ECR_HOST, repository: 'mirror/release', digest: DIGEST };
/** Maps that push and those of a registry that nobody reaches, and not the one that the webhook tells. */
const PROFILE = JSON.stringify({
  apiVersion: 'signet/v1',
  kind: 'Profile',
  metadata: { name: 'ocp' },
  spec: {
    pushSources: [
      { source: PUSH.source, registry: PUSH.registry, repository: PUSH.repository, mirrorOf: REPOSITORY },
      { source: 'harbor', registry: 'harbor.example.com', repository: PUSH.repository, mirrorOf: REPOSITORY },
    ],
  },
});
const QUAY_PUSH = {
  repository: 'mirror/release',
  docker_url: 'quay.example.com/mirror/release',
  updated_tags: ['4.16.37'],
};

const IMAGE_SET_REVIEW = {
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: {
    uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
    operation: 'CREATE',
    resource: { group: 'hive.openshift.io', version: 'v1', resource: 'clusterimagesets' },
    object: { spec: { releaseImage: PULLSPEC } },
  },
};

const JSON_BOTH_WAYS = { 'content-type': 'application/json', accept: 'application/json' };
const TOKEN = '5f1b9f0d6f3a4c0e8f2f6a7b8c9d0e1f';

/** The credentials of two registries' webhooks, in a file, which stands for a secret. */
export async function writeWebhooks(directory: string): Promise<string> {
  const file = path.join(directory, 'webhooks.json');
  const tokenSha256 = hash('sha256', TOKEN, 'hex');
  const credentials = [
    { source: 'quay', registry: 'quay.example.com', tokenSha256 },
    { source: 'eventgrid', registry: 'example.azurecr.io', tokenSha256, origin: 'eventgrid.azure.net' },
  ];
  await writeFile(file, JSON.stringify({ schema: 1, credentials }));
  return file;
}

/** An object store with published trust, one mirrored release, and a trust archive in the inbox. */
export async function fillObjects(directory: string): Promise<void> {
  const objects = createDirectoryObjectStore(directory);
  const documents = readFixtureDocuments({ 'profile.yaml': PROFILE });
  await publishTrust(objects, await prepareTrust('ocp', documents), documents);
  await objects.createObject(`signatures/${SEGMENT}/signature-1`, await readSignature());
  const entries = readFixtureDocuments().map(({ name, bytes }) => ({
    header: { name, size: bytes.length },
    body: bytes,
  }));
  await objects.createObject('trust-inbox/okd.tar.gz', gzipSync(await packTar(entries)));
}

function readSignature(): Promise<Uint8Array> {
  return readFile(path.join(FIXTURE_STORE, SEGMENT, 'signature-1'));
}

/** The token of a cluster, likewise. */
export async function writeAdmission(directory: string): Promise<string> {
  const file = path.join(directory, 'admission.json');
  const cluster = { cluster: 'sample', tokenSha256: hash('sha256', TOKEN, 'hex') };
  await writeFile(file, JSON.stringify({ schema: 1, clusters: [cluster] }));
  return file;
}

export interface Sample {
  readonly event: object;
  /** Members that the answer must have. */
  readonly answer: object;
  /** Actions that it has to ask AWS for. */
  readonly calls?: readonly string[];
}

/** For each function an event of its kind, and what it answers over the objects of {@link fillObjects}. */
export async function makeSamples(): Promise<Readonly<Record<string, Sample>>> {
  const signature = Buffer.from(await readSignature()).toString('base64');
  const accepted = { statusCode: 200, headers: { 'content-type': 'application/json' }, body: { outcome: 'accepted' } };
  return {
    'check-pullspec': {
      event: toHttpEvent({ method: 'POST', path: '/v1/pullspecs/check', body: { pullspec: PULLSPEC } }),
      answer: accepted,
    },
    'verify-image': {
      event: toHttpEvent({ method: 'POST', path: '/v1/verify', body: { pullspec: PULLSPEC } }),
      answer: { ...accepted, body: { outcome: 'accepted', attempts: [{ code: 'Verified' }] } },
    },
    'serve-signature': {
      event: toHttpEvent({ method: 'GET', path: `/signatures/${SEGMENT}/signature-1` }),
      answer: { statusCode: 200, isBase64Encoded: true, body: signature },
    },
    // As by default: no stage asks for a page.
    'serve-page': {
      event: toHttpEvent({ method: 'GET', path: '/' }),
      answer: { statusCode: 404 },
    },
    'read-records': {
      event: toHttpEvent({ method: 'GET', path: '/healthz' }),
      answer: { statusCode: 200, body: { status: 'ok', profiles: [{ profile: 'ocp' }] } },
    },
    'redrive-letters': {
      event: toHttpEvent({ method: 'POST', path: '/v1/dead-letters/redrive', body: { queue: 'push', ids: ['1'] } }),
      answer: { statusCode: 200, body: { queue: 'push', moved: 1, notFound: [] } },
      calls: ['sqs:ReceiveMessage', 'sqs:SendMessage', 'sqs:DeleteMessage'],
    },
    'mirror-signatures': {
      event: toQueueEvent(toMirrorBody('ocp', DIGEST)),
      answer: DONE,
    },
    // Without graphs, as by default, there is nothing to do.
    'plan-mirror': {
      event: { source: 'aws.events', 'detail-type': 'Scheduled Event', detail: {} },
      answer: { wanted: 0, queued: 0, held: 0, resting: 0, outside: 0 },
    },
    'export-bundle': {
      event: toHttpEvent({
        method: 'POST',
        path: '/v1/configmaps',
        headers: JSON_BOTH_WAYS,
        body: { digests: [DIGEST] },
      }),
      answer: { statusCode: 200, body: { items: [{ kind: 'ConfigMap' }] } },
    },
    'receive-push': {
      event: {
        ...toHttpEvent({ method: 'POST', path: `/webhooks/quay/${TOKEN}`, body: QUAY_PUSH }),
        pathParameters: { source: 'quay', token: TOKEN },
      },
      answer: {
        statusCode: 202,
        body: { queued: 0, unmapped: 1, unmappedRepositories: ['quay.example.com/mirror/release'] },
      },
    },
    'review-admission': {
      event: {
        ...toHttpEvent({ method: 'POST', path: `/admission/${TOKEN}/clusterimagesets`, body: IMAGE_SET_REVIEW }),
      },
      answer: { statusCode: 200, body: { response: { uid: IMAGE_SET_REVIEW.request.uid, allowed: true } } },
    },
    'verify-pushed': {
      // Its registry has no manifest of it any more: the push is judged as it is.
      event: toQueueEvent(toPushBody({ profile: 'ocp', mirrorOf: REPOSITORY }, PUSH)),
      answer: DONE,
      calls: ['ecr:BatchGetImage', 'events:PutEvents'],
    },
    reverify: {
      event: { source: 'aws.events', 'detail-type': 'Scheduled Event', detail: {} },
      answer: { kind: 'swept', finished: true, queued: 0, audited: 1, quarantined: 0 },
    },
    'publish-trust': {
      event: { Records: [{ eventName: 'ObjectCreated:Put', s3: { object: { key: 'trust-inbox/okd.tar.gz' } } }] },
      answer: [{ outcome: 'published', profile: 'okd' }],
    },
  };
}
