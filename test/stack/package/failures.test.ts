import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { listFunctions } from '../../../scripts/build-functions.ts';
import { toHttpEvent } from '../../support/http-event.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import { startUpdateService } from '../../support/servers/start-update-service.ts';
import { startAws } from './aws/start-aws.ts';
import { isRinging, type Sample } from './evaluate-alarm.ts';
import { AGAIN } from './queue-event.ts';
import { readEnvironment } from './read-environment.ts';
import { createResolver } from './resolve-values.ts';
import { fillObjects, makeSamples, writeAdmission, writeWebhooks } from './sample-events.ts';
import { GRAPH } from './scenarios/plan-scenario.ts';
import { type Reply, startBundle } from './start-bundle.ts';
import { resourcesOf } from './template.ts';
import { useVariants } from './use-variants.ts';

/** Where nobody listens. */
const CLOSED_PORT = 1;
/** As many as any alarm looks at. */
const PERIODS = 3;
const LONG = 180_000;
const SECRETS = { SIGNET_WEBHOOKS: writeWebhooks, SIGNET_ADMISSION: writeAdmission };

const names = await listFunctions();
const samples = await makeSamples();
/** Health is 503 by itself. */
const EVENTS: Readonly<Record<string, object>> = {
  'read-records': toHttpEvent({ method: 'GET', path: '/v1/verdicts' }),
};
const read = useVariants();

const Line = v.looseObject({
  _aws: v.object({
    CloudWatchMetrics: v.array(
      v.object({
        Namespace: v.string(),
        Dimensions: v.array(v.array(v.string())),
        Metrics: v.array(v.object({ Name: v.string() })),
      }),
    ),
  }),
});
const Http = v.object({ statusCode: v.number() });

/** How a function fares: with all that it needs, or without something. */
type Fault = 'none' | 'S3 is out of reach' | 'a secret is out of reach' | 'a secret is not what it has to be';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'signet-failures-'));
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** Runs the packaged function once. @returns its answer, and the metrics that there are then */
async function run(
  name: string,
  fault: Fault,
  event = EVENTS[name] ?? samples[name]?.event ?? {},
): Promise<{ readonly reply: Reply; readonly metrics: readonly Sample[] }> {
  const place = await mkdtemp(path.join(directory, `${name}-`));
  const objects = path.join(place, 'objects');
  await fillObjects(objects);
  const given = readEnvironment(read('defaults').settled, name);
  const env: Record<string, string> = { ...given };
  if (fault !== 'S3 is out of reach') env['SIGNET_OBJECTS'] = objects;
  for (const [variable, write] of Object.entries(SECRETS)) {
    if (Object.hasOwn(given, variable)) env[variable] = await toSecret(fault, await write(place));
  }
  // Without a graph plan-mirror reads nothing.
  const graphs = await startUpdateService(() => GRAPH);
  if (Object.hasOwn(given, 'SIGNET_GRAPHS') && fault !== 'none') env['SIGNET_GRAPHS'] = `ocp=${graphs.graphUrl}`;
  const aws = await startAws({ objects: createMemoryObjectStore(), secrets: new Map(), manifests: new Map() });
  const isCut = fault === 'S3 is out of reach' || fault === 'a secret is out of reach';
  const bundle = path.join(inject('packaged').variants.defaults.directory, 'dist', name, 'handler.mjs');
  const started = await startBundle(bundle, env, isCut ? CLOSED_PORT : aws.port);
  try {
    const reply = await started.invoke(event);
    return { reply, metrics: [...readMetrics(started.log()), ...listMetricsOfAws(name, reply)] };
  } finally {
    await started.stop();
    await aws.stop();
    await graphs.close();
  }
}

async function toSecret(fault: Fault, file: string): Promise<string> {
  if (fault === 'a secret is out of reach') return 'arn:aws:secretsmanager:us-east-1:111122223333:secret:none-AbCdEf';
  if (fault === 'a secret is not what it has to be') await writeFile(file, '{}');
  return file;
}

/** What CloudWatch makes of a log: the metrics of its embedded metric format. */
function readMetrics(log: string): readonly Sample[] {
  const lines = log.split('\n').filter((line) => line.includes('"_aws"'));
  return lines.flatMap((text) => {
    const line = v.parse(Line, JSON.parse(text));
    const { _aws: embedded } = line;
    return embedded.CloudWatchMetrics.flatMap(({ Namespace: namespace, Dimensions: sets, Metrics: metrics }) =>
      sets.flatMap((dimensions) =>
        metrics.map(({ Name: metric }) => ({
          namespace,
          metric,
          dimensions: Object.fromEntries(dimensions.map((key) => [key, String(line[key])])),
          value: v.parse(v.number(), line[metric]),
        })),
      ),
    );
  });
}

/** What Lambda and API Gateway count of an answer themselves. */
function listMetricsOfAws(name: string, { answer, error }: Reply): readonly Sample[] {
  const ofFunction = { namespace: 'AWS/Lambda', dimensions: { FunctionName: `signet-dev-${name}` } };
  const errors = { ...ofFunction, metric: 'Errors', value: error === undefined ? 0 : 1 };
  const isOver5xx = v.is(Http, answer) && answer.statusCode >= 500;
  const ofApi = { namespace: 'AWS/ApiGateway', dimensions: { ApiId: 'api' } };
  return v.is(Http, answer) ? [errors, { ...ofApi, metric: '5xx', value: isOver5xx ? 1 : 0 }] : [errors];
}

/** The alarms of failures that ring when each period is as this one. Those of trust ring for what reverify tells. */
function listRinging(metrics: readonly Sample[]): readonly string[] {
  const { settled } = read('defaults');
  const resolve = createResolver(settled);
  const periods = Array.from({ length: PERIODS }, () => metrics);
  const alarms = resourcesOf(settled, 'AWS::CloudWatch::Alarm').map(([, { Properties: properties }]) =>
    resolve(properties),
  );
  const named = alarms.map((alarm) => [v.parse(v.object({ AlarmName: v.string() }), alarm).AlarmName, alarm] as const);
  const ringing = named
    .filter(([, alarm]) => isRinging(alarm, periods))
    .map(([name]) => name.slice('signet-dev-'.length));
  return ringing.filter((name) => name !== 'trust-stale');
}

const OVER_THE_API = ['api-errors', 'request-failures'];
/** What rings while S3 is out of reach. */
const RINGS: Readonly<Record<string, readonly string[]>> = {
  'check-pullspec': OVER_THE_API,
  'verify-image': OVER_THE_API,
  'serve-signature': OVER_THE_API,
  // It reads nothing that could be out of reach.
  'serve-page': [],
  'read-records': OVER_THE_API,
  'redrive-letters': OVER_THE_API,
  'export-bundle': OVER_THE_API,
  'receive-push': OVER_THE_API,
  // A review has to be answered with 200, or the API server would take the webhook for one that is down.
  'review-admission': ['request-failures'],
  'mirror-signatures': ['message-failures'],
  'verify-pushed': ['message-failures'],
  'plan-mirror': ['plan-mirror-errors'],
  reverify: ['reverify-errors'],
  'publish-trust': ['publish-trust-errors', 'trust-not-published'],
};

describe('alarms, over what packaged functions count', () => {
  test.each(names)(
    'none rings while %s works',
    async (name) => {
      const { reply, metrics } = await run(name, 'none');
      expect(reply.error).toBeUndefined();
      expect(metrics.length).toBeGreaterThan(0);
      expect(listRinging(metrics)).toEqual([]);
    },
    LONG,
  );

  test.each(names)(
    'one rings when S3 is out of reach of %s',
    async (name) => {
      const { reply, metrics } = await run(name, 'S3 is out of reach');
      expect([name, listRinging(metrics).toSorted()]).toEqual([name, RINGS[name]]);
      if (RINGS[name]?.includes('message-failures') === true) expect(reply.answer).toEqual(AGAIN);
      // It does not come as far as the graph.
      expect(reply.error ?? '').not.toContain('loopback');
      // The same of another stage is none of this one's.
      const elsewhere = metrics.map((one) => ({ ...one, dimensions: toOtherStage(one.dimensions) }));
      expect(listRinging(elsewhere)).toEqual([]);
    },
    LONG,
  );

  test(
    'one rings when S3 is out of reach of who asks for health alone',
    async () => {
      const { metrics } = await run('read-records', 'S3 is out of reach', samples['read-records']?.event);
      expect(listRinging(metrics)).toEqual(['api-errors']);
    },
    LONG,
  );

  test.each([
    ['receive-push', 'a secret is out of reach', OVER_THE_API],
    ['receive-push', 'a secret is not what it has to be', OVER_THE_API],
    ['review-admission', 'a secret is out of reach', ['request-failures']],
    ['review-admission', 'a secret is not what it has to be', ['request-failures']],
  ] as const)(
    'one rings for %s when %s',
    async (name, fault, expected) => {
      expect(listRinging((await run(name, fault)).metrics).toSorted()).toEqual(expected);
    },
    LONG,
  );
});

function toOtherStage(dimensions: Sample['dimensions']): Sample['dimensions'] {
  const { stage, ...others } = dimensions;
  const renamed = Object.entries(others).map(
    ([key, value]) => [key, value.replace(/^(?:signet-dev-|api$)/, 'other-')] as const,
  );
  return { ...Object.fromEntries(renamed), ...(stage === undefined ? {} : { stage: 'other' }) };
}

describe('the API’s latency', () => {
  const slow = (milliseconds: number): Sample => ({
    namespace: 'AWS/ApiGateway',
    metric: 'Latency',
    dimensions: { ApiId: 'api' },
    value: milliseconds,
  });
  const many = (count: number, milliseconds: number) => Array.from({ length: count }, () => slow(milliseconds));

  test.each([
    ['every request is slow', many(10, 6000), ['api-latency']],
    ['two of ten are slow', [...many(8, 100), ...many(2, 6000)], ['api-latency']],
    ['one of twenty is slow', [...many(19, 100), ...many(1, 29_000)], []],
    ['all are quick', many(10, 100), []],
    ['there is none', [], []],
  ] as const)('rings when too many requests are slow: %s', (_, metrics, expected) => {
    expect(listRinging(metrics)).toEqual(expected);
  });

  test.each([
    ['one period', [[], [], many(1, 6000)], false],
    ['two', [[], many(1, 6000), many(1, 6000)], false],
    ['a quarter of an hour', [many(1, 6000), many(1, 6000), many(1, 6000)], true],
  ] as const)('rings after a quarter of an hour: %s', (_, periods, expected) => {
    const { settled } = read('defaults');
    const alarm = createResolver(settled)(settled.Resources['ApiLatencyAlarm']?.Properties);
    expect(isRinging(alarm, periods)).toBe(expected);
  });
});
