import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { GetObjectCommand, HeadBucketCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ROUTES } from '../../../local/routes.ts';
import { FIXTURE_STORE } from '../../support/fixture-releases.ts';
import { findTool } from '../../support/tools.ts';
import {
  ACCOUNT,
  DIGEST,
  listen,
  PULLSPEC,
  putTrust,
  REGION,
  type Scene,
  SEGMENT,
  startScene,
  TOKEN,
  type VerdictEvent,
  WAIT,
} from './scene.ts';
import type { Emulator } from './start-emulator.ts';

const program = findTool('ministack');
const BUCKET = `signet-dev-${ACCOUNT}-${REGION}`;
const EVENT_ID = '5f1c0e0a-6d0d-4a5e-9d3e-2b9a1c7e4f01';
const LONG = 300_000;

describe.skipIf(program === undefined)('the stack in an emulator of AWS', () => {
  let scene: Scene;
  let emulator: Emulator;
  let hear: (correlationId: string) => Promise<VerdictEvent>;
  let api = '';
  const seconds: Record<string, number> = {};

  async function time<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    const started = performance.now();
    const result = await work();
    seconds[name] = Math.round((performance.now() - started) / 1000);
    return result;
  }

  beforeAll(async () => {
    // A push whose registry is out of reach is judged at its last try, which is the first here.
    scene = await startScene(program ?? '', { pushReceives: '1', pushRedriveReceives: '2' });
    ({ emulator } = scene);
  }, LONG);

  afterAll(async () => {
    process.stdout.write(
      `the stack in the emulator: seconds ${JSON.stringify(seconds)}; not deployed: ${scene?.stack.left.join(', ')}\n`,
    );
    await scene?.stop();
  }, LONG);

  test(
    'a first deployment that fails late leaves nothing in the way of the next one',
    async () => {
      const failed = await time('failed deployment', () => scene.stack.deploy('as packaged'));
      expect(failed.output).toContain('metric math');
      expect(failed.code).not.toBe(0);
      await expect(scene.s3.send(new HeadBucketCommand({ Bucket: BUCKET }))).rejects.toMatchObject({
        name: 'NotFound',
      });
      const deployed = await time('deployment', () => scene.stack.deploy('for the emulator'));
      expect([deployed.code, deployed.output]).toEqual([
        0,
        expect.stringContaining('Service deployed to stack signet-dev'),
      ]);
      await scene.s3.send(new HeadBucketCommand({ Bucket: BUCKET }));
      [, api = ''] = /https:\/\/(\w+)\.execute-api\./.exec(deployed.output) ?? [];
      expect(api).not.toBe('');
    },
    LONG,
  );

  test(
    'deployed again, it has no changes',
    async () => {
      const { code, output } = await time('again', () => scene.stack.deploy('for the emulator'));
      expect([code, output]).toEqual([0, expect.stringContaining('No changes to deploy')]);
    },
    LONG,
  );

  const toPath = (route: string): string =>
    route
      .replace('{digest}', DIGEST)
      .replace('{id}', '0'.repeat(64))
      .replace('{source}', 'quay')
      .replace('{token}', TOKEN)
      .replace('{path+}', 'x');
  const IS_OPEN = /^\/(?:signatures|lookaside|api|pub|openshift-release|healthz|webhooks|admission)/;

  // ministack answers OPTIONS itself, as a preflight of CORS; the zips are sent it under the Lambda runtime.
  const reached = ROUTES.filter(({ method, handler }) => method !== 'OPTIONS' && handler !== 'serve-page');
  const ofPage = ROUTES.filter(({ handler }) => handler === 'serve-page');
  test.each(ofPage.map((route) => [route.method, route.path] as const))(
    '%s %s is not there, as the stage has no client of a page',
    async (method, route) => {
      const asked = { method, host: emulator.toApiHost(api), path: toPath(route) };
      expect((await emulator.ask(asked)).status).toBe(404);
      expect((await emulator.askUnsigned(asked)).status).toBe(404);
    },
    LONG,
  );
  test.each(reached.map((route) => [route.method, route.path] as const))(
    '%s %s is let in as it has to be',
    async (method, route) => {
      const asked = {
        method,
        host: emulator.toApiHost(api),
        path: toPath(route),
        headers: { 'content-type': 'application/json' },
        ...(method === 'POST' ? { body: '{}' } : {}),
      };
      const unsigned = await emulator.askUnsigned(asked);
      expect(unsigned.status === 403).toBe(!IS_OPEN.test(route));
      expect((await emulator.ask(asked)).status).not.toBe(403);
    },
    LONG,
  );

  test(
    'reverify finds no trust yet, and does not fail for it',
    async () => {
      expect(await scene.invoke('reverify', { id: EVENT_ID, 'detail-type': 'Scheduled Event' })).toMatchObject({
        status: 200,
        body: expect.stringContaining('"kind":') as unknown,
      });
    },
    LONG,
  );

  test(
    'an archive in the inbox becomes trust',
    async () => {
      await putTrust(scene, BUCKET);
      await time('publication', () =>
        vi.waitFor(() => scene.s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'trust/ocp/current' })), WAIT),
      );
      const answer = await emulator.askUnsigned({ host: emulator.toApiHost(api), path: '/healthz' });
      expect(answer).toMatchObject({ status: 200, body: expect.stringContaining('"status":"ok"') as unknown });
    },
    LONG,
  );

  test(
    'the bucket takes a signature into an empty place alone, and the API serves it',
    async () => {
      const Body = await readFile(path.join(FIXTURE_STORE, SEGMENT, 'signature-1'));
      const put = { Bucket: BUCKET, Key: `signatures/${SEGMENT}/signature-1`, Body };
      await scene.s3.send(new PutObjectCommand({ ...put, IfNoneMatch: '*' }));
      const served = await emulator.askUnsigned({
        host: emulator.toApiHost(api),
        path: `/signatures/${SEGMENT}/signature-1`,
      });
      expect(served.status).toBe(200);
    },
    LONG,
  );

  test(
    'POST /v1/verify accepts a release, and keeps its record',
    async () => {
      const asked = { host: emulator.toApiHost(api), headers: { 'content-type': 'application/json' } };
      const body = JSON.stringify({ pullspec: PULLSPEC });
      const verified = await emulator.ask({ ...asked, method: 'POST', path: '/v1/verify', body });
      expect(verified).toMatchObject({ status: 200, body: expect.stringContaining('"outcome":"accepted"') as unknown });
      const { Contents: records = [] } = await scene.s3.send(
        new ListObjectsV2Command({ Bucket: BUCKET, Prefix: 'records/' }),
      );
      expect(records.length).toBeGreaterThan(0);
      const read = await emulator.ask({ ...asked, path: `/v1/records/${DIGEST}` });
      expect(read.status).toBe(200);
    },
    LONG,
  );

  test.each([
    ['quay', 'quay.json', 'application/json', {}],
    ['harbor', 'harbor.json', 'application/json', {}],
    ['distribution', 'distribution.json', 'application/vnd.docker.distribution.events.v1+json', {}],
    ['dockerhub', 'dockerhub.json', 'application/json', {}],
  ])(
    'a push by a webhook of %s is taken with its token alone',
    async (source, file, type, headers) => {
      const body = await readFile(path.join(import.meta.dirname, '../../../demo/events', file), 'utf8');
      const asked = {
        method: 'POST',
        host: emulator.toApiHost(api),
        headers: { 'content-type': type, ...headers },
        body,
      };
      expect((await emulator.askUnsigned({ ...asked, path: `/webhooks/${source}/${TOKEN}` })).status).toBe(202);
      expect((await emulator.askUnsigned({ ...asked, path: `/webhooks/${source}/${TOKEN}0` })).status).toBe(401);
    },
    LONG,
  );

  test(
    'an event of ECR becomes a verdict on the bus, and all of its lines name the event',
    async () => {
      hear = await listen(scene, 'signet-dev');
      const detail = {
        result: 'SUCCESS',
        'repository-name': 'mirror/release',
        'image-digest': DIGEST,
        'action-type': 'PUSH',
        'image-tag': '4.16.37',
      };
      const event = { version: '0', id: EVENT_ID, 'detail-type': 'ECR Image Action', source: 'aws.ecr' };
      const place = { account: ACCOUNT, region: REGION, time: '2026-11-02T09:14:27Z', resources: [] };
      const received = await scene.invoke('receive-push', { ...event, ...place, detail });
      expect(received).toEqual({ status: 200, body: 'null' });
      const told = await time('event of ECR to its verdict', () => hear(EVENT_ID));
      expect(told).toMatchObject({ 'detail-type': 'Signet Verdict', detail: { outcome: 'accepted', digest: DIGEST } });
      await expectLines(EVENT_ID);
    },
    LONG,
  );

  test(
    'a push by a webhook becomes a verdict on the bus, and all of its lines name the request',
    async () => {
      const resource = { digest: DIGEST, tag: '4.16.37', resource_url: 'harbor.example.com/mirror/release:4.16.37' };
      const repository = { name: 'release', namespace: 'mirror', repo_full_name: 'mirror/release' };
      const push = { type: 'PUSH_ARTIFACT', occur_at: 1_793_611_033, operator: 'robot' };
      const body = JSON.stringify({ ...push, event_data: { resources: [resource], repository } });
      const asked = { method: 'POST', host: emulator.toApiHost(api), headers: { 'content-type': 'application/json' } };
      const taken = await emulator.askUnsigned({ ...asked, path: `/webhooks/harbor/${TOKEN}`, body });
      expect(taken).toMatchObject({ status: 202, body: expect.stringContaining('"queued":1') as unknown });
      const lines = await scene.readLog('receive-push');
      const line = lines.findLast(({ message, queued }) => message === 'push received' && queued === 1);
      const cause = v.parse(v.string(), line?.['correlationId']);
      const told = await time('webhook to its verdict', () => hear(cause));
      expect(told).toMatchObject({ 'detail-type': 'Signet Verdict', detail: { outcome: 'accepted', digest: DIGEST } });
      await expectLines(cause);
    },
    LONG,
  );

  /** Lines of one cause by both functions, each with Lambda's request. */
  async function expectLines(cause: string): Promise<void> {
    for (const [name, message] of [
      ['receive-push', 'push received'],
      ['verify-pushed', 'push verified'],
    ] as const) {
      const lines = await vi.waitFor(async () => {
        const found = (await scene.readLog(name)).filter(({ correlationId }) => correlationId === cause);
        expect(found.map(({ message: text }) => text)).toContain(message);
        return found;
      }, WAIT);
      for (const line of lines) {
        expect(line).toMatchObject({
          requestId: expect.any(String) as unknown,
          coldStart: expect.any(Boolean) as unknown,
        });
      }
    }
  }

  test(
    'a bundle is made by its queue, and its link gives it',
    async () => {
      const asked = { host: emulator.toApiHost(api), headers: { 'content-type': 'application/json' } };
      const queued = await emulator.ask({ ...asked, method: 'POST', path: '/v1/bundles', body: '{}' });
      expect(queued.status).toBe(202);
      const { id } = v.parse(v.object({ id: v.string() }), JSON.parse(queued.body));
      const Done = v.object({ state: v.literal('done'), link: v.string(), size: v.number() });
      const read = async () =>
        v.parse(Done, JSON.parse((await emulator.ask({ ...asked, path: `/v1/bundles/${id}` })).body));
      const { link, size } = await time('bundle', () => vi.waitFor(read, WAIT));
      const { pathname, search } = new URL(link);
      const fetched = await emulator.askUnsigned({ path: pathname + search });
      expect(fetched.status).toBe(200);
      expect(size).toBeGreaterThan(1000);
      const refused = await emulator.askUnsigned({ path: pathname });
      expect(refused.status).toBe(403);
    },
    LONG,
  );

  test(
    'removed, it leaves the bucket, with what is in it',
    async () => {
      const { code, output } = await time('removal', () => scene.stack.remove());
      expect([code, output]).toEqual([0, expect.stringContaining('has been successfully removed')]);
      const { Contents: kept = [] } = await scene.s3.send(
        new ListObjectsV2Command({ Bucket: BUCKET, Prefix: 'records/' }),
      );
      expect(kept.length).toBeGreaterThan(0);
      expect((await scene.invoke('reverify', {})).status).toBe(404);
    },
    LONG,
  );
});
