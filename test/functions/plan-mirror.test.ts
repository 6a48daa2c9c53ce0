import type { Context } from 'aws-lambda';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { evaluateGraphSettings } from '../../functions/plan-mirror/evaluate-graph-settings.ts';
import { createHandler, type Dependencies } from '../../functions/plan-mirror/handler.ts';
import { MAX_QUESTIONS } from '../../lib/mirror/graph/read-graph.ts';
import { createHttpClient } from '../../lib/platform/http/http-client.ts';
import type { ObjectStore } from '../../lib/platform/objects/port/object-store.ts';
import { createTrustSource } from '../../lib/trust/source/trust-source.ts';
import { createLocalContext } from '../../local/local-context.ts';
import { ARCHITECTURE, digestOf, node, OKD_CI, toGraphText, withMetadata } from '../mirror/graph/sample-graphs.ts';
import { createMemoryRegistries, publishKeyrings } from '../push/verify/push-setup.ts';
import { makeSigner, type Signer } from '../support/make-signer.ts';
import { createMemoryObjectStore } from '../support/memory-object-store.ts';
import { createMemoryQueue } from '../support/memory-queue.ts';
import { createKeptTelemetry } from '../support/quiet-telemetry.ts';
import { startUpdateService, type UpdateAnswer } from '../support/servers/start-update-service.ts';

const GRAPH = toGraphText([node('4.16.0'), node('4.16.1'), node('4.16.2', OKD_CI)]);
const GOOD = 'http://updates.example.com/graph';

let signer: Signer;
let close: (() => Promise<void>)[] = [];
beforeAll(async () => {
  signer = await makeSigner('release');
});
afterEach(async () => {
  await Promise.all(close.map((end) => end()));
  close = [];
});

async function makeObjects(): Promise<ObjectStore> {
  const objects = createMemoryObjectStore();
  await publishKeyrings(objects, [signer.keyring]);
  return objects;
}

async function setUp(
  graphs: string,
  answer: (channel: string | null) => UpdateAnswer = () => GRAPH,
  change: Partial<Dependencies> & { readonly graphChannels?: string } = {},
) {
  const service = await startUpdateService((question) => answer(question.get('channel')));
  close.push(() => service.close());
  const profiles = ['ocp', 'none'];
  const configuration = { profiles, graphs: graphs.replaceAll('URL', service.graphUrl) };
  const { graphChannels } = change;
  const settings = evaluateGraphSettings({ ...configuration, graphChannels });
  expect(settings.faults).toEqual([]);
  const objects = change.objects ?? (await makeObjects());
  const [telemetry, mirrorQueue, registries] = [createKeptTelemetry(), createMemoryQueue(), createMemoryRegistries({})];
  const now = (): Date => new Date();
  let open = 0;
  const handler = createHandler({
    graphs: settings.graphs,
    trust: createTrustSource(objects, profiles, now),
    objects,
    openClient: () => {
      const client = createHttpClient({ allowPrivateAddresses: true });
      open += 1;
      return {
        ...client,
        close: () => {
          open -= 1;
          client.close();
        },
      };
    },
    registries,
    mirrorQueue,
    telemetry,
    now,
    ...change,
  });
  const run = (context: Pick<Context, 'getRemainingTimeInMillis'> = createLocalContext('plan-mirror')) =>
    handler({ source: 'aws.events' }, context);
  return { run, telemetry, mirrorQueue, registries, openClients: () => open };
}

describe('plan-mirror', () => {
  test('queues what is missing, counts it, and tells what it left out', async () => {
    const { run, telemetry, mirrorQueue, openClients } = await setUp('ocp=URL');
    expect(await run()).toEqual({ wanted: 2, queued: 2, held: 0, resting: 0, outside: 1 });
    expect(mirrorQueue.sent.map((body) => JSON.parse(body) as unknown)).toEqual(
      ['4.16.0', '4.16.1'].map((version) => ({ schema: 1, profile: 'ocp', digest: digestOf(version) })),
    );
    const expected = { PlanWanted: 2, PlanQueued: 2, PlanHeld: 0, PlanResting: 0, PlanOutside: 1, PlanFailed: 0 };
    expect(Object.fromEntries(telemetry.counts)).toEqual(expected);
    expect(telemetry.lines).toContainEqual({
      level: 'warn',
      message: 'outside the canonical repositories, not mirrored',
      fields: { profile: 'ocp', count: 1, payloads: [`${OKD_CI}@${digestOf('4.16.2')}`] },
    });
    expect([telemetry.flushes(), openClients()]).toEqual([1, 0]);
  });

  test('does nothing without graphs', async () => {
    const objects = createMemoryObjectStore();
    const openClient = () => {
      throw new Error('a client was opened');
    };
    const { run, telemetry } = await setUp('', undefined, { objects, openClient });
    expect(await run()).toEqual({ wanted: 0, queued: 0, held: 0, resting: 0, outside: 0 });
    expect([objects.reads, telemetry.lines]).toEqual([[], []]);
  });

  test('logs at most twenty of what is outside', async () => {
    const nodes = Array.from({ length: 50 }, (_, index) => node(`4.16.${index}`, OKD_CI));
    const { run, telemetry } = await setUp('ocp=URL', () => toGraphText(nodes));
    expect(await run()).toMatchObject({ wanted: 0, outside: 50 });
    expect(telemetry.counts.get('PlanOutside')).toBe(50);
    const [line] = telemetry.lines.filter(({ level }) => level === 'warn');
    expect(line?.fields).toMatchObject({ count: 50 });
    expect(line?.fields['payloads']).toHaveLength(20);
  });

  test.each([
    ['graph/children.json', 'children'],
    ['graph/coverage/ocp.json', 'coverage'],
    ['graph/releases/ocp.json', 'releases'],
    [`absent/${digestOf('4.16.0').replace(':', '-')}.json`, 'absent'],
  ])('what is too long at %s stops nothing, and is reported', async (key) => {
    const objects = await makeObjects();
    await objects.createObject(key, new Uint8Array(17 * 1024 * 1024));
    const multi = withMetadata(node('4.16.0'), { [ARCHITECTURE]: 'multi' });
    const { run, telemetry, mirrorQueue } = await setUp('ocp=URL', () => toGraphText([multi, node('4.16.1')]), {
      objects,
    });
    await expect(run()).rejects.toMatchObject({ code: 'LimitExceeded' });
    expect(mirrorQueue.sent).toHaveLength(2);
    expect([telemetry.counts.get('PlanFailed'), telemetry.counts.get('PlanQueued')]).toEqual([1, 2]);
    const remembered = ['graph/coverage/ocp.json', 'graph/releases/ocp.json'].filter((one) => one !== key);
    for (const one of remembered) expect(await objects.readObject(one, 1024 * 1024)).toBeDefined();
    const [line] = telemetry.lines.filter(({ level }) => level === 'error');
    expect(JSON.stringify(line)).toContain(key);
  });

  test('names lists whose images are not known, and does not fail for them', async () => {
    const multi = withMetadata(node('4.16.0'), { [ARCHITECTURE]: 'multi' });
    const { run, telemetry, registries } = await setUp('ocp=URL', () => toGraphText([multi]));
    expect(await run()).toMatchObject({ queued: 1 });
    expect(registries.asked).toEqual([digestOf('4.16.0')]);
    expect(telemetry.counts.get('PlanChildless')).toBe(1);
    expect(telemetry.lines).toContainEqual(expect.objectContaining({ message: 'lists without their images' }));
  });

  test.each([
    { name: 'a graph', graphs: 'ocp=URL?channel=bad,ocp=URL?channel=good', failed: 'HTTP status 500' },
    { name: 'a profile', graphs: 'none=URL,ocp=URL', failed: 'none' },
  ])('$name that fails stops no other, and is thrown at the end', async ({ graphs, failed }) => {
    const answer = (channel: string | null): UpdateAnswer => (channel === 'bad' ? { status: 500 } : GRAPH);
    const { run, telemetry, mirrorQueue, openClients } = await setUp(graphs, answer);
    await expect(run()).rejects.toThrow(failed);
    expect(mirrorQueue.sent).toHaveLength(2);
    expect(Object.fromEntries(telemetry.counts)).toMatchObject({ PlanQueued: 2, PlanFailed: 1 });
    expect(telemetry.lines.filter(({ level }) => level === 'error')).toMatchObject([{ message: 'not planned' }]);
    expect([telemetry.flushes(), openClients()]).toEqual([1, 0]);
  });

  test('gives up before Lambda ends it, and says so', async () => {
    const { run, telemetry, mirrorQueue } = await setUp('ocp=URL', () => ({ silent: true }));
    await expect(run({ getRemainingTimeInMillis: () => 10_050 })).rejects.toMatchObject({
      name: 'StoreError',
      code: 'TimedOut',
    });
    expect(mirrorQueue.sent).toEqual([]);
    expect(telemetry.lines).toMatchObject([{ level: 'error', message: 'not planned' }]);
  });
});

describe('the setting of graphs', () => {
  const evaluate = (graphs: string | undefined, graphChannels?: string, graphArchitectures?: string) =>
    evaluateGraphSettings({ profiles: ['ocp', 'okd'], graphs, graphChannels, graphArchitectures });
  const sourcesOf = (...given: Parameters<typeof evaluate>) => {
    const { graphs, faults } = evaluate(...given);
    expect(faults).toEqual([]);
    return graphs.map(({ profile, places }) => [profile, places.map((place) => 'source' in place && place.source)]);
  };

  test.each([undefined, '', '  '])('may be %j', (text) => {
    expect(evaluate(text)).toEqual({ graphs: [], faults: [] });
  });

  test('is several for one profile, one question for each channel and architecture', () => {
    expect(sourcesOf(`ocp=${GOOD}, okd=${GOOD}?channel=stable, ocp=${GOOD}/2`)).toEqual([
      ['ocp', [GOOD, `${GOOD}/2`]],
      ['okd', [`${GOOD} (stable)`]],
    ]);
    expect(sourcesOf(`ocp=${GOOD}`, 'stable-4.16, fast-4.16', 'amd64,multi')).toEqual([
      [
        'ocp',
        ['stable-4.16, amd64', 'stable-4.16, multi', 'fast-4.16, amd64', 'fast-4.16, multi'].map(
          (asked) => `${GOOD} (${asked})`,
        ),
      ],
    ]);
  });

  test.each([
    { name: 'no profile', graphs: GOOD, fault: 'is not profile=URL' },
    { name: 'an empty profile', graphs: `=${GOOD}`, fault: 'is not profile=URL' },
    { name: 'no URL', graphs: 'ocp=', fault: 'is not profile=URL' },
    { name: 'a file', graphs: 'ocp=/etc/passwd', fault: 'is not profile=URL' },
    { name: 'a comma too many', graphs: `ocp=${GOOD},`, fault: 'is not profile=URL', entry: 2 },
    { name: 'an unknown profile', graphs: `scos=${GOOD}`, fault: 'names a profile that is not configured' },
    { name: 'the same twice', graphs: `ocp=${GOOD},ocp=${GOOD}`, fault: 'is given twice', entry: 2 },
    { name: 'another scheme', graphs: 'ocp=file:///etc/passwd', fault: 'cannot be read: file:// is not contacted' },
    { name: 'half a URL', graphs: 'ocp=https://', fault: 'cannot be read: https://… is not a URL' },
  ])('refuses $name', ({ graphs, fault, entry = 1 }) => {
    const [first, ...others] = evaluate(graphs).faults;
    expect(first).toContain(`SIGNET_GRAPHS: entry ${entry} ${fault}`);
    expect(others).toEqual([]);
  });

  test.each([
    'ocp=https://someone:hunter2@updates.example.com/graph',
    'https://someone:hunter2@updates.example.com/?a=b',
    'https://someone:hunter2@updates.example.com/?a=http://b',
  ])('never repeats a password: %s', (graphs) => {
    const { faults } = evaluate(graphs);
    expect(faults.length).toBeGreaterThan(0);
    expect(faults.join()).not.toMatch(/hunter2|someone/);
  });

  test('tells all that is wrong at once', () => {
    expect(evaluate(`scos=${GOOD},ocp`, 'stable 4.16,,fast,fast', 'amd64/v2').faults).toEqual([
      'SIGNET_GRAPH_CHANNELS: "stable 4.16" is not a name',
      'SIGNET_GRAPH_CHANNELS: "" is not a name',
      'SIGNET_GRAPH_CHANNELS: fast is given twice',
      'SIGNET_GRAPH_ARCHITECTURES: "amd64/v2" is not a name',
      'SIGNET_GRAPHS: entry 1 names a profile that is not configured',
      'SIGNET_GRAPHS: entry 2 is not profile=URL',
    ]);
  });

  test('refuses more questions than one graph may lead to', () => {
    const channels = Array.from({ length: MAX_QUESTIONS + 1 }, (_, index) => `c${index}`).join(',');
    expect(evaluate(`ocp=${GOOD}`, channels).faults).toEqual([
      expect.stringContaining(`SIGNET_GRAPHS: entry 1 cannot be read: more than ${MAX_QUESTIONS} requests`),
    ]);
  });
});
