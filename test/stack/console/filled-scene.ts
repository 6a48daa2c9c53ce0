import { once } from 'node:events';
import { copyFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { parse, stringify } from 'yaml';
import { DEMO_MANIFESTS } from '../../../demo/demo-images.ts';
import { makeDemoReleases } from '../../../demo/demo-releases.ts';
import { serveRegistry } from '../../../demo/serve-registry.ts';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import { toPushBody } from '../../../lib/push/receive/push-message.ts';
import { startQueues } from '../../../local/queues/start-queues.ts';
import { FIXTURE_STORE, FIXTURE_TRUST, fixtureReleases } from '../../support/fixture-releases.ts';
import { until } from '../../support/until.ts';
import { type Scene, startScene, verify } from './scene.ts';

const CANONICAL = 'quay.io/openshift-release-dev/ocp-release';
export const digestOf = (pullspec: string): string => pullspec.slice(pullspec.indexOf('@') + 1);

/** Three that the fixture key signed; the first is pushed too, and had a signature that verifies for nobody. */
export const SIGNED = fixtureReleases
  .filter(({ expected }) => expected === 'accept')
  .map((one) => digestOf(one.pullspec));
const FOREIGN = fixtureReleases.find(({ expected }) => expected === 'KeyUnknown')?.pullspec ?? '';
/** In the update graph, and signed nowhere. */
export const UNSIGNED = `sha256:${'ab'.repeat(32)}`;
/** What a stranger put into the queue: it is no message. */
export const HOSTILE_BODY = `<img src=x onerror="window.hacked=5"><script>window.hacked=6</script>`;

export interface FilledScene extends Scene {
  /** Publishes what maps the repository of the push that became a dead letter. */
  readonly mapPush: () => Promise<void>;
}

/**
 * A service with something in every view: an update graph of four releases, three of them mirrored and one signed
 * nowhere; two revisions of the trust, between which a key came; a quarantined signature; two dead letters.
 */
export async function startFilledScene(): Promise<FilledScene> {
  const folder = await mkdtemp(path.join(tmpdir(), 'signet-filled-'));
  const trust = path.join(folder, 'trust');
  await cp(FIXTURE_TRUST, trust, { recursive: true });
  const graph = await serveGraph();
  const registry = await serveRegistry(DEMO_MANIFESTS, ['demo/release']);
  const left = path.join(folder, 'data');
  await leaveMessages(path.join(left, 'queues'));
  const places = ['--data', left, '--trust', trust, '--store', FIXTURE_STORE, '--allow-private-stores'];
  const graphs = ['--graph', `ocp=${graph.url}`, '--graph-channel', 'stable-4.18', '--graph-arch', 'amd64'];
  const scene = await startScene(...places, ...graphs, '--registry', `quay.example.com=${registry.url}`);
  const { url } = scene;
  for (const { pullspec } of fixtureReleases) await verify(url, pullspec);
  await until(async () => (await readEntries(url, 'held')).length === SIGNED.length);
  await until(async () => (await readEntries(url, 'waiting')).length === 1);
  await until(async () => (await countLetters(url)) === 2);
  // As a mirror that an earlier trust filled would be.
  const slot = path.join(left, 'objects/signatures', toSegment(SIGNED[0] ?? ''), 'signature-2');
  await copyFile(path.join(FIXTURE_STORE, toSegment(digestOf(FOREIGN)), 'signature-1'), slot);
  await addKey(path.join(trust, 'ocp/release-verification.yaml'));
  await until(async () => (await readRevisions(url)).length === 2);
  await until(async () => (await readEntries(url, 'quarantined')).length === 1);
  // A plan counts what is held when it is made, and asks the stores again where the trust is another one.
  await planAgain(url);
  await until(async () => (await readOpenpgp(url, UNSIGNED)) === 'absent');
  const close = async (): Promise<void> => {
    await scene.close();
    await registry.close();
    graph.close();
    await rm(folder, { recursive: true });
  };
  return { ...scene, close, mapPush: async () => await mapPush(trust, url) };
}

async function planAgain(url: string): Promise<void> {
  const resources = ['arn:aws:events:eu-central-1:123456789012:rule/signet-plan-mirror-1'];
  const response = await fetch(`${url}/local/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ source: 'aws.events', 'detail-type': 'Scheduled Event', resources }),
  });
  if (response.status !== 202) throw new Error(`the plan was answered ${response.status}: ${await response.text()}`);
  await response.arrayBuffer();
}

const toSegment = (digest: string): string => digest.replace(':', '=');

async function serveGraph() {
  const nodes = [...SIGNED, UNSIGNED].map((digest, index) => ({
    version: index === SIGNED.length ? '4.17.5' : `4.18.${index}`,
    payload: `${CANONICAL}@${digest}`,
    metadata: {},
  }));
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ nodes, edges: [] }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graph`, close };
}

/** As the service before would have left them: a push that the trust does not map any more, and what is no message. */
async function leaveMessages(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const queues = await startQueues(folder);
  const body = toPushBody(
    { profile: 'ocp', mirrorOf: parseRepository(CANONICAL), correlationId: undefined },
    {
      source: 'quay',
      registry: 'quay.example.com',
      repository: 'demo/release',
      digest: parseDigest(SIGNED[0] ?? ''),
      tag: undefined,
    },
  );
  for (const one of [body, HOSTILE_BODY]) {
    await queues.client.send(new SendMessageCommand({ QueueUrl: queues.push.queueUrl, MessageBody: one }));
  }
  await queues.close();
}

async function addKey(file: string): Promise<void> {
  const { armoredKey } = await makeDemoReleases();
  const document = parse(await readFile(file, 'utf8')) as { data: Record<string, string> };
  const held = document.data['verifier-public-key-fixture'] ?? '';
  document.data['verifier-public-key-fixture'] = `${held}\n${armoredKey}`;
  await writeFile(file, stringify(document));
}

async function mapPush(trust: string, url: string): Promise<void> {
  const source = { source: 'quay', registry: 'quay.example.com', repository: 'demo/release', mirrorOf: CANONICAL };
  const profile = {
    apiVersion: 'signet/v1',
    kind: 'Profile',
    metadata: { name: 'ocp' },
    spec: { pushSources: [source] },
  };
  const before = await readRevision(url);
  await writeFile(path.join(trust, 'ocp/profile.yaml'), stringify(profile));
  // What is published counts a little later, when the service reads it.
  await until(async () => (await readRevision(url)) !== before);
}

/** The revision that the service decides by. */
async function readRevision(url: string): Promise<string | undefined> {
  const { profiles } = await readJson(`${url}/v1/trust`);
  return (profiles as readonly { readonly revision: string }[])[0]?.revision;
}

async function readJson(url: string): Promise<Readonly<Record<string, unknown>>> {
  return (await (await fetch(url)).json()) as Readonly<Record<string, unknown>>;
}

async function readEntries(url: string, state: string) {
  return (await readJson(`${url}/v1/mirror?state=${state}`))['entries'] as readonly unknown[];
}

async function readOpenpgp(url: string, digest: string) {
  const { releases } = await readJson(`${url}/v1/releases?q=${digest}`);
  return (releases as readonly { openpgp: { state: string } }[])[0]?.openpgp.state;
}

async function countLetters(url: string) {
  return ((await readJson(`${url}/v1/dead-letters?queue=push`))['letters'] as readonly unknown[]).length;
}

/** Newest first. */
export async function readRevisions(url: string): Promise<readonly { readonly revision: string }[]> {
  const { revisions } = await readJson(`${url}/v1/trust/ocp/revisions`);
  return revisions as readonly { readonly revision: string }[];
}
