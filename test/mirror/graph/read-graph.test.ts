import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { MAX_GRAPH_BYTES, type UpdateGraph } from '../../../lib/mirror/graph/parse-graph.ts';
import { type GraphQuestion, MAX_QUESTIONS, readGraphs, toGraphPlaces } from '../../../lib/mirror/graph/read-graph.ts';
import { createHttpClient, type HttpClient } from '../../../lib/platform/http/http-client.ts';
import { TEST_CA } from '../../support/servers/start-server.ts';
import {
  startUpdateService,
  type UpdateAnswer,
  type UpdateService,
} from '../../support/servers/start-update-service.ts';
import { failureOf, node, toGraphText } from './sample-graphs.ts';

const GRAPH = toGraphText([node('4.16.0')]);

let work = '';
let services: UpdateService[] = [];
let clients: HttpClient[] = [];
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-graph-'));
});
afterEach(async () => {
  for (const client of clients) client.close();
  await Promise.all(services.map((service) => service.close()));
  [services, clients] = [[], []];
});
afterAll(async () => {
  await rm(work, { recursive: true });
});

async function serve(...answer: Parameters<typeof startUpdateService>): Promise<UpdateService> {
  const service = await startUpdateService(...answer);
  services.push(service);
  return service;
}

interface Reading extends Partial<GraphQuestion> {
  readonly allowPrivateAddresses?: boolean;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

async function read(from: string, reading: Reading = {}): Promise<readonly UpdateGraph[]> {
  const { channels = [], architectures = [], allowPrivateAddresses = true, timeoutMs = 400 } = reading;
  const client = createHttpClient({ allowPrivateAddresses, ca: TEST_CA });
  clients.push(client);
  const signal = reading.signal ?? new AbortController().signal;
  return await readGraphs(toGraphPlaces(from, { channels, architectures }), { client, signal, timeoutMs });
}

const asked = ({ requests }: UpdateService): readonly (string | undefined)[] =>
  requests.map((request) => request.path.split('?')[1]);

describe('an update service', () => {
  test('is asked once for each channel and architecture, for JSON', async () => {
    const service = await serve((question) => toGraphText([node(`4.16.${question.get('arch') === 'multi' ? 1 : 0}`)]));
    const graphs = await read(`${service.graphUrl}?channel=replaced&id=1`, {
      channels: ['stable-4.16', 'fast-4.16', 'stable-4.16'],
      architectures: ['amd64', 'multi'],
    });
    expect(new Set(asked(service))).toEqual(
      new Set([
        'channel=fast-4.16&id=1&arch=amd64',
        'channel=fast-4.16&id=1&arch=multi',
        'channel=stable-4.16&id=1&arch=amd64',
        'channel=stable-4.16&id=1&arch=multi',
      ]),
    );
    expect(service.requests).toHaveLength(4);
    expect(new Set(service.requests.map(({ headers }) => headers.accept))).toEqual(new Set(['application/json']));
    expect(graphs.map(({ source, nodes }) => [source, nodes[0]?.version, nodes[0]?.architecture])).toEqual([
      [`${service.graphUrl} (stable-4.16, amd64)`, '4.16.0', 'amd64'],
      [`${service.graphUrl} (stable-4.16, multi)`, '4.16.1', 'multi'],
      [`${service.graphUrl} (fast-4.16, amd64)`, '4.16.0', 'amd64'],
      [`${service.graphUrl} (fast-4.16, multi)`, '4.16.1', 'multi'],
    ]);
  });

  test('is asked by the URL’s own query, which is not shown', async () => {
    const service = await serve(() => GRAPH);
    const [graph] = await read(`${service.graphUrl}?channel=stable-4.16&arch=arm64&token=secret`);
    expect(graph?.source).toBe(`${service.graphUrl} (stable-4.16, arm64)`);
    expect(graph?.nodes[0]?.architecture).toBe('arm64');
    expect(asked(service)).toEqual(['channel=stable-4.16&arch=arm64&token=secret']);
  });

  test('is reached over TLS by a private authority', async () => {
    const service = await serve(() => GRAPH, 'https');
    expect(await read(service.graphUrl)).toHaveLength(1);
  });

  const BAD_GATEWAY = { status: 502 } as const;
  test.each<readonly [name: string, answers: readonly UpdateAnswer[], code: string, questions: number]>([
    ['that is not ready at first is asked again', [BAD_GATEWAY, BAD_GATEWAY, GRAPH], 'nothing thrown', 3],
    [
      'that asks for a second of patience gets it',
      [{ status: 503, headers: { 'retry-after': '1' } }, GRAPH],
      'nothing thrown',
      2,
    ],
    [
      'that asks for an hour of patience is left',
      [{ status: 429, headers: { 'retry-after': '3600' } }],
      'StoreError Unavailable',
      1,
    ],
    ['that cuts its answer off is asked again', [{ cut: GRAPH }, GRAPH], 'nothing thrown', 2],
    ['that is never ready', [BAD_GATEWAY], 'StoreError Unavailable', 3],
    ['that fails', [{ status: 500 }], 'StoreError StatusUnexpected', 1],
    ['that does not answer in time', [{ silent: true }], 'StoreError TimedOut', 1],
    ['that does not let in', [{ status: 403 }], 'StoreError AccessDenied', 1],
    ['that has no such page', [{ status: 404 }], 'StoreError NotFound', 1],
    ['that wants a channel', [{ status: 400, body: '{"kind":"missing_params"}' }], 'InputError ArgumentInvalid', 1],
    ['that answers nothing', [{ status: 204 }], 'StoreError StatusUnexpected', 1],
    [
      'that announces too much',
      [{ status: 200, headers: { 'content-length': String(MAX_GRAPH_BYTES + 1) } }],
      'StoreError LimitExceeded',
      1,
    ],
    ['that answers with a page', ['<html>Log in</html>'], 'InputError BodyInvalid', 1],
    ['that answers with half a graph', [GRAPH.slice(0, 100)], 'InputError BodyInvalid', 1],
    [
      'that compresses unasked',
      [{ status: 200, headers: { 'content-encoding': 'gzip' }, body: 'x' }],
      'StoreError BodyInvalid',
      1,
    ],
  ])('%s', async (_, answers, code, questions) => {
    const service = await serve((_question, count) => answers[count - 1] ?? answers.at(-1) ?? GRAPH);
    const failure = await failureOf(() => read(service.graphUrl));
    expect([failure.code, service.requests.length]).toEqual([code, questions]);
    if (code !== 'nothing thrown') expect(failure.message).toContain(service.graphUrl);
  });

  test('one that fails ends the others', async () => {
    const service = await serve((question) => (question.get('arch') === 'bad' ? { status: 500 } : { silent: true }));
    const failure = await failureOf(() =>
      read(service.graphUrl, { architectures: ['a', 'bad', 'b', 'c', 'd', 'e'], timeoutMs: 30_000 }),
    );
    expect(failure.code).toBe('StoreError StatusUnexpected');
    // The one that was answered may be kept alive.
    await expect.poll(() => service.sockets.size).toBeLessThanOrEqual(1);
  });

  test('is not contacted at a private address, unless that is allowed', async () => {
    const service = await serve(() => {
      throw new Error('contacted');
    });
    const failure = await failureOf(() => read(service.graphUrl, { allowPrivateAddresses: false }));
    expect([failure.code, service.requests.length]).toEqual(['StoreError AddressRefused', 0]);
  });

  test('is asked no more once the caller gives up', async () => {
    const service = await serve(() => ({ silent: true }));
    const caller = new AbortController();
    const reading = read(service.graphUrl, { signal: caller.signal });
    setTimeout(() => caller.abort(new Error('given up')), 50);
    await expect(reading).rejects.toThrow('given up');
  });
});

describe('a file', () => {
  test('is read as it is', async () => {
    const file = path.join(work, 'graph.json');
    await writeFile(file, GRAPH);
    const [graph] = await read(file);
    expect([graph?.source, graph?.nodes[0]?.architecture]).toEqual([file, undefined]);
  });

  test.each([
    ['that is not there', 'absent.json', 'FileUnreadable'],
    ['that is a directory', '.', 'FileUnreadable'],
    ['that is a device', '/dev/null', 'FileUnreadable'],
  ])('%s', async (_, name, code) => {
    expect((await failureOf(() => read(path.resolve(work, name)))).code).toBe(`InputError ${code}`);
  });

  test('that is too long', async () => {
    const file = path.join(work, 'long.json');
    await writeFile(file, new Uint8Array(MAX_GRAPH_BYTES + 1));
    expect((await failureOf(() => read(file))).code).toBe('InputError BodyTooLarge');
  });
});

describe('what names no graph is refused before any contact', () => {
  test.each([
    ['a channel of a file', 'graph.json', { channels: ['stable-4.16'] }],
    ['an architecture of a file', 'graph.json', { architectures: ['amd64'] }],
    ['a URL with a password', 'https://user:secret@updates.example/graph', {}],
    ['a URL that is none', 'https://user:secret@:x/graph', {}],
    ['another scheme', 's3://secret/graph', {}],
    [
      'too many questions',
      'https://updates.example/',
      { channels: Array.from({ length: MAX_QUESTIONS + 1 }, (_, index) => `c-${index}`) },
    ],
  ])('%s', async (_, from, { channels = [], architectures = [] }: Partial<GraphQuestion>) => {
    const failure = await failureOf(() => toGraphPlaces(from, { channels, architectures }));
    expect(failure.code).toBe('InputError ArgumentInvalid');
    expect(failure.message).not.toContain('secret');
  });
});
