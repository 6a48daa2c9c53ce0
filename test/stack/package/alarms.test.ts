import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ASSUMPTIONS } from '../../../bench/cost/assumptions.ts';
import { listFunctions } from '../../../scripts/build-functions.ts';
import { resourcesOf } from './template.ts';
import { useVariants } from './use-variants.ts';
import { VARIANTS } from './variants.ts';

const ROOT = path.join(import.meta.dirname, '../../..');
const names = await listFunctions();
const read = useVariants();

const Metric = v.object({
  Namespace: v.picklist(['AWS/SQS', 'AWS/Lambda', 'AWS/ApiGateway', 'AWS/Events', 'Signet']),
  MetricName: v.string(),
  Dimensions: v.tupleWithRest(
    [
      v.object({
        Name: v.string(),
        Value: v.union([
          v.string(),
          v.pipe(
            v.object({ Ref: v.string() }),
            v.transform(({ Ref: name }) => name),
          ),
          v.pipe(
            v.object({ 'Fn::GetAtt': v.strictTuple([v.string(), v.literal('QueueName')]) }),
            v.transform((get) => get['Fn::GetAtt'][0]),
          ),
        ]),
      }),
    ],
    v.object({ Name: v.literal('stage'), Value: v.literal('dev') }),
  ),
});
type Metric = v.InferOutput<typeof Metric>;

const Alarm = v.object({
  AlarmName: v.string(),
  AlarmDescription: v.string(),
  TreatMissingData: v.string(),
  AlarmActions: v.optional(v.unknown()),
  OKActions: v.optional(v.unknown()),
  Metrics: v.optional(v.array(v.object({ MetricStat: v.optional(v.object({ Metric })) }))),
});

interface ReadAlarm extends v.InferOutput<typeof Alarm> {
  readonly metrics: readonly Metric[];
}

function readAlarms(variant: (typeof VARIANTS)[number] = 'defaults'): readonly ReadAlarm[] {
  return resourcesOf(read(variant).settled, 'AWS::CloudWatch::Alarm').map(([, { Properties: properties }]) => {
    const alarm = v.parse(Alarm, properties);
    const metrics = alarm.Metrics?.flatMap(({ MetricStat: stat }) => (stat === undefined ? [] : [stat.Metric]));
    return { ...alarm, metrics: metrics ?? [v.parse(Metric, properties)] };
  });
}

/** Alarms on a metric: `MirrorQueue`, or whatever else the dimension names. */
function listWatched(metric: string): readonly string[] {
  const all = readAlarms().flatMap(({ metrics }) => metrics);
  return all.filter(({ MetricName: name }) => name === metric).map(({ Dimensions: [{ Value: value }] }) => value);
}

/** The functions that requests, or messages, are handed to. */
function listCallers(event: 'httpApi' | 'sqs'): readonly string[] {
  const Service = v.object({
    functions: v.record(v.string(), v.object({ events: v.optional(v.array(v.record(v.string(), v.unknown())), []) })),
  });
  const service = v.parse(
    Service,
    parse(readFileSync(path.join(ROOT, 'serverless.yml'), 'utf8'), { logLevel: 'silent' }),
  );
  const called = Object.entries(service.functions).filter(([, { events }]) => events.some((one) => event in one));
  return called.map(([name]) => name);
}

/** The TypeScript of a folder. */
function readSources(folder: string): string {
  const files = readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' });
  const sources = files.filter((name) => name.endsWith('.ts'));
  return sources.map((name) => readFileSync(path.join(ROOT, folder, name), 'utf8')).join('\n');
}

/** The function of `lib/` that counts a metric by its name, if one does. */
function findCounter(metric: string): string | undefined {
  const before = readSources('lib').split(`.count('${metric}'`);
  return before.length === 2 ? /.*export function (\w+)/s.exec(before[0] ?? '')?.[1] : undefined;
}

/** Counted around every handler of a kind. */
const WRAPPERS: Readonly<Record<string, string>> = { RequestFailed: 'wrapHttp', MessageFailed: 'wrapQueue' };

/** Whether a function counts it: by its name, by a name that ends in an outcome, or by a function of `lib/`. */
function isCounted(metric: string, service: string): boolean {
  const [kind = '', outcome] = metric.split('.');
  const source = readSources(`functions/${service}`);
  if (!source.includes(`createTelemetry('${service}')`)) return false;
  const counter = findCounter(metric);
  if (counter !== undefined && source.includes(`${counter}(`)) return true;
  const wrapper = WRAPPERS[metric];
  if (wrapper !== undefined) return source.includes(`${wrapper}(`);
  if (outcome === undefined) return source.includes(`'${metric}'`);
  return source.includes(`\`${kind}.\${`) && new RegExp(`'${outcome}'`).test(readSources('lib'));
}

describe('alarms', () => {
  test('watch every queue: its age, or its dead letters', () => {
    const queues = resourcesOf(read('defaults').settled, 'AWS::SQS::Queue').map(([id]) => id);
    const deadLetters = queues.filter((id) => id.endsWith('DeadLetterQueue'));
    expect(listWatched('ApproximateNumberOfMessagesVisible').toSorted()).toEqual(deadLetters.toSorted());
    const others = queues.filter((id) => !deadLetters.includes(id));
    expect(listWatched('ApproximateAgeOfOldestMessage').toSorted()).toEqual(others.toSorted());
  });

  test('watch every function, for errors and for throttles', () => {
    const functions = names.map(toLogicalId).toSorted();
    expect(listWatched('Errors').toSorted()).toEqual(functions);
    expect(listWatched('Throttles').toSorted()).toEqual(functions);
  });

  test('look at no more metrics than CloudWatch takes in an expression', () => {
    expect(Math.max(...readAlarms().map(({ metrics }) => metrics.length))).toBeLessThanOrEqual(10);
  });

  test('watch the API, every rule, and every function that Lambda takes events for', () => {
    const { settled } = read('defaults');
    expect(listWatched('5xx')).toEqual(['HttpApi']);
    expect(listWatched('Latency')).toEqual(['HttpApi']);
    const rules = resourcesOf(settled, 'AWS::Events::Rule').map(([id]) => id);
    expect(listWatched('FailedInvocations').toSorted()).toEqual(rules.toSorted());
    expect(listWatched('InvocationsFailedToBeSentToDlq')).toEqual(['EcrPushRule']);
    const taken = ['receive-push', 'reverify', 'plan-mirror', 'publish-trust'].map(toLogicalId);
    expect(listWatched('AsyncEventsDropped').toSorted()).toEqual(taken.toSorted());
    expect(listWatched('DestinationDeliveryFailures')).toEqual([toLogicalId('receive-push')]);
  });

  test('watch what the functions count of trust, keys and verdicts', () => {
    expect(
      [
        'TrustAgeSeconds',
        'KeyExpiresInDays',
        'VerdictChanged',
        'TrustNotPublished',
        'RecordObstructed',
        'LastVerdictBroken',
      ].map((name) => [name, ...listWatched(name)]),
    ).toEqual([
      ['TrustAgeSeconds', 'reverify'],
      ['KeyExpiresInDays', 'reverify'],
      ['VerdictChanged', 'verify-pushed'],
      ['TrustNotPublished', 'publish-trust'],
      ['RecordObstructed', 'verify-image', 'review-admission', 'verify-pushed'],
      ['LastVerdictBroken', 'verify-pushed'],
    ]);
    expect(listWatched('RequestFailed').toSorted()).toEqual(listCallers('httpApi').toSorted());
    expect(listWatched('MessageFailed').toSorted()).toEqual(listCallers('sqs').toSorted());
  });

  test('are as many metrics as docs/cost.md counts, as are the routes', () => {
    const { alarmMetrics, routes } = ASSUMPTIONS.watching;
    expect(readAlarms().flatMap(({ metrics }) => metrics)).toHaveLength(alarmMetrics);
    expect(resourcesOf(read('defaults').settled, 'AWS::ApiGatewayV2::Route')).toHaveLength(routes);
  });

  test('look at metrics that something gives', () => {
    const { Resources: resources } = read('defaults').settled;
    const metrics = readAlarms().flatMap(({ metrics: some }) => some);
    const unknown = metrics.filter(
      ({ Namespace: space, MetricName: name, Dimensions: [{ Name: by, Value: value }, ...others] }) => {
        // A stage's own metrics alone: two stages of an account must not ring each other's alarms.
        if (others.length !== (space === 'Signet' ? 1 : 0)) return true;
        switch (space) {
          case 'AWS/SQS':
            return by !== 'QueueName' || resources[value]?.Type !== 'AWS::SQS::Queue';
          case 'AWS/Lambda':
            return by !== 'FunctionName' || resources[value]?.Type !== 'AWS::Lambda::Function';
          case 'AWS/ApiGateway':
            return by !== 'ApiId' || resources[value]?.Type !== 'AWS::ApiGatewayV2::Api';
          case 'AWS/Events':
            return by !== 'RuleName' || resources[value]?.Type !== 'AWS::Events::Rule';
          case 'Signet':
            return by !== 'service' || !isCounted(name, value);
          default:
            return space satisfies never;
        }
      },
    );
    expect(unknown).toEqual([]);
  });

  test('ring when nothing is told of the trust, and else only for what is told', () => {
    const loud = readAlarms().filter(({ TreatMissingData: missing }) => missing !== 'notBreaching');
    expect(loud.map(({ AlarmName: name, TreatMissingData: missing }) => [name, missing])).toEqual([
      ['signet-dev-trust-stale', 'breaching'],
    ]);
  });

  test('look at the trust twice as long as reverify takes to tell of it again', () => {
    expect(read('defaults').settled.Resources['TrustStaleAlarm']?.Properties).toMatchObject({ Period: 1800 });
    expect(read('defaults').settled.Resources['ReverifySchedule']?.Properties).toMatchObject({
      ScheduleExpression: 'rate(15 minutes)',
    });
  });

  test.each(VARIANTS)('go to the topic that is given, with %s', (variant) => {
    const expected = variant === 'defaults' ? undefined : [{ Ref: 'AlarmTopic' }];
    for (const { AlarmActions: started, OKActions: over } of readAlarms(variant)) {
      expect([started, over]).toEqual([expected, expected]);
    }
  });

  test('each have a runbook, and every runbook is of one', () => {
    const runbooks = readAlarms().map(
      ({ AlarmDescription: text }) => / Runbook (docs\/runbooks\/\S+)$/.exec(text)?.[1],
    );
    const files = readdirSync(path.join(ROOT, 'docs/runbooks')).map((name) => `docs/runbooks/${name}`);
    expect([...new Set(runbooks)].toSorted(compare)).toEqual(files.toSorted(compare));
  });
});

describe.each(readdirSync(path.join(ROOT, 'docs/runbooks')))('docs/runbooks/%s', (file) => {
  const text = readFileSync(path.join(ROOT, 'docs/runbooks', file), 'utf8');

  test('says what is the matter, what to look at, how to fix it and how to know that it is over', () => {
    const headings = [...text.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
    expect(headings).toEqual(['What it means', 'What users see', 'Look', 'Fix', 'Over when']);
  });

  test('names its alarms', () => {
    const own = readAlarms().filter(({ AlarmDescription: about }) => about.endsWith(`docs/runbooks/${file}`));
    const named = new Set([...text.matchAll(/signet-<stage>-([a-z-]+)/g)].map(([, name]) => `signet-dev-${name}`));
    const isNamed = ({ AlarmName: name }: ReadAlarm): boolean =>
      named.has(name) || (file === 'function-errors.md' && text.includes('signet-<stage>-<function>-errors'));
    expect(own.filter((alarm) => !isNamed(alarm)).map(({ AlarmName: name }) => name)).toEqual([]);
  });
});

describe('the dashboard', () => {
  const Body = v.object({
    'Fn::Sub': v.strictTuple([
      v.string(),
      v.object({ Cdn: v.union([v.string(), v.object({ 'Fn::Sub': v.string() })]) }),
    ]),
  });
  const Widgets = v.object({
    widgets: v.array(v.object({ properties: v.object({ title: v.string(), metrics: v.array(v.array(v.unknown())) }) })),
  });

  function readWidgets(variant: (typeof VARIANTS)[number]): v.InferOutput<typeof Widgets>['widgets'] {
    const properties = read(variant).settled.Resources['Dashboard']?.Properties;
    const [text, { Cdn: cdn }] = v.parse(Body, properties?.['DashboardBody'])['Fn::Sub'];
    const added = typeof cdn === 'string' ? cdn : cdn['Fn::Sub'];
    return v.parse(Widgets, JSON.parse(text.replace(/\$\{Cdn\}/, added))).widgets;
  }

  test.each(VARIANTS)('is JSON, with the CDN when there is one, with %s', (variant) => {
    const titles = readWidgets(variant).map(({ properties: { title } }) => title);
    expect(titles).toEqual([
      'Verdicts asked for',
      'Verdicts on pushes',
      'API latency',
      'API requests and errors',
      'Messages waiting',
      'Oldest message, seconds',
      'Dead letters',
      'Mirror',
      'Trust',
      ...(variant === 'defaults' ? [] : ['CDN']),
    ]);
  });

  test('shows only metrics of its own that are counted', () => {
    const metrics = readWidgets('defaults').flatMap(({ properties: { metrics: some } }) => some);
    const own = metrics.filter(([space]) => space === 'Signet').map((metric) => metric.map(String));
    expect(own.length).toBeGreaterThan(10);
    expect(own.filter(([, name = '', by, service = '']) => by !== 'service' || !isCounted(name, service))).toEqual([]);
    expect(own.filter(([, , , , by, stage]) => by !== 'stage' || stage !== 'dev')).toEqual([]);
  });
});

/** As the packager spells a function's name. */
function toLogicalId(name: string): string {
  return `${(name.slice(0, 1).toUpperCase() + name.slice(1)).replaceAll('-', 'Dash')}LambdaFunction`;
}

function compare(one: unknown, other: unknown): number {
  return String(one) < String(other) ? -1 : 1;
}
