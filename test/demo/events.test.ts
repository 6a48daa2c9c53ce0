import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { DEMO_PROFILE, toDemoDocuments } from '../../demo/demo-documents.ts';
import { DEMO_IMAGES, DEMO_MANIFESTS, DEMO_MEDIA_TYPE, DEMO_REFERRER } from '../../demo/demo-images.ts';
import { DEMO_REPOSITORY, makeDemoReleases } from '../../demo/demo-releases.ts';
import { DEMO_SECRET, toDemoWebhooks } from '../../demo/demo-webhooks.ts';
import { parseStrictJson } from '../../lib/base/documents/parse-strict-json.ts';
import { isGithubSignatureValid } from '../../lib/platform/secrets/accepted-secrets.ts';
import { parseWebhookCredentials } from '../../lib/platform/secrets/webhook-credentials.ts';
import { parseEcrEvent } from '../../lib/push/receive/parse/parse-ecr-event.ts';
import type { Push } from '../../lib/push/receive/parse/push.ts';
import { mapPush } from '../../lib/push/receive/queue-pushes.ts';
import { receiveWebhook } from '../../lib/push/receive/receive-webhook.ts';
import { isWebhookSource, toWebhookFormat } from '../../lib/push/receive/webhook-formats.ts';
import { toQuestion } from '../../lib/push/verify/to-question.ts';
import type { ManifestReader } from '../../lib/registry/profile/profile-registries.ts';
import { prepareTrust } from '../../lib/trust/prepare/prepare-trust.ts';
import { createMemoryManifests } from '../support/memory-manifests.ts';
import { NOBODY } from '../support/push-receiver.ts';
import { DEMO_EVENTS, type DemoEvent } from './demo-events.ts';

const FOLDER = path.join(import.meta.dirname, '../../demo/events');
const { first, patch, minor, wrongKey, tampered } = DEMO_IMAGES;
const ECR = '123456789012.dkr.ecr.us-west-2.amazonaws.com';

const CREDENTIALS = parseWebhookCredentials(toDemoWebhooks());

const readSample = (file: string): Buffer => readFileSync(path.join(FOLDER, file));

function findEvent(file: string): DemoEvent {
  const found = DEMO_EVENTS.find((event) => event.file === file);
  if (found === undefined) throw new Error(`${file} is not in the table`);
  return found;
}

/** The push of a sample, read by the parser of the route that it is posted to. */
function parseSample({ file, path: route, headers }: DemoEvent): Push {
  const source = route.split('/')[2] ?? '';
  const format = isWebhookSource(source) ? toWebhookFormat(source) : undefined;
  if (format !== undefined) expect(format.mediaTypes).toContain(headers['content-type']);
  else expect(route).toBe('/local/events');
  const parse = format?.parse ?? parseEcrEvent;
  const event = parse(parseStrictJson(readSample(file).toString('utf8')), {
    headers,
    scopes: CREDENTIALS.filter((one) => one.source === source),
  });
  if (event.kind !== 'pushes') throw new Error(event.kind);
  const [push, ...more] = event.pushes;
  if (push === undefined || more.length > 0) throw new Error('expected one push');
  return push;
}

/** What the demo's registry answers. */
const REGISTRY: ManifestReader = {
  ...createMemoryManifests(
    Object.fromEntries(
      DEMO_MANIFESTS.map(({ digest, manifest }) => [digest, { bytes: manifest, mediaType: DEMO_MEDIA_TYPE }]),
    ),
  ),
  async resolveTag(_, tag) {
    const found = DEMO_MANIFESTS.find((one) => one.tag === tag);
    if (found === undefined) throw new Error(`the demo has no tag ${tag}`);
    return found.digest;
  },
};

test('the table names every sample of the folder, once', () => {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));
  expect(DEMO_EVENTS.map(({ file }) => file).toSorted()).toEqual(files.toSorted());
});

describe('each sample is the push that the table expects', () => {
  const demo = 'demo/release';
  const at = { registry: ECR, repository: demo };
  test.each<[string, Partial<Push>]>([
    ['ecr-push.json', { source: 'ecr', ...at, digest: first.digest, tag: '1.0.0' }],
    [
      'ecr-pull-through-cache.json',
      { source: 'ecr', registry: ECR, repository: `cache/${demo}`, digest: minor.digest, tag: '1.1.0' },
    ],
    ['ecr-replication.json', { source: 'ecr', ...at, digest: patch.digest, tag: '1.0.1' }],
    ['ecr-referrer.json', { source: 'ecr', ...at, digest: DEMO_REFERRER.digest, tag: undefined, referrer: true }],
    ['quay.json', { source: 'quay', registry: 'quay.example.com', repository: demo, tag: '1.0.0' }],
    [
      'harbor.json',
      { source: 'harbor', registry: 'harbor.example.com', repository: demo, digest: patch.digest, tag: '1.0.1' },
    ],
    [
      'harbor-cloudevent.json',
      { source: 'harbor', registry: 'harbor.example.com', repository: demo, digest: tampered.digest, tag: '1.2.1' },
    ],
    [
      'distribution.json',
      {
        source: 'distribution',
        registry: 'distribution.example.com',
        repository: demo,
        digest: wrongKey.digest,
        tag: '1.2.0',
      },
    ],
    [
      'github.json',
      { source: 'github', registry: 'ghcr.io', repository: 'signet-demo/release', digest: minor.digest, tag: '1.1.0' },
    ],
    ['dockerhub.json', { source: 'dockerhub', registry: 'docker.io', repository: 'signetdemo/release', tag: '1.1.0' }],
    [
      'eventgrid.json',
      { source: 'eventgrid', registry: 'signetdemo.azurecr.io', repository: demo, digest: patch.digest, tag: '1.0.1' },
    ],
    [
      'eventgrid-cloudevent.json',
      {
        source: 'eventgrid',
        registry: 'signetdemo.azurecr.io',
        repository: demo,
        digest: wrongKey.digest,
        tag: '1.2.0',
      },
    ],
    [
      'zot-cloudevent.json',
      { source: 'cloudevents', registry: 'zot.example.com', repository: demo, digest: minor.digest, tag: '1.1.0' },
    ],
    [
      'jfrog.json',
      {
        source: 'jfrog',
        registry: 'signetdemo.jfrog.io',
        repository: `docker-local/${demo}`,
        digest: first.digest,
        tag: '1.0.0',
      },
    ],
  ])('%s', async (file, expected) => {
    const event = findEvent(file);
    const push = parseSample(event);
    const { occurredAt: _, eventId: __, ...rest } = push;
    expect(rest).toEqual(expected);
    // What the table expects is about the release that the push, or what it refers to, is of.
    const message = { schema: 1, profile: DEMO_PROFILE, push } as const;
    const question = await toQuestion(message, {
      openRegistry: async () => REGISTRY,
      isLastTry: false,
      signal: new AbortController().signal,
    });
    if (question.kind === 'nothing') throw new Error(question.reason);
    const { pullspec, asked } = question;
    const judged = Object.values(DEMO_IMAGES).find(({ digest }) => digest === pullspec.digest);
    expect(event.expected).toMatchObject({ title: judged?.title });
    expect(asked.tag).toBe(push.referrer === true ? undefined : judged?.tag);
  });
});

test('the sample of AWS’s documentation is refused for its digest', () => {
  const event = findEvent('ecr-documentation.json');
  expect(event.expected).toEqual({ malformed: true, field: 'detail.image-digest' });
  expect(() => parseSample(event)).toThrow(/^detail\.image-digest: .*64 lower-case hex digits, found 60$/);
});

test('no two samples ask the same', () => {
  const samples = DEMO_EVENTS.filter(({ expected }) => 'outcome' in expected);
  const asked = samples
    .map(parseSample)
    .map(({ source, registry, repository, digest, tag }) => `${source} ${registry}/${repository}:${tag}@${digest}`);
  expect(new Set(asked).size).toBe(asked.length);
});

test('the demo profile maps every sample to the publisher’s repository', async () => {
  const { armoredKey } = await makeDemoReleases();
  const trust = await prepareTrust(DEMO_PROFILE, toDemoDocuments(armoredKey, 'http://127.0.0.1:1'));
  const samples = DEMO_EVENTS.filter(({ expected }) => 'outcome' in expected);
  expect(samples.map(parseSample).map((push) => mapPush(push, [trust]))).toEqual(
    samples.map(() => [{ profile: DEMO_PROFILE, mirrorOf: DEMO_REPOSITORY }]),
  );
  expect(samples).toHaveLength(14);
});

describe('the demo’s credentials let its samples in', () => {
  const credentials = parseWebhookCredentials(toDemoWebhooks());
  const webhooks = DEMO_EVENTS.filter(({ path: route }) => route.startsWith('/webhooks/'));

  test.each(webhooks.map((event) => [event.file, event] as const))('%s', async (_, event) => {
    const [, , source = '', token] = event.path.split('/');
    if (!isWebhookSource(source)) throw new Error(`${source} has no webhook`);
    const { headers } = event;
    const request = { source, token, headers, body: readSample(event.file).toString(), isBase64Encoded: false };
    const push = parseSample(event);
    expect(await receiveWebhook(request, credentials, NOBODY)).toEqual({ kind: 'pushes', pushes: [push] });
    // It speaks for no other registry: its source has no other credential.
    const registries = credentials.filter((one) => one.source === source).map(({ registry }) => registry);
    expect(registries).toEqual([push.registry]);
    const without = { ...request, token: undefined, headers: { 'content-type': headers['content-type'] } };
    expect((await receiveWebhook(without, credentials, NOBODY)).kind).toBe('refused');
  });

  test('GitHub’s signature is over the bytes of its sample, all of them', () => {
    const { file, headers } = findEvent('github.json');
    const header = headers['x-hub-signature-256'];
    const body = readSample(file);
    expect(isGithubSignatureValid(body, header, [DEMO_SECRET])).toBe(true);
    expect(isGithubSignatureValid(body.subarray(0, -1), header, [DEMO_SECRET])).toBe(false);
  });
});

test('what samples tell of manifests is so', () => {
  const descriptor = v.pipe(
    v.object({ mediaType: v.string(), digest: v.string(), size: v.number() }),
    v.transform(({ mediaType, ...rest }) => ({ ...rest, media_type: mediaType })),
  );
  const content = v.object({ config: descriptor, layers: v.array(descriptor) });
  const manifest = {
    ...v.parse(content, JSON.parse(Buffer.from(minor.manifest).toString())),
    size: minor.manifest.length,
  };
  expect(JSON.parse(readSample('github.json').toString())).toMatchObject({
    registry_package: { package_version: { container_metadata: { manifest } } },
  });
  const { length } = wrongKey.manifest;
  expect(JSON.parse(readSample('distribution.json').toString())).toMatchObject({
    events: [{ target: { size: length, length } }],
  });
});
