import { execFileSync } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseDigest, toStoreSegment } from '../../lib/base/names/digest.ts';
import { startNginx } from '../../test/cluster-reader/start-nginx.ts';
import { FIXTURE_RELEASES, FIXTURE_TRUST, fixtureReleases } from '../../test/support/fixture-releases.ts';
import { findTool } from '../../test/support/tools.ts';
import type { Effort } from '../effort.ts';
import { opensslVerifyRates } from '../peers/openssl-speed.ts';
import { type Comparison, type Goal, median, medianOf, type Row } from '../row.ts';
import { generateLoad, type LoadFigures, type LoadRequest } from '../service/generate-load.ts';
import { measureHandler } from '../service/handler-rate.ts';
import { residentMegabytes, startBareServer, startLocalService } from '../service/local-service.ts';

interface Plan {
  readonly starts: number;
  readonly handlerMs: number;
  readonly serve: number;
  readonly check: number;
  readonly verify: number;
}

/** In full 100,000 requests to one process, over which its memory must stay flat. */
const PLANS: Readonly<Record<Effort, Plan>> = {
  full: { starts: 7, handlerMs: 3000, serve: 60_000, check: 25_000, verify: 15_000 },
  quick: { starts: 1, handlerMs: 300, serve: 1000, check: 500, verify: 200 },
};
/** Requests per second and core that the handler has to answer (design, Performance goals): shown, for machines differ. */
const HANDLER_RATE = 3000;
/** Of the rate at which the file alone is read: what is checked in its place. */
const HANDLER_GOAL = { kind: 'at least', ratio: 0.2 } as const;
/** Requests a second of nginx with the same file, and of the operation with the key alone. */
const NGINX_GOAL = { kind: 'at least', ratio: 0.5 } as const;
const KEY_GOAL = { kind: 'at least', ratio: 0.25 } as const;
/** Times the median, at the 99th percentile under the same 16 connections. */
const SERVE_TAIL_GOAL = { kind: 'at most', ratio: 3 } as const;
const VERIFY_TAIL_GOAL = { kind: 'at most', ratio: 4 } as const;
/** What an answered request leaves behind must not add up: that much is V8's heap finding its size. */
const FLAT_GOAL = { kind: 'at most', ratio: 1.2 } as const;
const PULLSPEC = fixtureReleases.find(({ expected }) => expected === 'accept')?.pullspec ?? '';
const DIGEST = parseDigest(PULLSPEC.slice(PULLSPEC.indexOf('@') + 1));
const SIGNATURE_PATH = `/signatures/${toStoreSegment(DIGEST)}/signature-1`;

/** `npm start` as a whole: how long until it answers, and what it does under load on loopback. */
export async function measureService(effort: Effort): Promise<readonly Row[]> {
  const plan = PLANS[effort];
  const data = await mkdtemp(path.join(tmpdir(), 'signet-bench-service-'));
  const objects = path.join(data, 'objects');
  try {
    const start = await measureStarts(data, plan);
    // A mirror that holds what is asked for.
    await cp(path.join(FIXTURE_RELEASES, 'signatures'), path.join(objects, 'signatures'), { recursive: true });
    const { handled, read } = await measureHandler(objects, SIGNATURE_PATH, plan.handlerMs);
    const handler: Row = {
      id: 'handler-serve',
      name: 'serve-signature through the handler, one core',
      unit: '/s',
      ours: handled,
      beside: 'reading the file alone, in Node’s threads',
      theirs: read,
      goal: HANDLER_GOAL,
      others: [{ beside: 'the design’s figure', theirs: HANDLER_RATE }],
    };
    return [start, handler, ...(await measureLoad(data, objects, plan))];
  } finally {
    await rm(data, { recursive: true, force: true });
  }
}

async function measureStarts(data: string, { starts }: Plan): Promise<Row> {
  const ours: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round < starts; round++) {
    const begun = performance.now();
    execFileSync(process.execPath, ['-e', '0']);
    bare.push(performance.now() - begun);
    const started = performance.now();
    const service = await startLocalService(data, FIXTURE_TRUST);
    await (await fetch(`${service.url}/healthz`)).text();
    ours.push(performance.now() - started);
    await service.stop();
  }
  return {
    id: 'start-local',
    name: 'npm start, process start to first answer',
    unit: 'ms',
    ours: median(ours),
    beside: 'bare Node, start to exit (limit)',
    theirs: median(bare),
  };
}

async function measureLoad(data: string, objects: string, plan: Plan): Promise<readonly Row[]> {
  const service = await startLocalService(data, FIXTURE_TRUST);
  const body = JSON.stringify({ pullspec: PULLSPEC });
  const requests = {
    serve: { url: `${service.url}${SIGNATURE_PATH}` },
    check: { url: `${service.url}/v1/pullspecs/check`, body },
    verify: { url: `${service.url}/v1/verify`, body },
  } as const satisfies Readonly<Record<string, LoadRequest>>;
  try {
    // What is measured first comes last: V8 compiles what two kinds share anew when it has seen both.
    for (const kind of ['verify', 'check', 'serve'] as const) await generateLoad(requests[kind], plan[kind]);
    const before = await residentMegabytes(service.pid);
    const serve = await generateLoad(requests.serve, plan.serve);
    const check = await generateLoad(requests.check, plan.check);
    const verify = await generateLoad(requests.verify, plan.verify);
    const after = await residentMegabytes(service.pid);
    const nginx = await measureNginx(data, objects, plan);
    const key = measureKey();
    const bare = { serve: await measureBare(requests.serve, plan), verify: await measureBare(requests.verify, plan) };
    return [
      ...toLoadRows('serve-signature', serve, bare.serve, { peers: [nginx], tailGoal: SERVE_TAIL_GOAL }),
      ...toLoadRows('check-pullspec', check, bare.verify),
      ...toLoadRows('verify-image, mirror hit', verify, bare.verify, { peers: [key], tailGoal: VERIFY_TAIL_GOAL }),
      toMemoryRow(before, after, plan),
    ];
  } finally {
    await service.stop();
  }
}

/** Node's own server under the same load, with an answer as long as ours. */
async function measureBare({ url, body }: LoadRequest, plan: Plan): Promise<number> {
  const answer = await fetch(url, body === undefined ? {} : { method: 'POST', body, headers: JSON_CONTENT });
  const { length } = Buffer.from(await answer.arrayBuffer());
  const server = await startBareServer(length);
  const asked = { url: server.url, body };
  await generateLoad(asked, plan.check);
  const { rate } = await generateLoad(asked, plan.check);
  await server.stop();
  return rate;
}

/** What checks one signature by the publisher's key and does nothing else: 4096 bits of RSA, as the releases' own. */
function measureKey(): Comparison {
  const theirs = medianOf(opensslVerifyRates('rsa4096'));
  return { beside: 'openssl speed rsa4096, verify', theirs, missing: 'there is no openssl', goal: KEY_GOAL };
}

async function measureNginx(data: string, objects: string, plan: Plan): Promise<Comparison> {
  const program = findTool('nginx');
  if (program === undefined) {
    return { beside: 'nginx, the same file', theirs: undefined, missing: 'there is no nginx', goal: NGINX_GOAL };
  }
  const nginx = await startNginx(program, objects, path.join(data, 'nginx'));
  const asked = { url: `${nginx.origin}${SIGNATURE_PATH}` };
  await generateLoad(asked, plan.check);
  const { rate, errors } = await generateLoad(asked, plan.check);
  await nginx.close();
  if (errors > 0) throw new Error('nginx does not serve the signature');
  return { beside: 'nginx, the same file', theirs: rate, goal: NGINX_GOAL };
}

function toLoadRows(
  name: string,
  { rate, p50, p99, errors, requests }: LoadFigures,
  bare: number,
  { peers = [], tailGoal }: { readonly peers?: readonly Comparison[]; readonly tailGoal?: Goal } = {},
): readonly Row[] {
  return [
    {
      id: `load-${name.split(',')[0]}`,
      name: `${name}, over HTTP, one process`,
      unit: '/s',
      ours: rate,
      beside: 'node:http, as many bytes (limit)',
      theirs: bare,
      others: peers,
    },
    { name: `${name}, 99th percentile`, unit: 'ms', ours: p99, beside: 'its median', theirs: p50, goal: tailGoal },
    {
      name: `${name}, errors`,
      unit: '',
      ours: errors,
      beside: 'requests',
      theirs: requests,
      goal: { kind: 'at most', ratio: 0 },
    },
  ];
}

function toMemoryRow(before: number, after: number, { serve, check, verify }: Plan): Row {
  return {
    id: 'memory-local',
    name: `memory after ${(serve + check + verify).toLocaleString('en')} requests`,
    unit: 'MB',
    ours: after,
    beside: 'before them, warmed up',
    theirs: before,
    goal: FLAT_GOAL,
  };
}

const JSON_CONTENT = { 'content-type': 'application/json' } as const;
