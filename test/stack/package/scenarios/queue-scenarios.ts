import { hash } from 'node:crypto';
import { expect } from 'vitest';
import { parseDigest } from '../../../../lib/base/names/digest.ts';
import { parseRepository } from '../../../../lib/base/names/reference.ts';
import { toMirrorBody } from '../../../../lib/mirror/sync/mirror-message.ts';
import { toReverifyBody } from '../../../../lib/push/verify/queued-message.ts';
import { CANONICAL, pushOf, REGISTRY, REPOSITORY } from '../../../push/verify/push-setup.ts';
import { toHttpEvent } from '../../../support/http-event.ts';
import { ACCOUNT, REGION } from '../aws/aws-call.ts';
import { LAYER } from '../aws/start-aws.ts';
import { AGAIN, DONE, toQueueEvent } from '../queue-event.ts';
import { EVERY_OPTION } from '../variants.ts';
import { CLUSTERS } from './admission-scenario.ts';
import { LIST_MANIFESTS } from './plan-scenario.ts';
import {
  BESIDE,
  CLOSED_REGISTRY,
  ECR_HOST,
  ECR_REPOSITORIES,
  keepAccepted,
  MANIFEST,
  publishProfile,
  type Scenario,
  SIGNED,
  serveMirror,
  signer,
  signLookaside,
  signUpstream,
  withPolicy,
} from './stage.ts';

const TOKEN = '5f1b9f0d6f3a4c0e8f2f6a7b8c9d0e1f';
const NOWHERE = parseDigest(`sha256:${'0'.repeat(64)}`);
/** More than any queue delivers. */
const LAST_TRY = 1000;
const NO_RECORD = '0'.repeat(64);
const CREDENTIALS = {
  schema: 1,
  credentials: [{ source: 'distribution', registry: REGISTRY, tokenSha256: hash('sha256', TOKEN) }],
};
const REFERRER = JSON.stringify({ schemaVersion: 2, config: {}, layers: [], subject: { digest: SIGNED } });
const REFERRER_DIGEST = `sha256:${hash('sha256', REFERRER)}`;

const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
/** Bundles beside images, which are none: their bytes are those of every layer here. */
const ATTACHMENTS = [SIGNED, REFERRER_DIGEST].map((digest) =>
  JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    artifactType: BUNDLE,
    config: { mediaType: 'application/vnd.oci.empty.v1+json', digest: `sha256:${hash('sha256', '{}')}`, size: 2 },
    layers: [{ mediaType: BUNDLE, digest: `sha256:${hash('sha256', LAYER)}`, size: LAYER.length }],
    subject: { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: 1 },
  }),
);

/** What the CDN shows. */
export const EDGE = 'e'.repeat(32);

/** What Secrets Manager and ECR hold. */
export const SECRETS: ReadonlyMap<string, string> = new Map([
  [EVERY_OPTION['webhooksSecret'] ?? '', JSON.stringify(CREDENTIALS)],
  [EVERY_OPTION['admissionSecret'] ?? '', JSON.stringify(CLUSTERS)],
  [EVERY_OPTION['pullSecret'] ?? '', '{"auths":{}}'],
  [EVERY_OPTION['edgeSecret'] ?? '', EDGE],
]);
export const MANIFESTS: ReadonlyMap<string, string> = new Map([
  [REFERRER_DIGEST, REFERRER],
  ...ATTACHMENTS.map((text) => [`sha256:${hash('sha256', text)}`, text] as const),
  [SIGNED, MANIFEST.toString()],
  ...LIST_MANIFESTS,
]);

/** No trust yet; a digest to copy, and again; one that is nowhere; a message that can never be read. */
export const mirrorSignatures: Scenario = async (stage) => {
  const event = toQueueEvent(toMirrorBody('ocp', SIGNED));
  const image = toQueueEvent(toMirrorBody('ocp', SIGNED, parseRepository(CANONICAL)));
  expect(await stage.invoke(event)).toMatchObject({ answer: AGAIN });
  await publishProfile(stage, 'first', signer, withPolicy(stage));
  await signUpstream(stage);
  await signLookaside(stage);
  for (const prefix of ['signatures/', 'absent/', 'lookaside/']) stage.loseAnswer(prefix);
  const nowhere = toQueueEvent(toMirrorBody('ocp', NOWHERE));
  for (const each of [event, event, image, image, nowhere, toQueueEvent('not JSON')])
    expect(await stage.invoke(each)).toMatchObject({ answer: DONE });
};

/** A webhook, an event of ECR, and one that can never be read. */
export const receivePush: Scenario = async (stage) => {
  await publishProfile(stage);
  const target = { digest: SIGNED, mediaType: 'application/vnd.oci.image.manifest.v1+json', repository: REPOSITORY };
  const notification = {
    events: [{ id: '1', timestamp: '2026-11-22T00:00:00Z', action: 'push', target, request: { host: REGISTRY } }],
  };
  const path = `/webhooks/distribution/${TOKEN}`;
  const headers = { 'content-type': 'application/vnd.docker.distribution.events.v1+json' };
  const webhook = {
    ...toHttpEvent({ method: 'POST', path, headers, body: notification }),
    pathParameters: { source: 'distribution', token: TOKEN },
  };
  const expected = stage.isSet('SIGNET_WEBHOOKS')
    ? { statusCode: 202, body: expect.stringContaining('"queued":1') as unknown }
    : { statusCode: 404 };
  expect(await stage.invoke(webhook)).toMatchObject({ answer: expected });
  const event = { id: '1', source: 'aws.ecr', 'detail-type': 'ECR Image Action', account: ACCOUNT, region: REGION };
  const detail = { 'action-type': 'PUSH', result: 'SUCCESS', 'repository-name': 'ocp', 'image-digest': SIGNED };
  for (const told of [detail, {}]) {
    const reply = await stage.invoke({ ...event, time: '2026-11-22T00:00:00Z', detail: told });
    expect(reply.error).toBeUndefined();
  }
};

/** A push by digest, redelivered; a referrer in each repository of ECR; a tag in a registry that does not answer. */
export const verifyPushed: Scenario = async (stage) => {
  const mirror = await serveMirror();
  await publishProfile(stage, 'first', signer, { ...withPolicy(stage), ...mirror.trust });
  await signUpstream(stage);
  await signLookaside(stage);
  for (const prefix of ['records/by-id/', 'decisions/new/', 'decisions/indexed/', 'accepted/', 'verdicts/'])
    stage.loseAnswer(prefix);
  const push = JSON.stringify(pushOf({ digest: SIGNED }));
  // Its registry does not answer: the manifest is asked for until the last try, and then the push is judged as it is.
  expect(await stage.invoke(toQueueEvent(push))).toMatchObject({ answer: AGAIN });
  for (const body of [push, push, 'not JSON'])
    expect(await stage.invoke(toQueueEvent(body, LAST_TRY))).toMatchObject({ answer: DONE });
  const referrer = { ...pushOf().push, source: 'ecr', registry: ECR_HOST, digest: REFERRER_DIGEST, referrer: true };
  // The one needs the signer's signature, the other one beside it.
  for (const repository of ECR_REPOSITORIES) {
    const mirrorOf = repository === 'ocp' ? CANONICAL : BESIDE;
    const body = JSON.stringify({ ...pushOf(), mirrorOf, push: { ...referrer, repository } });
    expect(await stage.invoke(toQueueEvent(body))).toMatchObject({ answer: DONE });
  }
  const tagged = JSON.stringify(pushOf({ registry: CLOSED_REGISTRY, digest: undefined, tag: '4.99.0' }));
  expect(await stage.invoke(toQueueEvent(tagged))).toMatchObject({ answer: AGAIN });
  for (const id of [await keepAccepted(stage), NO_RECORD]) {
    expect(await stage.invoke(toQueueEvent(toReverifyBody('ocp', id, NO_RECORD)))).toMatchObject({ answer: DONE });
  }
  await mirror.close();
};
