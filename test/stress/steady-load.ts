import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/** What is asked at a steady rate, whether or not what was asked before is answered. */
export interface SteadyRequest {
  readonly name: string;
  readonly perSecond: number;
  readonly expected: number;
  /** Whether it may be sent twice: a push would then be two. */
  readonly mayRepeat: boolean;
  readonly toRequest: (index: number) => {
    readonly path: string;
    readonly body?: string | undefined;
  };
}

export interface SteadyFigures {
  readonly name: string;
  /** Requests that were answered as expected. */
  readonly answered: number;
  /** What was answered instead, and how often: a status, or the error. */
  readonly faults: ReadonlyMap<string, number>;
  /** Milliseconds from when a request was due to the end of its answer, in the order of their due times. */
  readonly latencies: readonly number[];
}

const TICK_MS = 5;
/** Connections of each kind: more than ever wait where the service keeps up. */
const CONNECTIONS = 64;

/**
 * Asks at a rate for so long, then waits for the last answers. A latency counts from when the request was due, so that
 * a service that stands still is not asked less often for it.
 */
export async function loadSteadily(origin: string, asked: SteadyRequest, milliseconds: number): Promise<SteadyFigures> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const count = Math.floor((asked.perSecond * milliseconds) / 1000);
  const latencies = new Float64Array(count);
  const faults = new Map<string, number>();
  const started = performance.now();
  const running = new Set<Promise<void>>();
  let answered = 0;
  const ask = async (index: number, due: number): Promise<void> => {
    const found = await sendAsked(agent, origin, asked, index);
    latencies[index] = performance.now() - due;
    if (found === String(asked.expected)) answered += 1;
    else faults.set(found, (faults.get(found) ?? 0) + 1);
  };
  for (let index = 0; index < count;) {
    const now = performance.now();
    for (let due = dueTime(index); index < count && due <= now; due = dueTime(index)) {
      const asking = ask(index, due);
      running.add(asking);
      void asking.finally(() => running.delete(asking));
      index += 1;
    }
    await delay(TICK_MS);
  }
  await Promise.all(running);
  agent.destroy();
  return { name: asked.name, answered, faults, latencies: [...latencies] };

  function dueTime(index: number): number {
    return started + (index * 1000) / asked.perSecond;
  }
}

/** The 99th percentile of a share of the latencies, such as the first tenth. */
export function percentile99(latencies: readonly number[], from: number, to: number): number {
  const part = latencies.slice(Math.floor(latencies.length * from), Math.ceil(latencies.length * to));
  return part.toSorted((one, other) => one - other)[Math.floor(part.length * 0.99)] ?? Number.NaN;
}

/** A server may close a kept connection just as it is used again: what may be repeated is then sent once more, as by every client. */
async function sendAsked(agent: Agent, origin: string, asked: SteadyRequest, index: number): Promise<string> {
  const found = await send(agent, origin, asked.toRequest(index));
  return found === RESET && asked.mayRepeat ? await send(agent, origin, asked.toRequest(index)) : found;
}

const RESET = 'read ECONNRESET';

/** The status, or the error where there was no answer. */
function send(agent: Agent, origin: string, asked: ReturnType<SteadyRequest['toRequest']>): Promise<string> {
  const { path, body } = asked;
  const headers = body === undefined ? {} : { 'content-type': 'application/json' };
  return new Promise((resolve) => {
    const method = body === undefined ? 'GET' : 'POST';
    const sent = request(new URL(path, origin), { agent, method, headers }, (response) => {
      response.resume();
      response.on('end', () => resolve(String(response.statusCode)));
      response.on('error', (error) => resolve(error.message));
    });
    sent.on('error', (error) => resolve(error.message));
    sent.end(body);
  });
}
