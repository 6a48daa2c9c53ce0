import { expect } from 'vitest';
import { toStoreSegment } from '../../../../lib/base/names/digest.ts';
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
const CHECK = toHttpEvent({ method: 'POST', path: '/v1/pullspecs/check', body: { pullspec: PULLSPEC } });
const VERIFY = toHttpEvent({ method: 'POST', path: '/v1/verify', body: { pullspec: PULLSPEC } });

function get(path: string): object {
  return toHttpEvent({ method: 'GET', path });
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
  for (const prefix of ['records/by-id/', 'accepted/']) stage.loseAnswer(prefix);
  const accepted = { answer: { statusCode: 200, body: expect.stringContaining('"outcome":"accepted"') as unknown } };
  expect(await stage.invoke(VERIFY)).toMatchObject(accepted);
  expect(await stage.invoke(VERIFY)).toMatchObject(accepted);
  await stage.objects.createObject(`signatures/${SEGMENT}/signature-1`, signDigest());
  expect(await stage.invoke(VERIFY)).toMatchObject(accepted);
  const body = { pullspec: `${BESIDE}@${SIGNED}` };
  const beside = await stage.invoke(toHttpEvent({ method: 'POST', path: '/v1/verify', body }));
  expect(beside).toMatchObject({ answer: { statusCode: 503 } });
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

/** The trust, health, a listing and a record. */
export const readRecords: Scenario = async (stage) => {
  expect(await stage.invoke(get('/healthz'))).toMatchObject({ answer: { statusCode: 503 } });
  await publishProfile(stage);
  const id = await keepAccepted(stage);
  for (const path of ['/healthz', '/v1/trust', `/v1/records/${SIGNED}`, `/v1/records/${SIGNED}/${id}`]) {
    expect(await stage.invoke(get(path))).toMatchObject({ answer: { statusCode: 200 } });
  }
  expect(await stage.invoke(get(`/v1/records/${SIGNED}/${'0'.repeat(64)}`))).toMatchObject({
    answer: { statusCode: 404 },
  });
};
