import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createHttpClient } from '../../../lib/platform/http/http-client.ts';
import { createLocalContext } from '../../../local/local-context.ts';
import { parseNotifySecret } from '../../../local/notify/cloud-event.ts';
import { createNotifier, createNotifyBus, parseNotifyUrls } from '../../../local/notify/send-notifications.ts';
import { parseStartOptions } from '../../../local/options.ts';
import { createMemoryQueue } from '../../support/memory-queue.ts';
import { createKeptTelemetry } from '../../support/quiet-telemetry.ts';
import { toSqsEvent } from '../../support/sqs-event.ts';

const NOW = new Date('2026-11-30T12:00:00.000Z');
const KEY = Buffer.from('k'.repeat(32));
const SECRET = `whsec_${KEY.toString('base64')}`;
const detail = { recordId: 'a'.repeat(64), decidedAt: '2026-11-30T11:59:00.000Z', outcome: 'accepted', forced: false };

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let server: Server;
let url: string;
let received: Received[];
let answer: { status: number; headers?: Readonly<Record<string, string>> };

beforeEach(async () => {
  received = [];
  answer = { status: 204 };
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      received.push({ headers: request.headers, body });
      response.writeHead(answer.status, answer.headers).end();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}/hook`;
});

afterEach(() => {
  server.close();
});

async function queued(types: readonly string[] = ['Signet Verdict']): Promise<readonly string[]> {
  const queue = createMemoryQueue();
  await createNotifyBus(queue, [url]).publishEvents(types.map((detailType) => ({ detailType, detail })));
  return queue.sent;
}

async function deliver(bodies: readonly string[], receiveCount = 1, urls = [url]) {
  const client = createHttpClient({ allowPrivateAddresses: true });
  const delays: number[] = [];
  const dead: string[] = [];
  const telemetry = createKeptTelemetry();
  const handler = createNotifier({
    urls,
    client,
    secret: { read: async () => parseNotifySecret(SECRET) },
    telemetry,
    now: () => NOW,
    maxReceives: 5,
    delayMessage: async (_, seconds) => {
      delays.push(seconds);
    },
    sendDead: async (_, reason) => {
      dead.push(reason);
    },
  });
  const context = createLocalContext('notify', 30_000);
  const { batchItemFailures } = await handler(toSqsEvent(bodies, receiveCount), context).finally(() => client.close());
  return { retried: batchItemFailures.length, delays, dead, telemetry };
}

describe('a notification', () => {
  test('is a CloudEvent, signed over its id, its time and its body', async () => {
    const { retried, dead } = await deliver(await queued());
    expect([retried, dead, received.length]).toEqual([0, [], 1]);
    const [{ headers, body } = { headers: {}, body: '' }] = received;
    expect(headers['content-type']).toBe('application/cloudevents+json; charset=utf-8');
    const event = JSON.parse(body) as Readonly<Record<string, unknown>>;
    expect(event).toMatchObject({
      specversion: '1.0',
      source: 'signet',
      type: 'signet.verdict',
      subject: `records/${detail.recordId}`,
      time: detail.decidedAt,
      datacontenttype: 'application/json',
      data: detail,
    });
    expect(headers['webhook-id']).toBe(event['id']);
    expect(headers['webhook-timestamp']).toBe(String(NOW.getTime() / 1000));
    const signed = `${String(event['id'])}.${NOW.getTime() / 1000}.${body}`;
    expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', KEY).update(signed).digest('base64')}`);
  });

  test('has the same id when it is sent again, and another for a change', async () => {
    const [first, again, changed] = [
      ...(await queued()),
      ...(await queued(['Signet Verdict', 'Signet Verdict Changed'])),
    ];
    const idOf = (body = ''): unknown => (JSON.parse(body) as { event: { id: string } }).event.id;
    expect(idOf(first)).toBe(idOf(again));
    expect(idOf(changed)).not.toBe(idOf(first));
  });

  test('of anything but a verdict is none', async () => {
    expect(await queued(['constructor', 'Something Else'])).toEqual([]);
  });

  test.each<[name: string, status: number, headers: Readonly<Record<string, string>>]>([
    ['a failure', 500, {}],
    ['a refusal', 400, {}],
    ['a redirect', 302, { location: 'http://127.0.0.1:1/' }],
    ['too much', 429, {}],
  ])(
    'is sent again after %s, later each time, and at last is a dead letter that says why',
    async (_, status, headers) => {
      answer = { status, headers };
      const bodies = await queued();
      const [first, third, last] = [await deliver(bodies), await deliver(bodies, 3), await deliver(bodies, 5)];
      expect([first.retried, third.retried, last.retried]).toEqual([1, 1, 0]);
      expect(third.delays[0] ?? 0).toBeGreaterThan(first.delays[0] ?? 0);
      expect(last.dead[0]).toMatch(status === 302 ? /RedirectRefused/ : new RegExp(`answers ${status}`));
      expect(first.telemetry.counts.get('NotNotified')).toBe(1);
    },
  );

  test('is sent again when nobody listens', async () => {
    const bodies = await queued();
    server.close();
    expect(await deliver(bodies)).toMatchObject({ retried: 1, dead: [] });
  });

  test('goes to no URL that only the queue names', async () => {
    expect(await deliver(await queued(), 1, ['https://hooks.example.com/'])).toMatchObject({
      retried: 0,
      dead: ['the service notifies this URL no more'],
    });
    expect(received).toEqual([]);
  });

  test('that is none is a dead letter', async () => {
    const { dead } = await deliver(['{}', 'x', JSON.stringify({ schema: 1, url, event: {} })]);
    expect([dead.length, received]).toEqual([3, []]);
  });
});

describe('options', () => {
  test.each([
    ['no secret', ['--notify', 'https://hooks.example.com/'], '--notify-secret'],
    ['no URL', ['--notify-secret', 'file'], '--notify'],
    ['no http', ['--notify', 'ftp://hooks.example.com/', '--notify-secret', 'f'], '--notify'],
    ['a password', ['--notify', 'https://u:hunter2@hooks.example.com/', '--notify-secret', 'f'], '--notify'],
  ])('with %s are refused, and say nothing secret', (_, args, named) => {
    expect(() => parseStartOptions(args)).toThrow(named);
    expect(() => parseStartOptions(args)).not.toThrow('hunter2');
  });

  test.each(['', 'hunter2', 'whsec_', 'whsec_c2hvcnQ=', `whsec_${'!'.repeat(40)}`, KEY.toString('base64')])(
    'a secret of another form is refused, and not shown: %j',
    (text) => {
      expect(() => parseNotifySecret(text)).toThrow(/whsec_/);
      expect(() => parseNotifySecret(text)).not.toThrow('hunter2');
    },
  );

  test('a secret may end its line', () => {
    expect(parseNotifySecret(`${SECRET}\n`)()).toEqual(KEY);
    expect(parseNotifyUrls(['https://hooks.example.com'])).toEqual(['https://hooks.example.com/']);
  });
});
