import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { Agent, get, IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createHandler } from '../../functions/serve-signature/handler.ts';
import { createDirectoryObjectStore } from '../../lib/objects/directory-object-store.ts';
import { createLocalContext } from '../../local/local-context.ts';
import { ROUTES } from '../../local/routes.ts';
import { toGatewayEvent } from '../../local/to-gateway-event.ts';
import { median, type Row } from '../row.ts';

const ROOT = path.join(import.meta.dirname, '../..');
const FIXTURES = path.join(ROOT, 'test/fixtures/releases');
const STARTS = 7;
const REQUESTS = 100_000;
const WARM_REQUESTS = 5000;
const CONCURRENCY = 16;
const HANDLER_MS = 3000;
/** Requests per second and core that the handler has to answer (design, Performance goals). */
const HANDLER_GOAL = 3000;

interface Service {
  readonly url: string;
  readonly pid: number;
  readonly stop: () => Promise<void>;
}

/** `npm start` as a whole: how long until it answers, and what it does under load on loopback. */
export async function measureService(): Promise<readonly Row[]> {
  const data = await mkdtemp(path.join(tmpdir(), 'signet-bench-'));
  try {
    const starts: number[] = [];
    const bare: number[] = [];
    for (let round = 0; round < STARTS; round++) {
      bare.push(startBareNode());
      starts.push(await startToFirstAnswer(data));
    }
    await cp(path.join(FIXTURES, 'signatures'), path.join(data, 'objects/signatures'), { recursive: true });
    const handled = await measureHandler(path.join(data, 'objects'));
    const load = await measureLoad(data);
    const rows: Row[] = [
      {
        name: 'npm start, process start to first answer',
        unit: 'ms',
        ours: median(starts),
        beside: 'bare Node, start to exit',
        theirs: median(bare),
      },
      {
        name: 'serve-signature through the handler, one core',
        unit: '/s',
        ours: handled,
        beside: 'the goal',
        theirs: HANDLER_GOAL,
        goal: { kind: 'at least', ratio: 1 },
      },
      {
        name: 'serve-signature over HTTP, one process',
        unit: '/s',
        ours: load.rate,
        beside: 'the same through the handler',
        theirs: handled,
      },
      { name: 'its 99th percentile', unit: 'ms', ours: load.p99, beside: 'its median', theirs: load.p50 },
      {
        name: `memory after ${REQUESTS.toLocaleString('en')} requests`,
        unit: 'MB',
        ours: load.after,
        beside: `after ${WARM_REQUESTS.toLocaleString('en')}`,
        theirs: load.before,
      },
    ];
    return rows;
  } finally {
    await rm(data, { recursive: true });
  }
}

function startBareNode(): number {
  const started = performance.now();
  execFileSync(process.execPath, ['-e', '0']);
  return performance.now() - started;
}

async function startToFirstAnswer(data: string): Promise<number> {
  const started = performance.now();
  const service = await start(data);
  await request(`${service.url}/healthz`, new Agent());
  const taken = performance.now() - started;
  await service.stop();
  return taken;
}

async function start(data: string): Promise<Service> {
  const args = ['--port', '0', '--data', data, '--trust', path.join(FIXTURES, 'trust')];
  const child = spawn(process.execPath, [path.join(ROOT, 'local/main.ts'), ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let output = '';
  for await (const text of child.stderr) {
    output += String(text);
    const url = /ready at (\S+)/.exec(output)?.[1];
    if (url === undefined) continue;
    const stop = async (): Promise<void> => {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
    };
    return { url, pid: child.pid ?? 0, stop };
  }
  throw new Error(`the service did not start: ${output}`);
}

/** The function alone, reading from a directory, its telemetry kept quiet. @returns requests per second */
async function measureHandler(objectsDirectory: string): Promise<number> {
  const telemetry = { log: () => undefined, count: () => undefined, flush: () => undefined };
  const handler = createHandler({ objects: createDirectoryObjectStore(objectsDirectory), telemetry });
  const [segment = ''] = await readdir(path.join(FIXTURES, 'signatures'));
  const route = ROUTES.find(({ handler: name }) => name === 'serve-signature');
  if (route === undefined) throw new Error('there is no such route');
  const incoming = Object.assign(new IncomingMessage(new Socket()), {
    method: 'GET',
    url: `/signatures/${segment}/signature-1`,
  });
  const event = toGatewayEvent(incoming, Buffer.alloc(0), { route, pathParameters: {} });
  const context = createLocalContext('serve-signature');
  let answered = 0;
  const started = performance.now();
  while (performance.now() - started < HANDLER_MS) {
    const { statusCode } = await handler(event, context);
    if (statusCode !== 200) throw new Error(`status ${statusCode}`);
    answered++;
  }
  return (answered * 1000) / (performance.now() - started);
}

async function measureLoad(data: string) {
  const service = await start(data);
  const [segment = ''] = await readdir(path.join(FIXTURES, 'signatures'));
  const url = `${service.url}/signatures/${segment}/signature-1`;
  try {
    await hammer(url, WARM_REQUESTS);
    const before = await residentMegabytes(service.pid);
    const started = performance.now();
    const latencies = await hammer(url, REQUESTS);
    const rate = (REQUESTS * 1000) / (performance.now() - started);
    const sorted = latencies.toSorted((one, other) => one - other);
    const percentile = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
    const after = await residentMegabytes(service.pid);
    return { rate, p50: percentile(0.5), p99: percentile(0.99), before, after };
  } finally {
    await service.stop();
  }
}

/** So many requests, over kept connections; resolves with the milliseconds that each took. */
async function hammer(url: string, count: number): Promise<readonly number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY });
  const latencies: number[] = [];
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      const started = performance.now();
      await request(url, agent);
      latencies.push(performance.now() - started);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  agent.destroy();
  return latencies;
}

async function request(url: string, agent: Agent): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    get(url, { agent }, (response) => {
      response.resume();
      response.on('end', () =>
        response.statusCode === 200 ? resolve() : reject(new Error(`status ${response.statusCode}`)),
      );
    }).on('error', reject);
  });
}

/** What the process holds in memory, where the system tells. */
async function residentMegabytes(pid: number): Promise<number> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? Number.NaN) / 1024;
  } catch {
    return Number.NaN;
  }
}
