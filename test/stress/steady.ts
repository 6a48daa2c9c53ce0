import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { residentMegabytes } from '../../bench/service/local-service.ts';
import { DEMO_IMAGES } from '../../demo/demo-images.ts';
import { DEMO_REPOSITORY } from '../../demo/demo-releases.ts';
import { readNpmStart } from '../support/npm-start.ts';
import { loadSteadily, percentile99, type SteadyFigures, type SteadyRequest } from './steady-load.ts';

const HELP = `Loads the service on one machine at a steady rate, and says whether it stays as it was.

Usage: npm run stress:steady -- [options]

  --minutes N    how long (default 30)
  --pushes N     pushes a second, each of another tag (default 10)
  --verifies N   POST /v1/verify a second (default 50)
  --reads N      signature reads a second (default 100)
  --check        exit 1 also when the 99th percentile at the end is more than a tenth above that at the start

Exit status 1 when a push has no verdict, an answer is not the expected one, or memory grows by more than a fifth after the first fifth of the run.
Run it on a quiet machine: its latencies are wall clock.
`;
/** Before anything counts: V8 compiles what runs often. */
const WARM_UP_MS = 20_000;
const SETTLE_MS = 120_000;
const MAX_GROWTH = 1.2;
const MAX_SLOWER = 1.1;
const SAMPLES = 100;
const { digest } = DEMO_IMAGES.first;
const PULLSPEC = `${DEMO_REPOSITORY}@${digest}`;
const SIGNATURE = `/signatures/${digest.replace(':', '=')}/signature-1`;

/** A service of its own, and the tags of the pushes that it has given a verdict on. */
async function startService(data: string) {
  const args = [...(await readNpmStart()), '--port', '0', '--data', data];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const decided = new Set<string>();
  createInterface(child.stdout).on('line', (line) => {
    if (!line.includes('"message":"Signet Verdict"')) return;
    const { detail } = JSON.parse(line) as { readonly detail: { readonly asked: { readonly tag?: string } } };
    decided.add(detail.asked.tag ?? '');
  });
  for await (const line of createInterface(child.stderr)) {
    const url = /ready at (\S+)/.exec(line)?.[1];
    if (url === undefined) continue;
    child.stderr.resume();
    return { child, url, decided };
  }
  throw new Error('the service ended before it was ready');
}

function listRequests(prefix: string, rates: Readonly<Record<'pushes' | 'verifies' | 'reads', number>>) {
  return [
    {
      name: 'push',
      perSecond: rates.pushes,
      expected: 202,
      mayRepeat: false,
      toRequest: (index) => ({ path: '/local/events', body: JSON.stringify(toPush(toTag(prefix, index))) }),
    },
    {
      name: 'verify',
      perSecond: rates.verifies,
      expected: 200,
      mayRepeat: true,
      toRequest: () => ({ path: '/v1/verify', body: JSON.stringify({ pullspec: PULLSPEC }) }),
    },
    { name: 'read', perSecond: rates.reads, expected: 200, mayRepeat: true, toRequest: () => ({ path: SIGNATURE }) },
  ] satisfies readonly SteadyRequest[];
}

function toTag(prefix: string, index: number): string {
  return `${prefix}-${index}`;
}

function toPush(tag: string): object {
  return {
    version: '0',
    id: tag,
    source: 'aws.ecr',
    'detail-type': 'ECR Image Action',
    account: '123456789012',
    region: 'us-west-2',
    time: new Date().toISOString(),
    detail: {
      result: 'SUCCESS',
      'action-type': 'PUSH',
      'repository-name': 'demo/release',
      'image-digest': digest,
      'image-tag': tag,
      'manifest-media-type': 'application/vnd.oci.image.manifest.v1+json',
    },
  };
}

function describe({ name, answered, faults, latencies }: SteadyFigures): string {
  const [start, end] = [percentile99(latencies, 0, 0.1), percentile99(latencies, 0.9, 1)];
  const faulty = [...faults].map(([fault, count]) => `, ${count} × ${fault}`).join('');
  return `${name}: ${answered} of ${latencies.length} answered as expected${faulty}; 99th percentile ${start.toFixed(1)} ms at the start, ${end.toFixed(1)} ms at the end (× ${(end / start).toFixed(2)})`;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '30' },
      pushes: { type: 'string', default: '10' },
      verifies: { type: 'string', default: '50' },
      reads: { type: 'string', default: '100' },
      check: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const rates = { pushes: Number(values.pushes), verifies: Number(values.verifies), reads: Number(values.reads) };
  const milliseconds = Number(values.minutes) * 60_000;
  if (!(milliseconds > 0) || Object.values(rates).some((rate) => !(rate > 0))) {
    process.stderr.write('minutes and rates are numbers above 0\n');
    return 2;
  }
  const data = await mkdtemp(path.join(tmpdir(), 'signet-steady-'));
  const { child, url, decided } = await startService(data);
  try {
    // The first push mirrors the release, so that its signature can be read.
    await fetch(new URL('/local/events', url), {
      method: 'POST',
      body: JSON.stringify(toPush('first')),
      headers: JSON_TYPE,
    });
    await until(async () => (await fetch(new URL(SIGNATURE, url))).ok);
    const load = (prefix: string, length: number) =>
      Promise.all(listRequests(prefix, rates).map((asked) => loadSteadily(url, asked, length)));
    await load('warm', Math.min(WARM_UP_MS, milliseconds));
    const memory: number[] = [];
    const sampling = setInterval(() => {
      void residentMegabytes(child.pid ?? 0).then((megabytes) => memory.push(megabytes));
    }, milliseconds / SAMPLES);
    const figures = await load('load', milliseconds);
    clearInterval(sampling);
    const tags = Array.from({ length: figures[0]?.latencies.length ?? 0 }, (_, index) => toTag('load', index));
    await until(async () => tags.every((tag) => decided.has(tag))).catch(() => undefined);
    return judge(
      figures,
      memory,
      tags.filter((tag) => !decided.has(tag)),
      values.check,
    );
  } finally {
    child.kill();
    await once(child, 'exit');
    await rm(data, { recursive: true, force: true });
  }
}

const JSON_TYPE = { 'content-type': 'application/json' };

/** @returns the exit status */
function judge(
  figures: readonly SteadyFigures[],
  memory: readonly number[],
  lost: readonly string[],
  check: boolean,
): number {
  const fifth = Math.floor(memory.length / 5);
  const [before, after] = [Math.max(...memory.slice(fifth, 2 * fifth)), Math.max(...memory.slice(-fifth))];
  const growth = after / before;
  for (const one of figures) process.stdout.write(`${describe(one)}\n`);
  process.stdout.write(
    `pushes without a verdict: ${lost.length}${lost.length === 0 ? '' : `, the first ${lost[0]}`}\n`,
  );
  process.stdout.write(
    `memory: ${before.toFixed(0)} MB in the second fifth, ${after.toFixed(0)} MB in the last (× ${growth.toFixed(2)})\n`,
  );
  const isWhole = lost.length === 0 && figures.every(({ faults }) => faults.size === 0);
  // NaN, where the system does not tell, is no growth.
  const isFlat = !(growth > MAX_GROWTH);
  const isSteady = figures.every(({ latencies }) => {
    return percentile99(latencies, 0.9, 1) <= MAX_SLOWER * percentile99(latencies, 0, 0.1);
  });
  return isWhole && isFlat && (isSteady || !check) ? 0 : 1;
}

async function until(what: () => Promise<boolean>): Promise<void> {
  const ends = Date.now() + SETTLE_MS;
  while (!(await what())) {
    if (Date.now() > ends) throw new Error('it did not happen in time');
    await delay(200);
  }
}

process.exitCode = await main();
