import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { openQueue } from '../../cli/dlq/queues.ts';
import { createHandler as createReceivePush } from '../../functions/receive-push/handler.ts';
import { createDirectoryObjectStore } from '../../lib/platform/objects/directory/directory-object-store.ts';
import { createSqsConsumer, createSqsQueue } from '../../lib/platform/queues/sqs-client.ts';
import { publishTrust } from '../../lib/trust/publish/publish-trust.ts';
import { createTrustSource } from '../../lib/trust/source/trust-source.ts';
import { createLocalContext } from '../../local/local-context.ts';
import type { LocalQueue } from '../../local/queues/start-queues.ts';
import { readFixtureDocuments, readFixtureTrust } from '../support/fixture-releases.ts';
import { NOBODY } from '../support/push-receiver.ts';
import { createKeptTelemetry } from '../support/quiet-telemetry.ts';
import { checkOutcome } from './check-outcome.ts';
import { makePushes, STRESS_REGISTRY, STRESS_REPOSITORY, type StressPushes } from './make-pushes.ts';
import { kill, readFirstLine, readPeakMemory, type StressProcess, startProcess } from './start-process.ts';

/** Milliseconds between two kills, at least; up to the same again on top by chance. */
const KILL_AFTER_MS = 3000;
const VISIBILITY_SECONDS = 5;
const LIMIT_MS = 15 * 60 * 1000;
const MAX_MEMORY = 300 * 1024 * 1024;

const [pushes = '10000', digests = '2000'] = process.argv.slice(2);
const plan = { pushes: Number(pushes), digests: Number(digests) };
const work = await mkdtemp(path.join(tmpdir(), 'signet-stress-'));
const children: StressProcess[] = [];

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Everything that receive-push is given, and the queues of another process. */
async function sendAll(made: StressPushes, client: SQSClient, push: LocalQueue): Promise<void> {
  const queue = createSqsQueue({ client, queueUrl: push.queueUrl });
  const receive = createReceivePush({
    trust: createTrustSource(createDirectoryObjectStore(path.join(work, 'objects')), ['ocp'], () => new Date()),
    webhooks: undefined,
    verifyIdentity: NOBODY,
    pushQueue: queue,
    sendDead: createSqsConsumer({ client, ...push }).sendDead,
    telemetry: createKeptTelemetry(),
  });
  const rest = made.events.values();
  const send = async (): Promise<void> => {
    for (const event of rest) await receive(event, createLocalContext('receive-push'));
  };
  await Promise.all([queue.sendMessages(made.malformedBodies), ...Array.from({ length: 16 }, send)]);
}

async function countMessages(client: SQSClient, queueUrl: string): Promise<number> {
  const command = new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['All'] });
  const { Attributes: attributes = {} } = await client.send(command);
  const { ApproximateNumberOfMessages: waiting, ApproximateNumberOfMessagesNotVisible: taken } = attributes;
  return Number(waiting) + Number(taken);
}

/** Runs the consumer, and kills it again and again until nothing is left to consume. */
async function consume(
  queues: Readonly<Record<'push' | 'mirror', LocalQueue>>,
  client: SQSClient,
  origin: string,
): Promise<{ kills: number; peak: number; events: readonly string[] }> {
  const lines: string[] = [];
  let [kills, peak, isSent] = [0, 0, false];
  void sent.then(() => {
    isSent = true;
  });
  const ends = Date.now() + LIMIT_MS;
  for (;;) {
    const consumer = startProcess('consume-pushes.ts', [path.join(work, 'objects'), JSON.stringify(queues), origin]);
    children.push(consumer);
    let rest = '';
    consumer.stdout.on('data', (chunk) => {
      const parts = `${rest}${String(chunk)}`.split('\n');
      rest = parts.pop() ?? '';
      lines.push(...parts.filter((line) => line.includes('"Signet Verdict')));
    });
    const killAt = Date.now() + KILL_AFTER_MS + Math.random() * KILL_AFTER_MS;
    while (Date.now() < killAt) {
      await delay(100);
      peak = Math.max(peak, (await readPeakMemory(consumer)) ?? 0);
    }
    const left =
      (await countMessages(client, queues.push.queueUrl)) + (await countMessages(client, queues.mirror.queueUrl));
    process.stderr.write(`\r${kills} kills, ${left} messages left      `);
    if (isSent && left === 0) {
      await kill(consumer);
      return { kills, peak, events: lines };
    }
    await kill(consumer);
    kills += 1;
    if (Date.now() > ends) throw new Error(`after ${LIMIT_MS / 60_000} minutes ${left} messages are left`);
  }
}

let sent: Promise<void> = Promise.resolve();
try {
  const [storeDirectory, objectsDirectory] = [path.join(work, 'store'), path.join(work, 'objects')];
  await mkdir(storeDirectory);
  const made = await makePushes(plan, storeDirectory);
  const store = startProcess('serve-signatures.ts', [storeDirectory]);
  const holder = startProcess('hold-queues.ts', [path.join(work, 'queues'), String(VISIBILITY_SECONDS)]);
  children.push(store, holder);
  const [url, named] = await Promise.all([readFirstLine(store), readFirstLine(holder)]);
  const queues = JSON.parse(named) as Record<'push' | 'mirror', LocalQueue> & { readonly accessKeyId: string };
  const { prepared } = await readFixtureTrust();
  const source = { source: 'ecr', registry: STRESS_REGISTRY, repository: STRESS_REPOSITORY };
  const [mirrorOf] = prepared.canonicalRepositories;
  const trust = {
    ...prepared,
    keyrings: [made.signer.keyring],
    stores: [{ url, origin: 'stress' }],
    storeAccess: { ...prepared.storeAccess, allowPrivateAddresses: true },
    pushSources: [{ ...source, mirrorOf }],
  };
  const objects = createDirectoryObjectStore(objectsDirectory);
  await publishTrust(objects, trust, readFixtureDocuments());
  const { client } = openQueue('the push queue', queues.push.queueUrl, queues.accessKeyId);
  const started = Date.now();
  sent = sendAll(made, client, queues.push);
  const [{ kills, peak, events }] = await Promise.all([consume(queues, client, url), sent]);
  const seconds = Math.round((Date.now() - started) / 1000);
  process.stderr.write('\n');
  const lines = await checkOutcome({ made, objects, client, queues, events });
  for (const line of lines) say(line);
  say(
    `${kills} kills with -9 in ${seconds} s; peak memory of a consumer ${Math.round(peak / 1024 / 1024)} MB (limit 300)`,
  );
  if (kills === 0) throw new Error('nothing was killed: the run proves nothing');
  if (peak > MAX_MEMORY) throw new Error('the consumer took more than 300 MB');
} finally {
  for (const child of children) await kill(child);
  await rm(work, { recursive: true, force: true });
}
