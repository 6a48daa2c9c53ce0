import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { openQueue } from '../../cli/dlq/queues.ts';
import { createSqsConsumer } from '../../lib/platform/queues/sqs-client.ts';
import { type Run, runSignet } from '../support/run-signet.ts';
import { startServer, type TestServer } from '../support/servers/start-server.ts';
import { receiveMessages } from '../support/sqs-server/poll-queue.ts';
import { startSqsServer, stopClock, type TestSqsServer } from '../support/sqs-server/start-sqs-server.ts';

/** Nothing of this environment's own AWS account is handed on. */
function signet(...args: readonly string[]): Promise<Run> {
  return runSignet(['dlq', ...args], { env: { HOME: work, AWS_EC2_METADATA_DISABLED: 'true' } });
}

const clock = stopClock();
let work = '';
const started: TestSqsServer[] = [];
const servers: TestServer[] = [];
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-dlq-'));
});
afterAll(async () => {
  for (const server of started) await server.stop();
  for (const server of servers) await server.close();
  await rm(work, { recursive: true });
});

/** A queue with these dead letters, each body with its reason. */
async function start(...letters: readonly (readonly [body: string, reason: string])[]): Promise<TestSqsServer> {
  const server = await startSqsServer();
  started.push(server);
  const { sendDead } = createSqsConsumer(server);
  for (const [body, reason] of letters) await sendDead({ messageId: 'm', body }, reason);
  // By the queue's clock they are then older than the call.
  clock.pass(5);
  return server;
}

/** A data folder as the service leaves it while it runs on these queues. */
async function makeDataFolder(name: string, { queueUrl, deadLetterUrl }: Partial<TestSqsServer>): Promise<string> {
  const queue = { queueUrl, deadLetterUrl };
  const queues = { push: queue, mirror: queue, export: queue, notify: queue };
  return await makeFolder(name, JSON.stringify({ schema: 2, accessKeyId: 'the-key', queues }));
}

async function makeFolder(name: string, queuesFile: string): Promise<string> {
  const directory = path.join(work, name);
  await mkdir(directory, { recursive: true });
  await writeFile(path.join(directory, 'queues.json'), queuesFile);
  return directory;
}

interface Listing {
  readonly count: number;
  readonly letters: readonly { readonly id: string; readonly body: string; readonly reason?: string }[];
}

async function list(url: string): Promise<Listing> {
  const { stdout, stderr } = await signet('list', url, '-o', 'json');
  expect(stderr).toBe('');
  return JSON.parse(stdout) as Listing;
}

const bodiesOf = ({ letters }: Listing): readonly string[] => letters.map(({ body }) => body).toSorted();

describe('signet dlq list', () => {
  test('shows every letter and leaves it in place; others’ text draws no lines', async () => {
    const long = 'b'.repeat(300);
    const server = await start(['{"x":"\n\u202e"}', 'there is\u2028no profile'], [long, 'after 5 receives: x']);
    const { status, stdout, stderr } = await signet('list', server.deadLetterUrl);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout.split('\n').map((line) => line.replace(/^ {2}[-0-9a-f]{36} {2}\S+Z /, '  ID TIME'))).toEqual([
      '2 dead letters in work-dead',
      '  ID TIME received 1',
      String.raw`    reason  there is\u2028no profile`,
      String.raw`    body    {"x":"\u000a\u202e"}`,
      '  ID TIME received 1',
      '    reason  after 5 receives: x',
      `    body    ${'b'.repeat(200)}…`,
      '',
    ]);
    clock.pass(1200);
    const listing = await list(server.deadLetterUrl);
    expect(listing.count).toBe(2);
    expect(bodiesOf(listing)).toEqual([long, '{"x":"\n\u202e"}']);
  });

  test('says that there are none', async () => {
    const server = await start();
    const { status, stdout } = await signet('list', server.deadLetterUrl);
    expect([status, stdout]).toEqual([0, 'no dead letters in work-dead\n']);
  });

  test('--limit shows fewer, and says how many more there are', async () => {
    const server = await start(['a', 'x'], ['b', 'x'], ['c', 'x']);
    const { stdout } = await signet('list', server.deadLetterUrl, '--limit', '2');
    expect(stdout).toMatch(/^2 dead letters in work-dead, and about 1 not shown: --limit\n/);
    expect(stdout.match(/^ {4}body/gm)).toHaveLength(2);
  });

  test('says that letters are hidden which someone else reads', async () => {
    const server = await start(['a', 'x']);
    await receiveMessages(server.client, server.deadLetterUrl);
    const { stdout } = await signet('list', server.deadLetterUrl);
    expect(stdout).toBe('no dead letters in work-dead, and about 1 hidden for now, as someone reads them\n');
  });

  test.each(['push', 'mirror'])('finds %s where the service says that it is', async (name) => {
    const server = await start(['a', 'x']);
    const directory = await makeDataFolder(`runs-${name}`, server);
    const { status, stdout } = await signet('list', name, '--data', directory);
    expect([status, stdout.split('\n')[0]]).toEqual([0, '1 dead letter in work-dead']);
  });
});

describe('signet dlq redrive', () => {
  const LETTERS = [
    ['a', 'no such profile'],
    ['b', 'StoreUnavailable: x'],
    ['c', 'StoreUnavailable: y'],
  ] as const;

  test('moves those whose reason says so, back to the queue that the service names', async () => {
    const server = await start(...LETTERS);
    const directory = await makeDataFolder('redrive', server);
    const args = ['redrive', 'mirror', '--data', directory, '--reason', 'StoreUnavailable'] as const;
    const dry = await signet(...args, '--dry-run');
    expect([dry.status, dry.stderr]).toEqual([0, '']);
    expect(dry.stdout).toMatch(
      /^would move 2 dead letters from work-dead to work\n {2}\S{36} {2}StoreUnavailable: x\n/,
    );
    clock.pass(1200);
    const { status, stdout, stderr } = await signet(...args);
    expect([status, stdout, stderr]).toEqual([0, 'moved 2 dead letters from work-dead to work\n  not chosen: 1\n', '']);
    const moved = await receiveMessages(server.client, server.queueUrl);
    expect(moved.map(({ Body: body = '' }) => body).toSorted()).toEqual(['b', 'c']);
    clock.pass(1200);
    expect(bodiesOf(await list(server.deadLetterUrl))).toEqual(['a']);
  });

  test('moves by message ID to a queue of another name, and says which it did not find', async () => {
    const server = await start(...LETTERS);
    const { letters } = await list(server.deadLetterUrl);
    const [first] = letters;
    clock.pass(1200);
    const ids = ['--id', first?.id ?? '', '--id', 'nobody'];
    const result = await signet('redrive', server.deadLetterUrl, '--to', server.queueUrl, ...ids, '-o', 'json');
    expect(result.status).toBe(3);
    const { chosen, moved, notFound } = JSON.parse(result.stdout) as Record<string, unknown>;
    expect({ chosen, moved, notFound }).toEqual({
      chosen: [{ id: first?.id, reason: first?.reason }],
      moved: 1,
      notFound: ['nobody'],
    });
  });

  test('exits 3 when letters cannot be moved, and says why', async () => {
    const server = await start(['a', 'x']);
    const nowhere = server.queueUrl.replace('work', 'nowhere');
    const { status, stdout } = await signet('redrive', server.deadLetterUrl, '--to', nowhere);
    expect(status).toBe(3);
    expect(stdout).toMatch(
      /^moved 0 dead letters from work-dead to nowhere\n {2}not moved: \S{36}: queue nowhere: .*exist/,
    );
    clock.pass(1200);
    expect(bodiesOf(await list(server.deadLetterUrl))).toEqual(['a']);
  });
});

describe('the URL of a queue', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  test.each([
    { url: 'https://sqs.eu-west-1.amazonaws.com/123456789012/work', region: 'eu-west-1', isLoopback: false },
    { url: 'https://sqs.cn-north-1.amazonaws.com.cn/123456789012/work', region: 'cn-north-1', isLoopback: false },
    { url: 'https://sqs.us-gov-west-1.amazonaws.com/123456789012/work', region: 'us-gov-west-1', isLoopback: false },
    { url: 'https://eu-central-1.queue.amazonaws.com/123456789012/work', region: 'eu-central-1', isLoopback: false },
    { url: 'https://sqs.example.com/0/work', region: 'of-the-environment', isLoopback: false },
    { url: 'http://127.0.0.1:4566/000000000000/work', region: 'us-east-1', isLoopback: true },
    { url: 'http://localhost:4566/000000000000/work', region: 'us-east-1', isLoopback: true },
    { url: 'http://[::1]:4566/000000000000/work', region: 'us-east-1', isLoopback: true },
  ])('$url says where and how it is reached', async ({ url, region, isLoopback }) => {
    vi.stubEnv('AWS_PROFILE', undefined);
    vi.stubEnv('AWS_REGION', 'of-the-environment');
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'of-the-environment');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    const { client, queueUrl } = openQueue('QUEUE', url);
    const { endpoint, credentials } = client.config;
    const { protocol, hostname, port } = (await endpoint?.()) ?? {};
    const origin = `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`;
    expect({ queueUrl, origin, region: await client.config.region() }).toEqual({
      queueUrl: url,
      origin: new URL(url).origin,
      region,
    });
    // Nobody's own credentials are sent to what listens on this machine.
    expect((await credentials()).accessKeyId).toBe(isLoopback ? 'local' : 'of-the-environment');
    client.destroy();
  });

  test.each([
    { name: 'another scheme', url: 'ftp://host/0/work', why: 'it starts with neither https:// nor http://' },
    { name: 'an ARN', url: 'arn:aws:sqs:us-east-1:0:work', why: 'it starts with neither https:// nor http://' },
    { name: 'a name', url: 'push', why: 'it is no URL' },
    { name: 'no host', url: 'https://', why: 'it is no URL' },
    { name: 'a password', url: 'https://me:hunter2@host/0/work', why: 'it has a user or password' },
    { name: 'a query', url: 'https://host/0/work?x=1', why: 'it has a query or fragment' },
    { name: 'a fragment', url: 'https://host/0/work#x', why: 'it has a query or fragment' },
    { name: 'no account', url: 'https://host/work', why: 'its path is not /ACCOUNT/NAME of a standard queue' },
    { name: 'a FIFO queue', url: 'https://host/0/work.fifo', why: 'its path is not /ACCOUNT/NAME of a standard queue' },
    {
      name: 'a name with an escape',
      url: 'https://host/0/wo%72k',
      why: 'its path is not /ACCOUNT/NAME of a standard queue',
    },
    {
      name: 'http elsewhere',
      url: 'http://example.com/0/work',
      why: 'only a queue of this machine may be contacted over http://',
    },
    {
      name: 'http at what only looks local',
      url: 'http://127.0.0.1.example.com/0/work',
      why: 'only a queue of this machine may be contacted over http://',
    },
  ])('may not be $name', async ({ url, why }) => {
    const example = 'https://sqs.REGION.amazonaws.com/ACCOUNT/NAME';
    const from = 'http://127.0.0.1:1/000000000000/work-dead';
    expect(await signet('redrive', from, '--to', url)).toEqual({
      status: 2,
      stdout: '',
      stderr: `signet: --to is not a queue URL such as ${example}: ${why}\n`,
    });
  });
});

describe('what is wrong is one line', () => {
  const FREE = 'http://127.0.0.1:1/000000000000/work';

  test.each<{ name: string; args: readonly string[]; status: number; says: string | RegExp }>([
    {
      name: 'another name',
      args: ['list', 'foo'],
      status: 2,
      says: 'name a queue by its URL, or push, mirror, export or notify',
    },
    {
      name: 'a password',
      args: ['list', 'https://me:hunter2@host/0/work'],
      status: 2,
      says: /it has a user or password/,
    },
    { name: 'no limit', args: ['list', FREE, '--limit', '0'], status: 2, says: /an integer from 1 to 10000/ },
    { name: 'a limit that is no number', args: ['list', FREE, '--limit', '1e2'], status: 2, says: /an integer from/ },
    { name: 'an empty data folder name', args: ['list', 'push', '--data', ''], status: 2, says: /must not be empty/ },
    { name: 'no queue', args: ['list'], status: 2, says: /missing required argument/ },
    { name: 'no target', args: ['redrive', FREE], status: 2, says: 'name the target queue by its URL with --to' },
    { name: 'a bad target', args: ['redrive', FREE, '--to', 'push'], status: 2, says: /^--to is not a queue URL/ },
    {
      name: 'the same queue',
      args: ['redrive', FREE, '--to', FREE],
      status: 2,
      says: '--to is the queue of dead letters itself',
    },
    {
      name: 'an empty reason',
      args: ['redrive', FREE, '--to', `${FREE}2`, '--reason', ''],
      status: 2,
      says: /must not be empty/,
    },
    { name: 'nobody listens', args: ['list', FREE], status: 3, says: /^counting queue work failed: .*ECONNREFUSED/ },
    {
      name: 'nobody listens',
      args: ['redrive', FREE, '--to', `${FREE}2`],
      status: 3,
      says: /^reading queue work failed: /,
    },
    {
      name: 'no credentials',
      args: ['list', 'https://sqs.eu-west-1.amazonaws.com/0/x'],
      status: 3,
      says: /credentials/,
    },
  ])('$name: $args', async ({ args, status, says }) => {
    const result = await signet(...args);
    expect(result.stdout).toBe('');
    const [line = '', ...more] = result.stderr.trimEnd().split('\n');
    if (line.startsWith('signet: ')) expect(more).toEqual([]);
    const said = line.replace(/^signet: /, '');
    if (typeof says === 'string') expect(said).toBe(says);
    else expect(said).toMatch(says);
    expect(result.stderr).not.toContain('hunter2');
    expect(result.status).toBe(status);
  });

  test('a queue that is not there', async () => {
    const server = await start();
    const { status, stderr } = await signet('list', server.queueUrl.replace('work', 'nowhere'));
    expect(status).toBe(3);
    expect(stderr).toMatch(/^signet: counting queue nowhere failed: The specified queue does not exist\.\n$/);
  });

  test('a queue that may not be read', async () => {
    const denying = await startServer((request, response) => {
      request.resume();
      response.writeHead(403, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(JSON.stringify({ __type: 'com.amazonaws.sqs#AccessDenied', message: 'no\nentry' }));
    });
    servers.push(denying);
    const { status, stderr } = await signet('list', `${denying.origin}/0/work`);
    expect([status, stderr]).toEqual([3, 'signet: counting queue work failed: no entry\n']);
  });

  test('a service that was stopped, by force or not', async () => {
    const killed = await makeDataFolder('killed', { queueUrl: `${FREE}1`, deadLetterUrl: FREE });
    const none = path.join(work, 'none');
    for (const directory of [killed, none]) {
      for (const command of ['list', 'redrive']) {
        const { status, stderr } = await signet(command, 'mirror', '--data', directory);
        expect([status, stderr]).toEqual([3, `signet: the service is not running on ${directory}\n`]);
      }
    }
  });

  test.each([
    { name: 'no JSON', text: '{' },
    { name: 'another version', text: '{"schema":2,"queues":{}}' },
    { name: 'no queues', text: '{"schema":1,"queues":{}}' },
  ])('a file of the service with $name', async ({ text }) => {
    const directory = await makeFolder('broken', text);
    const { status, stderr } = await signet('list', 'mirror', '--data', directory);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^signet: .*queues\.json is not what this version of the service writes\n$/);
  });

  test('a target that is known already', async () => {
    const directory = await makeDataFolder('known', { queueUrl: `${FREE}1`, deadLetterUrl: FREE });
    const { status, stderr } = await signet('redrive', 'push', '--data', directory, '--to', FREE);
    expect([status, stderr]).toEqual([2, 'signet: --to is for a queue that is named by its URL\n']);
  });
});
