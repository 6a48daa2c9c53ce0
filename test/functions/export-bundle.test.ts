import type { APIGatewayProxyStructuredResultV2, SQSEvent } from 'aws-lambda';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createHandler, type Dependencies } from '../../functions/export-bundle/handler.ts';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import { openBundleLinks } from '../../lib/bundle/service/bundle-links.ts';
import { bundleArchiveKey } from '../../lib/bundle/service/bundle-state.ts';
import type { ObjectStore } from '../../lib/platform/objects/port/object-store.ts';
import { createLocalContext } from '../../local/local-context.ts';
import { type BundleSigner, makeBundleSigner } from '../bundle/bundle-setup.ts';
import { makeObjects, setUpExports } from '../bundle/service/export-setup.ts';
import { type SampleRequest, toHttpEvent } from '../support/http-event.ts';
import { createKeptTelemetry } from '../support/quiet-telemetry.ts';
import { toSqsEvent } from '../support/sqs-event.ts';

const AWS = { region: 'eu-west-1', credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' } };
const context = createLocalContext('export-bundle', 60_000);
const CONFIG_MAPS: SampleRequest = { method: 'POST', path: '/v1/configmaps', body: {} };
const BUNDLES: SampleRequest = { method: 'POST', path: '/v1/bundles', body: {} };

let signer: BundleSigner;
let objects: ObjectStore;
beforeAll(async () => {
  signer = await makeBundleSigner();
});
beforeEach(async () => {
  objects = await makeObjects(signer);
});

function setUp(store: ObjectStore, change: Partial<Dependencies> = {}) {
  const { dependencies, exportQueue } = setUpExports(store);
  const telemetry = createKeptTelemetry();
  const dead: string[] = [];
  const delayed: number[] = [];
  const handler = createHandler({
    ...dependencies,
    links: openBundleLinks('s3://signet', () => AWS, dependencies.now),
    telemetry,
    maxReceives: 3,
    delayMessage: async (_, seconds) => {
      delayed.push(seconds);
    },
    sendDead: async ({ messageId }, reason) => {
      dead.push(`${messageId}: ${reason}`);
    },
    ...change,
  });
  const ask = (request: SampleRequest): Promise<APIGatewayProxyStructuredResultV2> =>
    handler(toHttpEvent(request), context);
  const take = (event: SQSEvent) => handler(event, context);
  return { ask, take, telemetry, dead, delayed, exportQueue };
}

describe('requests', () => {
  test('a bundle is asked for, made from the queue, and linked to', async () => {
    const { ask, take, exportQueue, telemetry } = setUp(objects);
    const asked = await ask(BUNDLES);
    expect(asked.statusCode).toBe(202);
    const place = String(asked.headers?.['location']);
    const queued = await ask({ method: 'GET', path: place });
    expect(queued).toMatchObject({ statusCode: 200, headers: { 'retry-after': '5' } });
    expect(await take(toSqsEvent(exportQueue.sent))).toEqual({ batchItemFailures: [] });
    const done = await ask({ method: 'GET', path: place });
    const { state, link } = JSON.parse(done.body ?? '') as { state: string; link: string };
    const key = bundleArchiveKey(place.split('/').at(-1) ?? '');
    expect([state, link]).toEqual([
      'done',
      expect.stringContaining(`https://signet.s3.eu-west-1.amazonaws.com/${key}?`),
    ]);
    expect(done.headers).not.toHaveProperty('retry-after');
    // Who holds a link holds the bundle: it is in no log.
    expect(JSON.stringify(telemetry.lines)).not.toContain('X-Amz');
  });

  test('ConfigMaps come as YAML or JSON', async () => {
    const { ask } = setUp(objects);
    const json = await ask(CONFIG_MAPS);
    expect(json.headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store' });
    const headers = { 'content-type': 'application/json', accept: 'application/yaml' };
    const yaml = await ask({ ...CONFIG_MAPS, headers });
    expect(yaml.headers).toMatchObject({ 'content-type': 'application/yaml' });
    expect(yaml.body).toMatch(/^apiVersion: v1\nkind: ConfigMap\n/);
  });

  test.each<[name: string, request: SampleRequest, status: number]>([
    ['a bundle with an id that is a path', { method: 'GET', path: '/v1/bundles/..%2ftrust' }, 400],
    ['a path below a bundle', { method: 'GET', path: `/v1/bundles/${'0'.repeat(32)}/state.json` }, 404],
    ['a folder of the service’s own', { method: 'GET', path: '/v1/bundles/asked' }, 400],
    ['a page of bundles that is too long', { method: 'GET', path: '/v1/bundles', query: { limit: '51' } }, 400],
    ['a page of bundles from nowhere', { method: 'GET', path: '/v1/bundles', query: { after: 'x' } }, 400],
    ['bundles by what there is not', { method: 'GET', path: '/v1/bundles', query: { state: 'done' } }, 400],
    ['another version', { ...CONFIG_MAPS, path: '/v2/configmaps' }, 404],
    ['below the ConfigMaps', { ...CONFIG_MAPS, path: '/v1/configmaps/x' }, 404],
    ['a form that is not there', { ...CONFIG_MAPS, headers: { accept: 'text/html' } }, 406],
    ['a body that is no JSON', { ...BUNDLES, body: 'x', headers: { 'content-type': 'application/json' } }, 400],
    ['a body that is too long', { ...BUNDLES, body: { since: '0'.repeat(65_536) } }, 413],
  ])('%s', async (_, request, status) => {
    const { ask, exportQueue } = setUp(objects);
    expect((await ask(request)).statusCode).toBe(status);
    expect(exportQueue.sent).toEqual([]);
  });

  test('a function that is about to end answers that it is out of time', async () => {
    const { dependencies } = setUpExports(objects);
    const slow: ObjectStore = {
      ...objects,
      listObjects: async function* (...args) {
        await new Promise((resolve) => setTimeout(resolve, 300));
        yield* objects.listObjects(...args);
      },
    };
    const handler = createHandler({
      ...dependencies,
      objects: slow,
      links: { toLink: () => Promise.reject(new Error('no link')) },
      telemetry: createKeptTelemetry(),
      maxReceives: 3,
      delayMessage: () => Promise.reject(new Error('no queue')),
      sendDead: () => Promise.reject(new Error('no queue')),
    });
    const answer = await handler(toHttpEvent(CONFIG_MAPS), createLocalContext('export-bundle', 550));
    expect(answer).toMatchObject({ statusCode: 503, headers: { 'retry-after': '30' } });
  });
});

describe('messages', () => {
  test.each([
    ['no JSON', '{'],
    ['another schema', '{"schema":2,"id":"00000000000000000000000000000000","profile":"ocp"}'],
    ['an id that is a path', '{"schema":1,"id":"../trust/ocp/current","profile":"ocp"}'],
    ['a profile that is a path', '{"schema":1,"id":"00000000000000000000000000000000","profile":"../x"}'],
    ['a member too many', '{"schema":1,"id":"00000000000000000000000000000000","profile":"ocp","to":"x"}'],
    ['a bundle that nobody asked for', '{"schema":1,"id":"00000000000000000000000000000000","profile":"ocp"}'],
  ])('%s is a dead letter, and the rest of the batch goes on', async (_, body) => {
    const { ask, take, dead, exportQueue, telemetry } = setUp(objects);
    await ask(BUNDLES);
    expect(await take(toSqsEvent([body, ...exportQueue.sent]))).toEqual({ batchItemFailures: [] });
    expect(dead).toHaveLength(1);
    expect(telemetry.counts.get('Bundle.done')).toBe(1);
    expect(telemetry.flushes()).toBeGreaterThan(0);
  });

  test('what is out of reach is tried later, and a dead letter with its reason at the last receive', async () => {
    const broken: ObjectStore = {
      ...objects,
      createObject: async (key, bytes) => {
        if (key.endsWith('.tar.gz')) throw new StoreError('ConnectionFailed', 'refused');
        return await objects.createObject(key, bytes);
      },
    };
    const { ask, take, dead, delayed, exportQueue } = setUp(broken);
    const asked = await ask(BUNDLES);
    expect(await take(toSqsEvent(exportQueue.sent))).toEqual({ batchItemFailures: [{ itemIdentifier: 'm0' }] });
    expect([delayed, dead]).toEqual([[15], []]);
    expect(await take(toSqsEvent(exportQueue.sent, 3))).toEqual({ batchItemFailures: [] });
    expect(dead).toEqual([expect.stringContaining('refused')]);
    const state = await ask({ method: 'GET', path: String(asked.headers?.['location']) });
    expect(JSON.parse(state.body ?? '')).toMatchObject({ state: 'failed', failure: { code: 'StoreUnavailable' } });
  });
});
