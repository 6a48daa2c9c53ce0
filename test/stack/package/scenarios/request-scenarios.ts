import { expect } from 'vitest';
import { toStoreSegment } from '../../../../lib/base/names/digest.ts';
import { attestationKey } from '../../../../lib/verdict/attest/attest-record.ts';
import { createQuestions, type Question } from '../../../../lib/verdict/records/questions.ts';
import { CANONICAL } from '../../../push/verify/push-setup.ts';
import { toHttpEvent } from '../../../support/http-event.ts';
import {
  BESIDE,
  keepAccepted,
  PULLSPEC,
  publishProfile,
  type Scenario,
  SIGNED,
  serveMirror,
  signDigest,
  signer,
  signLookaside,
  signUpstream,
  withPolicy,
} from './stage.ts';

const SEGMENT = toStoreSegment(SIGNED);
const SIGNATURES = `signatures/${SEGMENT}`;
const CHECK = toHttpEvent({ method: 'POST', path: '/v1/pullspecs/check', body: { pullspec: PULLSPEC } });
const VERIFY = toHttpEvent({ method: 'POST', path: '/v1/verify', body: { pullspec: PULLSPEC } });

function get(asked: string): object {
  const [path = '', query] = asked.split('?');
  return toHttpEvent({ method: 'GET', path, query: Object.fromEntries(new URLSearchParams(query)) });
}

/** Trust that is absent, then there. */
export const checkPullspec: Scenario = async (stage) => {
  expect(await stage.invoke(CHECK)).toMatchObject({ answer: { statusCode: 500 } });
  await publishProfile(stage);
  expect(await stage.invoke(CHECK)).toMatchObject({ answer: { statusCode: 200 } });
};

/** A release that only the upstream store and its lookaside have, with writes whose answers are lost; again; then one that is mirrored. */
export const verifyImage: Scenario = async (stage) => {
  const mirror = await serveMirror();
  await publishProfile(stage, 'first', signer, { ...withPolicy(stage), ...mirror.trust });
  await signUpstream(stage);
  await signLookaside(stage);
  for (const prefix of ['records/by-id/', 'decisions/new/', 'decisions/indexed/', 'accepted/'])
    stage.loseAnswer(prefix);
  const accepted = { answer: { statusCode: 200, body: expect.stringContaining('"outcome":"accepted"') as unknown } };
  expect(await stage.invoke(VERIFY)).toMatchObject(accepted);
  expect(await stage.invoke(VERIFY)).toMatchObject(accepted);
  await stage.objects.createObject(`signatures/${SEGMENT}/signature-1`, signDigest());
  expect(await stage.invoke(VERIFY)).toMatchObject(accepted);
  const body = { pullspec: `${BESIDE}@${SIGNED}` };
  const beside = await stage.invoke(toHttpEvent({ method: 'POST', path: '/v1/verify', body }));
  expect(beside).toMatchObject({
    answer: { statusCode: 200, body: expect.stringContaining('SignatureMalformed') as unknown },
  });
  await mirror.close();
};

/** A hit and a miss of both layouts. */
export const serveSignature: Scenario = async ({ objects, invoke }) => {
  for (const folder of [`signatures/${SEGMENT}`, `lookaside/${CANONICAL}@${SEGMENT}`]) {
    await objects.createObject(`${folder}/signature-1`, signDigest());
    expect(await invoke(get(`/${folder}/signature-1`))).toMatchObject({ answer: { statusCode: 200 } });
    expect(await invoke(get(`/${folder}/signature-2`))).toMatchObject({ answer: { statusCode: 404 } });
  }
};

/** Everything that the page has. None of it asks AWS for anything. */
export const servePage: Scenario = async ({ invoke, isSet }) => {
  const isOffered = isSet('SIGNET_PAGE');
  for (const asked of ['/', '/console/main-K3JX7Q2B.js', '/console.json', '/v1/me']) {
    expect(await invoke(get(asked))).toMatchObject({ answer: { statusCode: isOffered ? 200 : 404 } });
  }
  expect(await invoke(get('/console/none.js'))).toMatchObject({ answer: { statusCode: 404 } });
};

function toQuestion(recordId: string): Question {
  const askedAt = '2026-11-22T00:00:00.000Z';
  return { schema: 1, recordId, source: 'admission', pullspec: PULLSPEC, askedAt, forced: false };
}

/** A letter of each queue, put back. */
export const redriveLetters: Scenario = async (stage) => {
  for (const queue of ['push', 'mirror', 'export']) {
    const event = toHttpEvent({ method: 'POST', path: '/v1/dead-letters/redrive', body: { queue, ids: ['1', '2'] } });
    expect(await stage.invoke(event)).toMatchObject({ answer: { statusCode: 200 } });
  }
};

/** The trust, health, a listing and a record, also by its id alone; what views of the page show. */
export const readRecords: Scenario = async (stage) => {
  expect(await stage.invoke(get('/healthz'))).toMatchObject({ answer: { statusCode: 503 } });
  await publishProfile(stage);
  const id = await keepAccepted(stage);
  await createQuestions().note(toQuestion(id), stage.objects);
  const pack = 'decisions/packs/all/9999999999999-';
  await stage.objects.createObject(`${pack}${'f'.repeat(64)}`, Buffer.from('{}'));
  const paths = ['/v1/verdicts', `/v1/records/${SIGNED}`, `/v1/records/${SIGNED}/${id}`, `/v1/records/${id}`];
  const signed = [`/v1/records/${id}/stored`, `/v1/records/${id}/attestation`, '/v1/records/seals'];
  await stage.objects.createObject(attestationKey(id, 'svr'), Buffer.from('{}'));
  await stage.objects.createObject('seals/2026-11-22/0001.json', Buffer.from('{}'));
  const { revision } = await publishProfile(stage);
  await stage.objects.createObject(`${SIGNATURES}/signature-1`, signDigest());
  await stage.objects.createObject(`quarantine/${SEGMENT}/a.json`, Buffer.from('{}'));
  await stage.objects.createObject('absent/x.json', Buffer.from('{}'));
  await stage.objects.createObject(`absent/${SIGNED.replace(':', '-')}.json`, Buffer.from('{}'));
  const views = [
    '/v1/releases',
    `/v1/releases/${SIGNED}`,
    ...['held', 'quarantined', 'waiting'].map((state) => `/v1/mirror?state=${state}`),
    ...['push', 'mirror', 'export'].map((queue) => `/v1/dead-letters?queue=${queue}`),
    '/v1/trust/ocp/revisions',
    `/v1/trust/ocp/revisions/${revision}`,
    `/v1/trust/ocp/changes?from=${revision}&to=${revision}`,
  ];
  for (const path of ['/healthz', '/v1/trust', '/v1/overview', ...paths, ...signed, ...views]) {
    expect(await stage.invoke(get(path))).toMatchObject({ answer: { statusCode: 200 } });
  }
  expect(await stage.invoke(get(`/v1/records/${SIGNED}/${'0'.repeat(64)}`))).toMatchObject({
    answer: { statusCode: 404 },
  });
};
