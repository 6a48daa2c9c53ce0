import * as v from 'valibot';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { readEndpoints } from '../../../lib/platform/aws/endpoints.ts';
import { type BusSettings, openBus } from '../../../lib/platform/bus/aws-bus.ts';
import { type BusEvent, createCombinedBus, type EventBus } from '../../../lib/platform/bus/event-bus.ts';
import { readAwsSettings } from '../../../lib/platform/lambda/environment.ts';
import { type AwsAnswer, type AwsApi, type AwsRequest, startAwsApi } from '../../support/servers/start-aws-api.ts';

const BUS = 'arn:aws:events:us-east-1:123456789012:event-bus/signet';
const TOPIC = 'arn:aws:sns:us-east-1:123456789012:verdicts';

const apis: AwsApi[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all(apis.splice(0).map((api) => api.close()));
});

async function serve(answer: (request: AwsRequest, count: number) => AwsAnswer): Promise<AwsApi> {
  const api = await startAwsApi(answer);
  apis.push(api);
  return api;
}

/** A request that is not answered is sent three times, so not for long. */
function toSettings({ client }: AwsApi): BusSettings {
  const { endpoint, region, credentials } = client;
  const endpoints = readEndpoints({ AWS_ENDPOINT_URL_EVENTBRIDGE: endpoint });
  return { region, credentials, endpoints, requestTimeoutMs: 250, topic: client };
}

function makeEvents(count: number, detail: object = {}): readonly BusEvent[] {
  return Array.from({ length: count }, (_, index) => ({
    detailType: index % 2 === 0 ? 'Signet Verdict' : 'Signet Verdict Changed',
    detail: { schema: 1, number: index, ...detail },
  }));
}

/** The code and message of a refusal; `taken` when there was none. */
async function outcomeOf(told: Promise<void>): Promise<readonly string[]> {
  try {
    await told;
  } catch (error) {
    if (error instanceof StoreError) return [error.code, error.message];
    throw error;
  }
  return ['taken'];
}

const PutEvents = v.strictObject({
  Entries: v.array(
    v.strictObject({
      EventBusName: v.string(),
      Source: v.string(),
      DetailType: v.string(),
      Detail: v.string(),
    }),
  ),
});

function toEntries({ body }: AwsRequest) {
  return v.parse(PutEvents, JSON.parse(body)).Entries;
}

interface Result {
  readonly EventId?: string;
  readonly ErrorCode?: string;
  readonly ErrorMessage?: string;
}

/** EventBridge's answer: what was taken has an identifier, what was not an error, and the status is 200 for both. */
function toPutAnswer(results: readonly Result[]): AwsAnswer {
  const failed = results.filter(({ ErrorCode: code }) => code !== undefined).length;
  return { body: JSON.stringify({ FailedEntryCount: failed, Entries: results }) };
}

function takeAll(request: AwsRequest): AwsAnswer {
  return toPutAnswer(toEntries(request).map((_, index) => ({ EventId: `e${index}` })));
}

describe('an event bus of EventBridge', () => {
  async function open(answer: (request: AwsRequest, count: number) => AwsAnswer) {
    const api = await serve(answer);
    return { api, bus: openBus(BUS, undefined, toSettings(api)) };
  }

  test('takes every event, as JSON', async () => {
    const { api, bus } = await open(takeAll);
    const events = makeEvents(2, { text: '🔑 "quoted"' });
    await bus.publishEvents(events);
    expect(api.requests.map(({ target, contentType }) => [target, contentType])).toEqual([
      ['AWSEvents.PutEvents', 'application/x-amz-json-1.1'],
    ]);
    expect(api.requests.flatMap(toEntries)).toEqual(
      events.map(({ detailType, detail }) => ({
        EventBusName: BUS,
        Source: 'signet',
        DetailType: detailType,
        Detail: JSON.stringify(detail),
      })),
    );
  });

  test.each<[name: string, events: readonly BusEvent[], sizes: readonly number[]]>([
    ['none', [], []],
    ['as many as one request takes', makeEvents(10), [10]],
    ['one more', makeEvents(11), [10, 1]],
    ['three requests', makeEvents(25), [10, 10, 5]],
    ['two that are too long together', makeEvents(2, { pad: 'x'.repeat(200 * 1024) }), [1, 1]],
    ['two that fit together', makeEvents(2, { pad: 'x'.repeat(120 * 1024) }), [2]],
    ['five long ones, counted by bytes', makeEvents(5, { pad: 'é'.repeat(50 * 1024) }), [2, 2, 1]],
    [
      'one that no request may carry is sent for EventBridge to refuse',
      makeEvents(1, { pad: 'x'.repeat(300_000) }),
      [1],
    ],
  ])('is told in requests that it takes, in order: %s', async (_, events, sizes) => {
    const { api, bus } = await open(takeAll);
    await bus.publishEvents(events);
    const requests = api.requests.map(toEntries);
    expect(requests.map((entries) => entries.length)).toEqual(sizes);
    expect(requests.flat().map(({ Detail: detail }) => detail)).toEqual(
      events.map(({ detail }) => JSON.stringify(detail)),
    );
  });

  const taken: Result = { EventId: 'e' };
  const throttled: Result = { ErrorCode: 'ThrottlingException', ErrorMessage: 'slow down' };
  const json = (answer: object): AwsAnswer => ({ body: JSON.stringify(answer) });
  test.each<[name: string, answer: AwsAnswer, message: string]>([
    [
      'one of two is not taken',
      toPutAnswer([taken, throttled]),
      'of 2 events 1 taken, 1 refused: ThrottlingException slow down',
    ],
    ['none is', toPutAnswer([throttled, throttled]), 'of 2 events 0 taken, 2 refused: ThrottlingException slow down'],
    [
      'a refusal without words',
      toPutAnswer([taken, { ErrorCode: 'InternalFailure' }]),
      'of 2 events 1 taken, 1 refused: InternalFailure',
    ],
    ['fewer answers than events', toPutAnswer([taken]), 'of 2 events 1 taken, 0 refused: no reason given'],
    ['more answers than events', toPutAnswer([taken, taken, taken]), 'of 2 events 3 taken, 0 refused: no reason given'],
    ['no answers', json({ FailedEntryCount: 0 }), 'of 2 events 0 taken, 0 refused: no reason given'],
    ['an empty object', json({}), 'of 2 events 0 taken, 0 refused: no reason given'],
    [
      'a count that does not agree',
      json({ FailedEntryCount: 1, Entries: [taken, taken] }),
      'of 2 events 2 taken, 1 refused: no reason given',
    ],
    [
      'answers without identifiers',
      json({ FailedEntryCount: 0, Entries: [{}, {}] }),
      'of 2 events 0 taken, 0 refused: no reason given',
    ],
    [
      'a failure of theirs',
      { status: 500, body: json500('InternalException', 'broken') },
      'publishing failed: 500 InternalException',
    ],
    [
      'not granted',
      { status: 400, body: json500('AccessDeniedException', 'no') },
      'publishing failed: 400 AccessDeniedException',
    ],
    ['a gateway', { status: 502, body: '<html></html>' }, 'publishing failed: 502'],
    ['not JSON', { body: '<html></html>' }, 'EventBridge did not answer in JSON'],
    ['results that are none', json({ FailedEntryCount: '0' }), 'EventBridge answered something else than results'],
    ['no answer', 'silence', 'publishing failed: TimeoutError'],
  ])('says which event it did not take: %s', async (_, answer, message) => {
    const { bus } = await open(() => answer);
    const [code, said] = await outcomeOf(bus.publishEvents(makeEvents(2)));
    expect([code, said]).toEqual(['ConnectionFailed', expect.stringContaining(`event bus ${BUS}: ${message}`)]);
  });

  test('is not told the rest when a request fails', async () => {
    const { api, bus } = await open((request, count) =>
      count === 2 ? { status: 400, body: json500('ValidationException', 'broken') } : takeAll(request),
    );
    expect(await outcomeOf(bus.publishEvents(makeEvents(25)))).toContain('ConnectionFailed');
    expect(api.requests).toHaveLength(2);
  });

  test('is told again what it was asked when it was broken for a moment', async () => {
    const { api, bus } = await open((request, count) =>
      count === 1 ? { status: 500, body: json500('InternalException', 'broken') } : takeAll(request),
    );
    expect(await outcomeOf(bus.publishEvents(makeEvents(2)))).toEqual(['taken']);
    expect(api.requests.map(toEntries).map((entries) => entries.length)).toEqual([2, 2]);
  });

  test('that nothing listens on is out of reach', async () => {
    const { api, bus } = await open(takeAll);
    await api.close();
    expect(await outcomeOf(bus.publishEvents(makeEvents(1)))).toContain('ConnectionFailed');
  });
});

const PUBLISHED: AwsAnswer = {
  headers: { 'content-type': 'text/xml' },
  body: '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>m</MessageId></PublishResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></PublishResponse>',
};

function toXmlFault(status: number, code: string, message: string): AwsAnswer {
  const body = `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>r</RequestId></ErrorResponse>`;
  return { status, headers: { 'content-type': 'text/xml' }, body };
}

describe('a topic of SNS', () => {
  async function open(answer: (request: AwsRequest, count: number) => AwsAnswer) {
    const published: AwsRequest[] = [];
    const api = await serve((request) => {
      // The bus beside it, which speaks a JSON protocol.
      if (request.target !== undefined) return takeAll(request);
      published.push(request);
      return answer(request, published.length);
    });
    return { published, topic: openBus(BUS, TOPIC, toSettings(api)) };
  }

  test('takes each event in one message, which a subscription can filter by an attribute', async () => {
    const { published, topic } = await open(() => PUBLISHED);
    const events = makeEvents(3, { text: '🔑 & "quoted"' });
    await topic.publishEvents(events);
    expect(published.map(({ contentType }) => contentType)).toEqual(
      events.map(() => 'application/x-www-form-urlencoded'),
    );
    expect(published.map(({ body }) => Object.fromEntries(new URLSearchParams(body)))).toEqual(
      events.map(({ detailType, detail }) => ({
        Action: 'Publish',
        Version: '2010-03-31',
        TopicArn: TOPIC,
        Message: JSON.stringify({ source: 'signet', 'detail-type': detailType, detail }),
        'MessageAttributes.entry.1.Name': 'detailType',
        'MessageAttributes.entry.1.Value.DataType': 'String',
        'MessageAttributes.entry.1.Value.StringValue': detailType,
      })),
    );
  });

  test.each<[name: string, answer: AwsAnswer, message: string]>([
    ['no such topic', toXmlFault(404, 'NotFound', 'Topic does not exist'), 'Topic does not exist'],
    ['not granted', toXmlFault(403, 'AuthorizationError', 'not authorized'), 'not authorized'],
    ['a failure of theirs', toXmlFault(500, 'InternalError', 'broken'), 'broken'],
    ['a gateway', { status: 502, headers: { 'content-type': 'text/html' }, body: 'no' }, ''],
    ['no answer', 'silence', ''],
  ])('says that it did not take one, and is not told the rest: %s', async (_, answer, message) => {
    const { published, topic } = await open((_request, count) => (count === 2 ? answer : PUBLISHED));
    const [code, said] = await outcomeOf(topic.publishEvents(makeEvents(3)));
    expect([code, said]).toEqual(['ConnectionFailed', expect.stringContaining(`topic ${TOPIC}: ${message}`)]);
    expect(published).toHaveLength(2);
  });
});

describe('several buses', () => {
  function createNotingBus(name: string, notes: string[], failure?: StoreError): EventBus {
    return {
      description: name,
      async publishEvents(events) {
        await Promise.resolve();
        notes.push(`${name}: ${events.map(({ detailType }) => detailType).join(', ')}`);
        if (failure !== undefined) throw failure;
      },
    };
  }

  test('are all told, one after the other', async () => {
    const notes: string[] = [];
    const bus = createCombinedBus(['a', 'b', 'c'].map((name) => createNotingBus(name, notes)));
    await bus.publishEvents(makeEvents(2));
    const both = 'Signet Verdict, Signet Verdict Changed';
    expect([bus.description, notes]).toEqual(['a, b, c', [`a: ${both}`, `b: ${both}`, `c: ${both}`]]);
  });

  test('the second is not told when the first fails: both are, once it is tried again', async () => {
    const notes: string[] = [];
    const failing = createNotingBus('a', notes, new StoreError('ConnectionFailed', 'refused'));
    const bus = createCombinedBus([failing, createNotingBus('b', notes)]);
    expect(await outcomeOf(bus.publishEvents(makeEvents(1)))).toEqual(['ConnectionFailed', 'refused']);
    expect(notes).toEqual(['a: Signet Verdict']);
  });

  test.each<[name: string, topic: string | undefined, told: readonly string[]]>([
    ['the bus alone', undefined, ['bus']],
    ['the bus, then the topic', TOPIC, ['bus', 'topic']],
  ])('of a deployment: %s', async (_, topicArn, expected) => {
    const told: string[] = [];
    const bridge = await serve((request) => {
      told.push('bus');
      return takeAll(request);
    });
    const topic = await serve(() => {
      told.push('topic');
      return PUBLISHED;
    });
    vi.stubEnv('AWS_ENDPOINT_URL_EVENTBRIDGE', bridge.client.endpoint);
    vi.stubEnv('AWS_ENDPOINT_URL_SNS', topic.client.endpoint);
    vi.stubEnv('AWS_REGION', 'us-east-1');
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test-secret');
    await openBus(BUS, topicArn, readAwsSettings(process.env)).publishEvents(makeEvents(1));
    expect(told).toEqual(expected);
  });
});

function json500(type: string, message: string): string {
  return JSON.stringify({ __type: type, message });
}
