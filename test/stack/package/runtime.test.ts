import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { ROUTES } from '../../../local/routes.ts';
import { listFunctions } from '../../../scripts/build-functions.ts';
import { findTool } from '../../support/tools.ts';
import { type Emulator, startEmulator } from '../emulator/start-emulator.ts';
import { ACCOUNT, REGION } from './aws/aws-call.ts';
import { readZip } from './package-service.ts';
import { readEnvironment } from './read-environment.ts';
import { readFunction } from './read-function.ts';
import { makeRuntimeEvents } from './runtime/runtime-events.ts';
import { type Runtime, type RuntimePrograms, startRuntime } from './runtime/start-runtime.ts';
import { fillObjects, writeAdmission, writeWebhooks } from './sample-events.ts';
import { useVariants } from './use-variants.ts';

const [emulator, client, aws] = [findTool('lambda-emulator'), findTool('lambda-runtime'), findTool('ministack')];
/** The account of the emulator of AWS. */
const EMULATED = '000000000000';
const BUCKET = `signet-dev-${EMULATED}-${REGION}`;
const QUEUES = ['mirror', 'push', 'export'].flatMap((name) => [name, `${name}-dead-letters`]);
const LONG = 180_000;
const read = useVariants();
const events = await makeRuntimeEvents();

test('an event of every route, and of every function, is sent to the zips', async () => {
  const routes = events.flatMap(({ event }) => ('routeKey' in event ? [event.routeKey] : []));
  expect(new Set(routes)).toEqual(new Set(ROUTES.map(({ method, path: route }) => `${method} ${route}`)));
  expect([...new Set(events.map(({ function: name }) => name))].toSorted()).toEqual((await listFunctions()).toSorted());
});

describe.skipIf(emulator === undefined || client === undefined || aws === undefined)(
  'the zips under the Lambda runtime',
  () => {
    const programs: RuntimePrograms = { emulator: emulator ?? '', client: client ?? '' };
    const runtimes = new Map<string, Runtime>();
    let directory: string;
    let cloud: Emulator;
    let secrets: Readonly<Record<string, string>> = {};
    let started = 0;

    beforeAll(async () => {
      started = performance.now();
      directory = await mkdtemp(path.join(tmpdir(), 'signet-runtime-'));
      cloud = await startEmulator(aws ?? '', path.join(directory, 'aws'));
      secrets = await fillCloud(cloud, directory);
    }, LONG);

    afterAll(async () => {
      for (const runtime of runtimes.values()) await runtime.stop();
      await cloud?.stop();
      const seconds = Math.round((performance.now() - started) / 1000);
      process.stdout.write(
        `the zips under the Lambda runtime: ${events.length} events, ${runtimes.size} zips, ${seconds} s\n`,
      );
      await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    }, LONG);

    test.each(events)(
      '$function: $name',
      async ({ function: name, event, answer, logs = [] }) => {
        const runtime = runtimes.get(name) ?? (await start(name));
        const before = runtime.log().length;
        const answered = await runtime.invoke(event);
        if (answer === null) expect(answered).toBeNull();
        else expect(answered).toMatchObject(answer as object);
        // The log comes by another way than the answer, and may be later.
        const seesLog = () => {
          for (const words of logs) expect(runtime.log().slice(before)).toContain(words);
        };
        await vi.waitFor(seesLog, { timeout: 90_000 });
      },
      LONG,
    );

    async function start(name: string): Promise<Runtime> {
      const { settled } = read('every option');
      const { Handler: handler, Timeout: timeoutSeconds } = readFunction(settled, name);
      const own = Object.entries(readEnvironment(settled, name)).map(
        ([key, value]) => [key, secrets[key] ?? value.replaceAll(ACCOUNT, EMULATED)] as const,
      );
      const runtime = await startRuntime(programs, {
        zip: await readZip(inject('packaged').variants.defaults.directory, name),
        directory: path.join(directory, name),
        handler,
        timeoutSeconds,
        // Requests come without a CDN, and the emulator makes no key that signs.
        env: { ...Object.fromEntries(own), ...cloud.env, SIGNET_PROFILES: 'ocp', ...UNSET },
      });
      runtimes.set(name, runtime);
      return runtime;
    }

    const Letters = v.object({
      Messages: v.array(
        v.object({
          Body: v.string(),
          MessageAttributes: v.looseObject({ reason: v.object({ StringValue: v.string() }) }),
        }),
      ),
    });

    test.each([
      ['mirror', ['not JSON', '{"schema":2}']],
      ['push', [' ', '[]']],
      ['export', ['{"schema":1,"id":"../x"}']],
    ])('the dead letters of the %s queue are what can never be handled, with reasons', async (queue, bodies) => {
      const url = `${cloud.endpoint}/${EMULATED}/signet-dev-${queue}-dead-letters`;
      const asked = { QueueUrl: url, MaxNumberOfMessages: 10, MessageAttributeNames: ['All'] };
      const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AmazonSQS.ReceiveMessage' };
      const answer = await cloud.ask({
        method: 'POST',
        service: 'sqs',
        path: '/',
        headers,
        body: JSON.stringify(asked),
      });
      const { Messages: letters } = v.parse(Letters, JSON.parse(answer.body));
      expect(letters.map(({ Body: body }) => body)).toEqual(expect.arrayContaining(bodies));
      expect(letters.filter(({ MessageAttributes: { reason } }) => reason.StringValue === '')).toEqual([]);
    });
  },
);

const UNSET = { SIGNET_GRAPHS: '', SIGNET_EDGE: '', SIGNET_SIGNING_KEY: '' };

/** The bucket with trust and a signature, the queues, the bus, and the secrets. @returns their ARNs by setting */
async function fillCloud(cloud: Emulator, directory: string): Promise<Readonly<Record<string, string>>> {
  const settings = {
    region: REGION,
    endpoint: cloud.endpoint,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    requestHandler: { httpsAgent: { ca: await readFile(path.join(directory, 'aws/ca.pem'), 'utf8') } },
  };
  const s3 = new S3Client({ ...settings, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  const objects = path.join(directory, 'objects');
  await fillObjects(objects);
  for (const entry of await readdir(objects, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    await s3.send(
      new PutObjectCommand({ Bucket: BUCKET, Key: path.relative(objects, file), Body: await readFile(file) }),
    );
  }
  const call = (service: string, version: string, target: string, input: object) =>
    cloud.ask({
      method: 'POST',
      service,
      path: '/',
      headers: { 'content-type': `application/x-amz-json-${version}`, 'x-amz-target': target },
      body: JSON.stringify(input),
    });
  for (const name of QUEUES) await call('sqs', '1.0', 'AmazonSQS.CreateQueue', { QueueName: `signet-dev-${name}` });
  await call('events', '1.1', 'AWSEvents.CreateEventBus', { Name: 'shared' });
  const topic = await cloud.ask({
    method: 'POST',
    service: 'sns',
    path: '/',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ Action: 'CreateTopic', Name: 'verdicts', Version: '2010-03-31' }).toString(),
  });
  expect(topic.status).toBe(200);
  const secrets = new SecretsManagerClient(settings);
  const create = async (Name: string, SecretString: string): Promise<string> =>
    (await secrets.send(new CreateSecretCommand({ Name, SecretString }))).ARN ?? '';
  return {
    SIGNET_WEBHOOKS: await create('webhooks', await readFile(await writeWebhooks(directory), 'utf8')),
    SIGNET_ADMISSION: await create('admission', await readFile(await writeAdmission(directory), 'utf8')),
    SIGNET_PULL_SECRET: await create('pull', '{"auths":{}}'),
  };
}
