import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { Draw, toStream } from './draw.ts';
import { addCounts, type Counts, zeroCounts } from './run-target.ts';
import type { Failure } from './target.ts';
import { readTarget } from './targets/table.ts';
import { SLOT, type WorkerPlan } from './worker.ts';

export interface FuzzPlan {
  readonly target: string;
  readonly seed: number;
  /** The first iteration. */
  readonly start: number;
  /** Iterations, or none: until the time is over. */
  readonly count: number | undefined;
  readonly seconds: number | undefined;
  readonly signal: AbortSignal;
  readonly onFailure: (failure: Failure) => void;
  readonly onProgress?: (counts: Readonly<Counts>) => void;
}

/** One input may take so long: a thousand times what the slowest takes, so that a busy machine is no hang. */
const HANG_MS = 60_000;
const WATCH_MS = 500;
/** Without a count, until the time is over. */
const ENDLESS = 2 ** 32;

/** Runs one target on every processor, ends a worker that hangs, and returns the counts. */
export async function runWorkers(plan: FuzzPlan): Promise<Counts> {
  const threads = availableParallelism();
  const workers = Array.from({ length: threads }, (_, at) => startWorker(plan, at, threads));
  const stop = (): void => {
    for (const { slots } of workers) slots[SLOT.isOver] = 1;
  };
  const timer = plan.seconds === undefined ? undefined : setTimeout(stop, plan.seconds * 1000);
  const watch = setInterval(() => {
    for (const worker of workers) worker.endIfHanging();
    plan.onProgress?.(sum(workers));
  }, WATCH_MS);
  plan.signal.addEventListener('abort', stop, { once: true });
  if (plan.signal.aborted) stop();
  try {
    await Promise.all(workers.map(({ ended }) => ended));
    return sum(workers);
  } finally {
    clearTimeout(timer);
    clearInterval(watch);
    plan.signal.removeEventListener('abort', stop);
    await Promise.all(workers.map(({ terminate }) => terminate()));
  }
}

interface RunningWorker {
  readonly slots: Float64Array;
  readonly hung: Counts;
  readonly ended: Promise<void>;
  readonly endIfHanging: () => void;
  readonly terminate: () => Promise<unknown>;
}

function startWorker({ target, seed, start, count, onFailure }: FuzzPlan, at: number, step: number): RunningWorker {
  const shared = new SharedArrayBuffer(SLOT.count * Float64Array.BYTES_PER_ELEMENT);
  const slots = new Float64Array(shared);
  const end = count === undefined ? ENDLESS : start + count;
  const workerData: WorkerPlan = { target, seed, first: start + at, step, end, slots: shared };
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData });
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  worker.on('message', (failure: Failure) => onFailure(failure));
  worker.once('error', reject);
  worker.once('exit', () => resolve());
  const hung = zeroCounts();
  let seen = { inputs: -1, at: performance.now() };
  const endIfHanging = (): void => {
    const inputs = slots[SLOT.inputs] ?? 0;
    // A worker that minimises a failure is not at the next input either; minimising is bounded.
    if (inputs !== seen.inputs) seen = { inputs, at: performance.now() };
    if (performance.now() - seen.at < HANG_MS || hung.exceptions > 0) return;
    hung.exceptions++;
    const iteration = slots[SLOT.iteration] ?? 0;
    void reportHang(target, seed, iteration)
      .then(onFailure, reject)
      .then(() => worker.terminate());
  };
  return { slots, hung, ended, endIfHanging, terminate: () => worker.terminate() };
}

/** The input is made again: only its check hangs. */
async function reportHang(name: string, seed: number, iteration: number): Promise<Failure> {
  const input = (await readTarget(name).open()).make(new Draw(seed, toStream(name), iteration));
  const detail = `not done after ${HANG_MS / 1000} s`;
  return { target: name, seed, iteration, kind: 'hang', detail, input };
}

function sum(workers: readonly RunningWorker[]): Counts {
  const counts = zeroCounts();
  for (const { slots, hung } of workers) {
    const [, inputs = 0, genuine = 0, wrongAccepts = 0, exceptions = 0] = slots;
    addCounts(counts, { inputs, genuine, wrongAccepts, exceptions });
    addCounts(counts, hung);
  }
  return counts;
}
