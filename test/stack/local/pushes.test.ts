import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEMO_IMAGES } from '../../../demo/demo-images.ts';
import type { VerdictRecord } from '../../../lib/verdict/records/verdict-record.ts';
import { DEMO_EVENTS, type DemoEvent } from '../../demo/demo-events.ts';
import { until } from '../../support/until.ts';

const ROOT = path.join(import.meta.dirname, '../../..');
const SAMPLES = path.join(ROOT, 'demo/events');

let work = '';
let url = '';
let service: ChildProcess;
let output = '';
const readOutput = (): string => output;

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-pushes-'));
  service = spawn(process.execPath, [path.join(ROOT, 'local/main.ts'), '--port', '0'], { cwd: work });
  for (const stream of [service.stdout, service.stderr]) stream?.on('data', (text) => (output += String(text)));
  await until(async () => output.includes('ready at'), readOutput);
  url = /ready at (\S+)/.exec(output)?.[1] ?? '';
});
afterAll(async () => {
  const ended = once(service, 'exit');
  service.kill();
  await ended;
  await rm(work, { recursive: true });
});

async function post(
  { path: route, headers }: Pick<DemoEvent, 'path' | 'headers'>,
  body: Uint8Array,
): Promise<{ status: number; answer: Record<string, unknown> }> {
  const response = await fetch(`${url}${route}`, { method: 'POST', headers, body: Buffer.from(body) });
  return { status: response.status, answer: (await response.json()) as Record<string, unknown> };
}

/** The verdict events that the log shows, each detail once. */
function readEvents(): readonly { recordId: string; outcome: string; asked: { source: string } }[] {
  return output
    .split('\n')
    .filter((line) => line.includes('"message":"Signet Verdict"'))
    .map(
      (line) =>
        (JSON.parse(line) as { detail: { recordId: string; outcome: string; asked: { source: string } } }).detail,
    );
}

async function readRecords(digest: string): Promise<readonly VerdictRecord[]> {
  const response = await fetch(`${url}/v1/records/${digest}`);
  return ((await response.json()) as { records: readonly VerdictRecord[] }).records;
}

describe('every sample event', () => {
  test.each(DEMO_EVENTS.map((sample) => [sample.name, sample] as const))('%s', async (_, sample) => {
    const body = await readFile(path.join(SAMPLES, sample.file));
    const known = readEvents().length;
    const { status, answer } = await post(sample, body);
    if ('malformed' in sample.expected) {
      expect([status, String(answer['detail'])]).toEqual([400, expect.stringContaining(sample.expected.field)]);
      return;
    }
    const { outcome, title } = sample.expected;
    expect(status).toBe(202);
    await until(async () => readEvents().length > known, readOutput);
    const event = readEvents().at(-1);
    expect(event?.outcome).toBe(outcome);
    const image = Object.values(DEMO_IMAGES).find((one) => one.title === title);
    const records = await readRecords(image?.digest ?? '');
    expect(records.find(({ id }) => id === event?.recordId)).toMatchObject({
      asked: { source: event?.asked.source },
      verdict: { outcome, digest: image?.digest },
    });
  });
});

describe('what must change nothing', () => {
  const quay = DEMO_EVENTS.find(({ name }) => name === 'Quay');
  const github = DEMO_EVENTS.find(({ name }) => name === 'GitHub');
  test.each([
    ['a wrong token', { ...quay, path: '/webhooks/quay/demo-tokem' }, 401],
    ['no token', { ...quay, path: '/webhooks/quay' }, 401],
    ['a source without credentials', { ...quay, path: '/webhooks/ecr/demo-token' }, 404],
    ['a source that there is not', { ...quay, path: '/webhooks/x/demo-token' }, 404],
    ['another content type', { ...quay, headers: { 'content-type': 'text/plain' } }, 415],
    [
      'an HMAC that is wrong',
      { ...github, headers: { ...github?.headers, 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` } },
      401,
    ],
    ['no HMAC', { ...github, headers: { 'content-type': 'application/json' } }, 401],
    [
      'an event of nobody',
      { path: '/local/events', file: 'quay.json', headers: { 'content-type': 'application/json' } },
      400,
    ],
  ] as const)('%s', async (_, { path: route = '', headers = {}, file = '' }, expected) => {
    const { status } = await post({ path: route, headers }, await readFile(path.join(SAMPLES, file)));
    expect(status).toBe(expected);
  });

  test('a body that is too long', async () => {
    const body = Buffer.concat([await readFile(path.join(SAMPLES, 'quay.json')), Buffer.alloc(64 * 1024, ' ')]);
    expect((await post({ path: quay?.path ?? '', headers: quay?.headers ?? {} }, body)).status).toBe(413);
  });

  test('no secret is in the log', () => {
    expect(output).not.toContain('demo-token');
    expect(output).not.toContain('demo-secret');
  });
});

test('a webhook that is delivered again is the same record', async () => {
  const [sample] = DEMO_EVENTS;
  if (sample === undefined) throw new Error('there are no samples');
  const body = await readFile(path.join(SAMPLES, sample.file));
  const before = await readRecords(DEMO_IMAGES.first.digest);
  const known = readEvents().length;
  await post(sample, body);
  await until(async () => readEvents().length > known, readOutput);
  expect(await readRecords(DEMO_IMAGES.first.digest)).toEqual(before);
});

test('a schedule’s event is taken by reverify', async () => {
  const event = { source: 'aws.events', 'detail-type': 'Scheduled Event', detail: {} };
  const { status, answer } = await post(
    { path: '/local/events', headers: { 'content-type': 'application/json' } },
    Buffer.from(JSON.stringify(event)),
  );
  expect([status, answer]).toEqual([202, expect.objectContaining({ taken: 'reverify' })]);
});

test('a service with a broken file of credentials does not start, and shows nothing of it', async () => {
  const file = path.join(work, 'webhooks.json');
  await writeFile(file, '{"schema":1,"credentials":[{"source":"quay","registry":"quay.io","tokenSha256":"hunter2"}]}');
  const args = ['--port', '0', '--data', path.join(work, 'broken'), '--webhooks', file];
  const child = spawn(process.execPath, [path.join(ROOT, 'local/main.ts'), ...args], { cwd: work });
  let said = '';
  child.stderr.on('data', (text) => (said += String(text)));
  const [code] = (await once(child, 'exit')) as [number];
  expect([code, said]).toEqual([2, expect.stringContaining('credentials.0')]);
  expect(said).not.toContain('hunter2');
});
