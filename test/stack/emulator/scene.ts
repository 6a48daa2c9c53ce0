import { hash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { packTar } from 'modern-tar';
import * as v from 'valibot';
import { vi } from 'vitest';
import { parseDigest, toStoreSegment } from '../../../lib/base/names/digest.ts';
import { fixtureReleases, readFixtureDocuments } from '../../support/fixture-releases.ts';
import { packageStack, type Stack } from './deploy-stack.ts';
import { type Answer, type Emulator, startEmulator } from './start-emulator.ts';

export const REGION = 'us-east-1';
export const ACCOUNT = '000000000000';
export const ECR_HOST = `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com`;
export const TOKEN = '5f1b9f0d6f3a4c0e8f2f6a7b8c9d0e1f';
export const PULLSPEC = fixtureReleases.find(({ expected }) => expected === 'accept')?.pullspec ?? '';
export const DIGEST = parseDigest(PULLSPEC.slice(PULLSPEC.indexOf('@') + 1));
export const SEGMENT = toStoreSegment(DIGEST);
const CANONICAL = PULLSPEC.slice(0, PULLSPEC.indexOf('@')).replace(/:[^/]*$/, '');
export const WAIT = { timeout: 90_000, interval: 500 };

/** An emulator, and a package of the service to deploy into it. */
export interface Scene {
  readonly emulator: Emulator;
  readonly stack: Stack;
  readonly s3: S3Client;
  /** Calls an operation of a service in JSON, by the root's key. */
  readonly call: (service: string, target: string, input: object) => Promise<Answer>;
  readonly invoke: (name: string, event: object) => Promise<Answer>;
  /** What a function has logged that is JSON. */
  readonly readLog: (name: string) => Promise<readonly Readonly<Record<string, unknown>>[]>;
  readonly stop: () => Promise<void>;
}

/** @param program the emulator's @param parameters of the stage `dev`, beside the secret of webhooks */
export async function startScene(program: string, parameters: Readonly<Record<string, string>> = {}): Promise<Scene> {
  const directory = await mkdtemp(path.join(tmpdir(), 'signet-emulator-'));
  const emulator = await startEmulator(program, path.join(directory, 'emulator'));
  const settings = {
    region: REGION,
    endpoint: emulator.endpoint,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    requestHandler: { httpsAgent: { ca: await readFile(path.join(directory, 'emulator/ca.pem'), 'utf8') } },
  };
  const webhooksSecret = await createWebhooksSecret(new SecretsManagerClient(settings));
  const stack = await packageStack(path.join(directory, 'service'), { webhooksSecret, ...parameters }, emulator);
  const call: Scene['call'] = (service, target, input) => {
    const version = service === 'sqs' ? '1.0' : '1.1';
    const headers = { 'content-type': `application/x-amz-json-${version}`, 'x-amz-target': target };
    return emulator.ask({ method: 'POST', service, path: '/', headers, body: JSON.stringify(input) });
  };
  return {
    emulator,
    stack,
    s3: new S3Client({ ...settings, forcePathStyle: true }),
    call,
    async invoke(name, event) {
      const target = `/2015-03-31/functions/signet-dev-${name}/invocations`;
      return await emulator.ask({ method: 'POST', service: 'lambda', path: target, body: JSON.stringify(event) });
    },
    async readLog(name) {
      const logGroupName = `/aws/lambda/signet-dev-${name}`;
      const { body } = await call('logs', 'Logs_20140328.FilterLogEvents', { logGroupName });
      return v.parse(LogEvents, JSON.parse(body)).events.flatMap(({ message }) => toLine(message));
    },
    async stop() {
      await emulator.stop();
      await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

const LogEvents = v.object({ events: v.array(v.object({ message: v.string() })) });
const Line = v.record(v.string(), v.unknown());

/** Lambda's own lines are text. */
function toLine(message: string): readonly v.InferOutput<typeof Line>[] {
  return message.startsWith('{') ? [v.parse(Line, JSON.parse(message))] : [];
}

/** Tokens for the registries of demo/events. */
async function createWebhooksSecret(secrets: SecretsManagerClient): Promise<string> {
  const tokenSha256 = hash('sha256', TOKEN);
  const sources = ['quay', 'harbor', 'distribution', 'dockerhub'];
  const credentials = sources.map((source) => ({ source, registry: toRegistry(source), tokenSha256 }));
  const SecretString = JSON.stringify({ schema: 1, credentials });
  const { ARN: arn = '' } = await secrets.send(new CreateSecretCommand({ Name: 'webhooks', SecretString }));
  return arn;
}

/** As the samples of demo/events have them. */
function toRegistry(source: string): string {
  return source === 'dockerhub' ? 'docker.io' : `${source}.example.com`;
}

/** Puts an archive of trust into the inbox, which maps pushes to ECR and to Harbor. */
export async function putTrust({ s3 }: Scene, bucket: string): Promise<void> {
  const spec = {
    pushSources: [
      { source: 'ecr', registry: ECR_HOST, repository: 'mirror/release', mirrorOf: CANONICAL },
      { source: 'harbor', registry: toRegistry('harbor'), repository: 'mirror/release', mirrorOf: CANONICAL },
    ],
  };
  const profile = { apiVersion: 'signet/v1', kind: 'Profile', metadata: { name: 'ocp' }, spec };
  const documents = readFixtureDocuments({ 'profile.yaml': JSON.stringify(profile) });
  const entries = documents.map(({ name, bytes }) => ({ header: { name, size: bytes.length }, body: bytes }));
  const Body = gzipSync(await packTar(entries));
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'trust-inbox/ocp.tar.gz', Body }));
}

const Event = v.object({ 'detail-type': v.string(), detail: v.looseObject({ correlationId: v.string() }) });
const Received = v.object({ Messages: v.optional(v.array(v.object({ Body: v.string() })), []) });

export type VerdictEvent = v.InferOutput<typeof Event>;

/** Listens to a bus by a rule and a queue. @returns what waits for the event of a cause */
export async function listen(scene: Scene, bus: string): Promise<(correlationId: string) => Promise<VerdictEvent>> {
  const name = `verdicts-of-${bus}`;
  const QueueUrl = `${scene.emulator.endpoint}/${ACCOUNT}/${name}`;
  const Arn = `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`;
  const Statement = [
    { Effect: 'Allow', Principal: { Service: 'events.amazonaws.com' }, Action: 'sqs:SendMessage', Resource: Arn },
  ];
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
  await scene.call('sqs', 'AmazonSQS.CreateQueue', { QueueName: name, Attributes: { Policy } });
  const rule = { Name: name, EventBusName: bus, EventPattern: JSON.stringify({ source: ['signet'] }) };
  await scene.call('events', 'AWSEvents.PutRule', rule);
  await scene.call('events', 'AWSEvents.PutTargets', {
    Rule: name,
    EventBusName: bus,
    Targets: [{ Id: 'queue', Arn }],
  });
  const heard: VerdictEvent[] = [];
  const hear = async (correlationId: string): Promise<VerdictEvent> => {
    const request = { QueueUrl, MaxNumberOfMessages: 10 };
    const { body } = await scene.call('sqs', 'AmazonSQS.ReceiveMessage', request);
    const { Messages: messages } = v.parse(Received, JSON.parse(body));
    heard.push(...messages.map(({ Body: text }) => v.parse(Event, JSON.parse(text))));
    const event = heard.find(({ detail }) => detail.correlationId === correlationId);
    if (event === undefined) throw new Error(`no event of ${correlationId} among ${heard.length}`);
    return event;
  };
  return (correlationId) => vi.waitFor(() => hear(correlationId), WAIT);
}
