import { Agent, request } from 'node:http';

/** What is asked, again and again. */
export interface LoadRequest {
  readonly url: string;
  /** Sent as JSON; without one, a GET. */
  readonly body?: string | undefined;
}

export interface LoadFigures {
  readonly requests: number;
  /** Answers that were not 200, and requests without an answer. */
  readonly errors: number;
  /** Answers a second. */
  readonly rate: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

const CONCURRENCY = 16;
/** However many are left, a run ends after this. */
const MAX_MS = 180_000;

/** So many requests over kept connections, some at a time, bounded in count and time. */
export async function generateLoad(what: LoadRequest, count: number): Promise<LoadFigures> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY });
  const latencies: number[] = [];
  const started = performance.now();
  let left = count;
  let errors = 0;
  const worker = async (): Promise<void> => {
    while (left-- > 0 && performance.now() - started < MAX_MS) {
      const sent = performance.now();
      if ((await ask(what, agent)) !== 200) errors += 1;
      latencies.push(performance.now() - sent);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  const seconds = (performance.now() - started) / 1000;
  agent.destroy();
  const sorted = latencies.toSorted((one, other) => one - other);
  const percentile = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return {
    requests: latencies.length,
    errors,
    rate: latencies.length / seconds,
    p50: percentile(0.5),
    p99: percentile(0.99),
  };
}

/** @returns the status; undefined when there was no answer */
async function ask({ url, body }: LoadRequest, agent: Agent): Promise<number | undefined> {
  return await new Promise((resolve) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const sent = request(url, { agent, method: body === undefined ? 'GET' : 'POST', headers }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode));
      response.on('error', () => resolve(undefined));
    });
    sent.on('error', () => resolve(undefined));
    sent.end(body);
  });
}
