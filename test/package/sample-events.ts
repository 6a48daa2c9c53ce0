import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { packTar } from 'modern-tar';
import { toMirrorBody } from '../../lib/mirror/mirror-message.ts';
import { createDirectoryObjectStore } from '../../lib/objects/directory-object-store.ts';
import { parseDigest, toStoreSegment } from '../../lib/pullspec/digest.ts';
import { prepareTrust } from '../../lib/trust/prepare-trust.ts';
import { publishTrust } from '../../lib/trust/publish-trust.ts';
import { FIXTURE_STORE, fixtureReleases, readFixtureDocuments } from '../support/fixture-releases.ts';
import { toHttpEvent } from '../support/http-event.ts';

const PULLSPEC = fixtureReleases.find(({ expected }) => expected === 'accept')?.pullspec ?? '';
const DIGEST = parseDigest(PULLSPEC.slice(PULLSPEC.indexOf('@') + 1));
const SEGMENT = toStoreSegment(DIGEST);

/** An object store with published trust, one mirrored release, and a trust archive in the inbox. */
export async function fillObjects(directory: string): Promise<void> {
  const objects = createDirectoryObjectStore(directory);
  const documents = readFixtureDocuments();
  await publishTrust(objects, await prepareTrust('ocp', documents), documents);
  await objects.createObject(`signatures/${SEGMENT}/signature-1`, await readSignature());
  const entries = documents.map(({ name, bytes }) => ({ header: { name, size: bytes.length }, body: bytes }));
  await objects.createObject('trust-inbox/okd.tar.gz', gzipSync(await packTar(entries)));
}

function readSignature(): Promise<Uint8Array> {
  return readFile(path.join(FIXTURE_STORE, SEGMENT, 'signature-1'));
}

export interface Sample {
  readonly event: object;
  /** Members that the answer must have. */
  readonly answer: object;
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
    'read-records': {
      event: toHttpEvent({ method: 'GET', path: '/healthz' }),
      answer: { statusCode: 200, body: { status: 'ok', profiles: [{ profile: 'ocp' }] } },
    },
    'mirror-signatures': {
      event: { Records: [toSqsRecord(toMirrorBody('ocp', DIGEST))] },
      answer: { batchItemFailures: [] },
    },
    'publish-trust': {
      event: { Records: [{ eventName: 'ObjectCreated:Put', s3: { object: { key: 'trust-inbox/okd.tar.gz' } } }] },
      answer: [{ outcome: 'published', profile: 'okd' }],
    },
  };
}

function toSqsRecord(body: string): object {
  return {
    messageId: '00000000-0000-0000-0000-000000000001',
    receiptHandle: 'receipt',
    body,
    attributes: { ApproximateReceiveCount: '1' },
    messageAttributes: {},
    eventSource: 'aws:sqs',
  };
}
