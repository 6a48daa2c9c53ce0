import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { type Digest, toStoreSegment } from '../../../lib/base/names/digest.ts';
import { toGraphPlaces } from '../../../lib/mirror/graph/read-graph.ts';
import { rememberAbsent } from '../../../lib/mirror/sync/absent-record.ts';
import { type PlanMirrorRequest, type PlanMirrorResult, planMirror } from '../../../lib/mirror/sync/plan-mirror.ts';
import { createHttpClient } from '../../../lib/platform/http/http-client.ts';
import type { ObjectStore } from '../../../lib/platform/objects/port/object-store.ts';
import type { PreparedTrust } from '../../../lib/trust/prepared/prepared-trust.ts';
import { type ReadyTrust, toReadyTrust } from '../../../lib/trust/source/trust-source.ts';
import { readFixtureTrust } from '../../support/fixture-releases.ts';
import { makeSigner, type Signer } from '../../support/make-signer.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import { createMemoryQueue } from '../../support/memory-queue.ts';
import { startUpdateService, type UpdateAnswer } from '../../support/servers/start-update-service.ts';
import { ARCHITECTURE, digestOf, node, OKD_CI, toGraphText, withMetadata } from '../graph/sample-graphs.ts';

const NOW = new Date('2026-11-22T12:00:00Z');
const QUESTION = { channels: [], architectures: [] };
const VERSIONS = ['4.16.0', '4.16.1', '4.16.2', '4.16.3'];
const GRAPH = toGraphText(VERSIONS.map((version) => node(version)));
const EMPTY = toGraphText([]);

let signer: Signer;
let prepared: PreparedTrust;
let close: (() => Promise<void>)[] = [];
beforeAll(async () => {
  signer = await makeSigner('release');
  ({ prepared } = await readFixtureTrust());
});
afterEach(async () => {
  await Promise.all(close.map((end) => end()));
  close = [];
});

function trustOf(change: Partial<PreparedTrust> = {}): ReadyTrust {
  return toReadyTrust({ ...prepared, keyrings: [signer.keyring], ...change }, NOW);
}

async function serve(answer: (channel: string | null) => UpdateAnswer): Promise<string> {
  const service = await startUpdateService((question) => answer(question.get('channel')));
  close.push(() => service.close());
  return service.graphUrl;
}

type Change = Partial<PlanMirrorRequest> & { readonly channels?: readonly string[] };

/** A plan over one graph, and what it queued. */
async function plan(
  answer: UpdateAnswer | ((channel: string | null) => UpdateAnswer),
  { channels = [], ...change }: Change = {},
): Promise<{ readonly result: PlanMirrorResult; readonly queued: readonly Digest[] }> {
  const graphUrl = await serve(typeof answer === 'function' ? answer : () => answer);
  const client = createHttpClient({ allowPrivateAddresses: true });
  const mirrorQueue = createMemoryQueue();
  const result = await planMirror({
    trust: trustOf(),
    places: toGraphPlaces(graphUrl, { ...QUESTION, channels }),
    client,
    reader: { readChildren: () => Promise.reject(new Error('a registry was asked')) },
    objects: createMemoryObjectStore(),
    mirrorQueue,
    now: NOW,
    signal: new AbortController().signal,
    ...change,
  }).finally(() => client.close());
  const bodies = mirrorQueue.sent.map((body) => JSON.parse(body) as { profile: string; digest: Digest });
  expect(new Set(bodies.map(({ profile }) => profile)).size).toBeLessThanOrEqual(1);
  return { result, queued: bodies.map(({ digest }) => digest) };
}

async function hold(objects: ObjectStore, versions: readonly string[], index = 1): Promise<void> {
  for (const digest of versions.map(digestOf)) {
    await objects.createObject(`signatures/${toStoreSegment(digest)}/signature-${index}`, signer.sign(digest));
  }
}

const askedBy = ({ prepared: { profile, revision, stores } }: ReadyTrust) => ({
  profile,
  trustRevision: revision,
  stores: stores.map(({ url }) => url),
});

describe('a plan', () => {
  test('queues what the mirror lacks, each digest once', async () => {
    const objects = createMemoryObjectStore();
    await hold(objects, ['4.16.0']);
    const { result, queued } = await plan(GRAPH, { objects, channels: ['stable-4.16', 'fast-4.16'] });
    expect(queued).toEqual(VERSIONS.slice(1).map(digestOf));
    const { coverage, catalog, ...counts } = result;
    expect(counts).toEqual({
      wanted: 4,
      queued: 3,
      held: 1,
      resting: 0,
      outside: [],
      childless: [],
      failures: [],
      unreadable: [],
    });
    expect(coverage).toMatchObject({ failedGraphs: 0, minors: [{ minor: '4.16', wanted: 4, held: 1, absent: 0 }] });
    expect(catalog?.releases.map(({ digest }) => digest)).toEqual(VERSIONS.map(digestOf).toReversed());
  });

  test('queues nothing, and reads no object, when nothing is new', async () => {
    const objects = createMemoryObjectStore();
    await hold(objects, VERSIONS);
    const mirrorQueue = { description: 'none', sendMessages: () => Promise.reject(new Error('sent')) };
    const { result } = await plan(GRAPH, { objects, mirrorQueue });
    expect(result).toMatchObject({ wanted: 4, queued: 0, held: 4 });
    expect(objects.reads).toEqual([]);
  });

  test('lets rest what was asked about lately, until other trust makes it another question', async () => {
    const objects = createMemoryObjectStore();
    const trust = trustOf();
    for (const version of VERSIONS) await rememberAbsent(objects, digestOf(version), 'absent', askedBy(trust), NOW);
    expect((await plan(GRAPH, { objects, trust })).result).toMatchObject({ queued: 0, resting: 4 });
    const later = new Date(NOW.getTime() + 60 * 60 * 1000);
    expect((await plan(GRAPH, { objects, trust, now: later })).result).toMatchObject({ queued: 4, resting: 0 });
    const other = trustOf({ revision: 'f'.repeat(64) });
    expect((await plan(GRAPH, { objects, trust: other })).result).toMatchObject({ queued: 4, resting: 0 });
  });

  test('of a profile with two keyrings leaves alone what one signature satisfies, and queues what it does not', async () => {
    const second = await makeSigner('second');
    const objects = createMemoryObjectStore();
    await hold(objects, VERSIONS);
    const same = { ...signer.keyring, name: 'verifier-public-key-same' };
    const satisfied = await plan(GRAPH, { objects, trust: trustOf({ keyrings: [signer.keyring, same] }) });
    expect(satisfied.result).toMatchObject({ queued: 0, held: 4 });
    const trust = trustOf({ keyrings: [signer.keyring, second.keyring] });
    const [first = digestOf('')] = VERSIONS.map(digestOf);
    await objects.createObject(`signatures/${toStoreSegment(first)}/signature-2`, second.sign(first));
    const { result, queued } = await plan(GRAPH, { objects, trust });
    expect(result).toMatchObject({ queued: 3, held: 1 });
    expect(queued).toEqual(VERSIONS.slice(1).map(digestOf));
  });

  test('leaves out what is outside the canonical repository', async () => {
    const graph = toGraphText([node('4.16.0'), node('4.16.1', OKD_CI)]);
    const { result, queued } = await plan(graph);
    expect(queued).toEqual([digestOf('4.16.0')]);
    expect(result.outside.map(({ digest }) => digest)).toEqual([digestOf('4.16.1')]);
  });

  test('queues the children of lists; a registry that fails leaves the list', async () => {
    const multi = withMetadata(node('4.16.0'), { [ARCHITECTURE]: 'multi' });
    const child = { digest: digestOf('amd64'), mediaType: 'any', platform: undefined };
    const { queued } = await plan(toGraphText([multi]), { reader: { readChildren: async () => [child] } });
    expect(queued).toEqual([digestOf('4.16.0'), digestOf('amd64')]);
    const failing = { readChildren: () => Promise.reject(new StoreError('NotAllowed', 'not contacted')) };
    const failed = await plan(toGraphText([multi]), { reader: failing });
    expect(failed.queued).toEqual([digestOf('4.16.0')]);
    expect(failed.result).toMatchObject({ childless: [{ error: { code: 'NotAllowed' } }], failures: [] });
  });
});

describe('a graph that cannot be had stops no other', () => {
  test.each([
    { name: 'a page of HTML', answer: '<html>', code: 'BodyInvalid' },
    { name: 'not JSON', answer: '{', code: 'BodyInvalid' },
    { name: 'no graph', answer: '{"nodes":{}}', code: 'BodyInvalid' },
    { name: 'a fault', answer: { status: 500 }, code: 'StatusUnexpected' },
    { name: 'not found', answer: { status: 404 }, code: 'NotFound' },
    { name: 'another question', answer: { status: 400 }, code: 'ArgumentInvalid' },
    { name: 'half of it', answer: { cut: GRAPH }, code: 'ConnectionFailed' },
    { name: 'no release', answer: EMPTY, code: 'BodyInvalid' },
  ] as const)('$name: $code', async ({ answer, code }) => {
    const { result, queued } = await plan((channel) => (channel === 'bad' ? answer : GRAPH), {
      channels: ['bad', 'good'],
    });
    expect(queued).toEqual(VERSIONS.map(digestOf));
    expect(result.failures).toMatchObject([{ error: { code } }]);
    expect(result.failures[0]?.source).toMatch(/ \(bad\)$/);
  });

  test('without a release in any, what the last plan found stays the answer', async () => {
    const { result } = await plan(EMPTY, { channels: ['stable-4.16', 'fast-4.16'] });
    expect(result).toMatchObject({ wanted: 0, queued: 0, failures: [{}, {}] });
    expect(result).not.toHaveProperty('coverage');
    expect(result).not.toHaveProperty('catalog');
  });

  test('a channel that one architecture lacks is read', async () => {
    const service = await startUpdateService((question) =>
      question.get('channel') === 'lacks' && question.get('arch') === 'arm64' ? EMPTY : GRAPH,
    );
    close.push(() => service.close());
    const asked = (...channels: readonly string[]) =>
      toGraphPlaces(service.graphUrl, { channels, architectures: ['amd64', 'arm64'] });
    expect((await plan(GRAPH, { places: asked('good', 'lacks') })).result.failures).toEqual([]);
    const { failures, coverage } = (await plan(GRAPH, { places: asked('lacks') })).result;
    expect(failures.map(({ error }) => error.message)).toEqual([expect.stringContaining('there is no release in ')]);
    expect(coverage?.failedGraphs).toBe(1);
  });

  test('a service that has no release at all fails, whatever another one has', async () => {
    const question = { channels: ['stable-4.16', 'fast-4.16'], architectures: ['amd64', 'arm64'] };
    const places = [await serve(() => GRAPH), await serve(() => EMPTY)].flatMap((url) => toGraphPlaces(url, question));
    const { failures, wanted } = (await plan(GRAPH, { places })).result;
    expect(failures).toHaveLength(4);
    expect(wanted).toBe(VERSIONS.length);
  });

  test('without any graph the mirror is not even listed', async () => {
    const objects = createMemoryObjectStore();
    const listObjects = () => {
      throw new Error('listed');
    };
    const { result } = await plan('{', { objects: { ...objects, listObjects } });
    expect(result).toMatchObject({ wanted: 0, queued: 0, failures: [{ error: { code: 'BodyInvalid' } }] });
    expect(objects.reads).toEqual([]);
  });
});

describe('a plan ends', () => {
  test.each([
    { name: 'verification is disabled', change: { verification: 'disabled' } },
    { name: 'there is no keyring', change: { keyrings: [] } },
  ] as const)('before any contact when $name', async ({ change }) => {
    const answer = (): UpdateAnswer => {
      throw new Error('asked');
    };
    await expect(plan(answer, { trust: trustOf(change) })).rejects.toMatchObject({ code: 'TrustUnusable' });
  });

  test('when the queue or the mirror fails', async () => {
    const mirrorQueue = createMemoryQueue({ failure: new StoreError('ConnectionFailed', 'no queue') });
    await expect(plan(GRAPH, { mirrorQueue })).rejects.toThrow('no queue');
    const listObjects = () => {
      throw new StoreError('ConnectionFailed', 'no bucket');
    };
    await expect(plan(GRAPH, { objects: { ...createMemoryObjectStore(), listObjects } })).rejects.toThrow('no bucket');
  });

  test('when its time is up, and queues nothing', async () => {
    const mirrorQueue = createMemoryQueue();
    const signal = AbortSignal.timeout(50);
    await expect(plan({ silent: true }, { signal, mirrorQueue })).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(mirrorQueue.sent).toEqual([]);
  });
});
