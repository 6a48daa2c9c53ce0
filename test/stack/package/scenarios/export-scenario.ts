import * as v from 'valibot';
import { expect } from 'vitest';
import { toStoreSegment } from '../../../../lib/base/names/digest.ts';
import { toExportBody } from '../../../../lib/bundle/service/bundle-state.ts';
import { toHttpEvent } from '../../../support/http-event.ts';
import { AGAIN, DONE, toQueueEvent } from '../queue-event.ts';
import { publishProfile, type Scenario, SIGNED, type Stage, signDigest } from './stage.ts';

const OTHER_ID = '0'.repeat(32);

function post(path: string, body: object): object {
  return toHttpEvent({ method: 'POST', path, body });
}

const Created = v.object({ answer: v.object({ statusCode: v.literal(202), body: v.string() }) });

/** Asks for a bundle, and lets the function make it. @returns its id */
async function makeBundle(stage: Stage, body: { readonly since?: string }): Promise<string> {
  const { answer } = v.parse(Created, await stage.invoke(post('/v1/bundles', body)));
  const { id } = v.parse(v.object({ id: v.string() }), JSON.parse(answer.body));
  const message = toExportBody({ id, profile: 'ocp', since: body.since });
  expect(await stage.invoke(toQueueEvent(message))).toMatchObject({ answer: DONE });
  const state = await stage.invoke(toHttpEvent({ method: 'GET', path: `/v1/bundles/${id}` }));
  const done = expect.stringContaining('"state":"done"') as unknown;
  expect(state).toMatchObject({ answer: { statusCode: 200, body: done } });
  return id;
}

/** ConfigMaps of all and of one; a bundle, and one that follows it; messages that fail, for now and for good. */
export const exportBundle: Scenario = async (stage) => {
  const { objects, invoke } = stage;
  expect(await invoke(post('/v1/configmaps', {}))).toMatchObject({ answer: { statusCode: 500 } });
  await publishProfile(stage);
  await objects.createObject(`signatures/${toStoreSegment(SIGNED)}/signature-1`, signDigest());
  for (const body of [{}, { digests: [SIGNED] }]) {
    expect(await invoke(post('/v1/configmaps', body))).toMatchObject({ answer: { statusCode: 200 } });
  }
  stage.loseAnswer('bundles/');
  const id = await makeBundle(stage, {});
  await makeBundle(stage, { since: id });
  const both = expect.stringMatching(/"state":"done".*"state":"done"/) as unknown;
  expect(await invoke(toHttpEvent({ method: 'GET', path: '/v1/bundles' }))).toMatchObject({ answer: { body: both } });
  expect(await invoke(toQueueEvent('not JSON'))).toMatchObject({ answer: DONE });
  const other = await objects.readObject(`bundles/${id}/state.json`, Infinity);
  await objects.createObject(`bundles/${OTHER_ID}/state.json`, other?.bytes ?? new Uint8Array());
  const message = toExportBody({ id: OTHER_ID, profile: 'ocp', since: undefined });
  expect(await invoke(toQueueEvent(message))).toMatchObject({ answer: AGAIN });
};
