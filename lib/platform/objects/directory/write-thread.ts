import { randomUUID } from 'node:crypto';
import process from 'node:process';
import { Worker } from 'node:worker_threads';
import { StoreError } from '../../../base/errors/store-error.ts';
import { type NewObject, serveWrites, type WriteBatch, type WrittenBatch } from './serve-writes.ts';
import { NEW_PREFIX } from './store-directory.ts';

/** Objects that the thread writes in one batch, and batches that it has at a time. */
const MAX_BATCH = 64;
const MAX_RUNNING = 2;
/** Milliseconds after which a thread that has not written a batch is given up. */
const STUCK_MS = 120_000;

/** Whoever writes cannot go on: what was under way may be written or not, and nothing more will be. */
export class WriteThreadError extends StoreError {
  constructor(fault: string) {
    super('ConnectionFailed', `the thread that writes objects ${fault}; run it again`);
  }
}

export interface WriteThread {
  /**
   * Writes an object into a directory of its own. False when the directory is there or cannot be made: then nothing was
   * changed, and writing it in another way says why.
   *
   * @throws StoreError when it is not known whether the object stays; WriteThreadError, for good
   */
  readonly write: (object: NewObject) => Promise<boolean>;
}

interface Waiting {
  readonly object: NewObject;
  readonly resolve: (isPlaced: boolean) => void;
  readonly reject: (error: StoreError) => void;
}

interface Running {
  readonly batch: readonly Waiting[];
  readonly timer: NodeJS.Timeout;
}

/** Set by tests. */
export interface WriteThreadOptions {
  readonly script?: string | undefined;
  readonly stuckMs?: number | undefined;
}

const ARGUMENTS = ['fs', 'worker_threads'].map((name) => `process.getBuiltinModule('${name}')`);
const SCRIPT = `(${serveWrites.toString()})(${ARGUMENTS.join(', ')}.parentPort)`;

/**
 * Starts a thread that writes what many callers write at once, in batches: while one is written, the next one gathers.
 * The thread does not keep the process alive when it has nothing to do.
 *
 * @param aside path of the directory in which new directories are made, on the file system of their places
 */
export function startWriteThread(
  aside: string,
  { script = SCRIPT, stuckMs = STUCK_MS }: WriteThreadOptions = {},
): WriteThread {
  const thread = new Worker(script, { eval: true, execArgv: [], name: 'signet-writes' });
  const running = new Map<number, Running>();
  let waiting: Waiting[] = [];
  let batches = 0;
  let lost: WriteThreadError | undefined;

  function lose(fault: string): void {
    lost ??= new WriteThreadError(fault);
    for (const { timer } of running.values()) clearTimeout(timer);
    for (const { reject } of [...[...running.values()].flatMap(({ batch }) => batch), ...waiting]) reject(lost);
    running.clear();
    waiting = [];
    void thread.terminate();
  }

  function send(): void {
    while (waiting.length > 0 && running.size < MAX_RUNNING) {
      const batch = waiting.slice(0, MAX_BATCH);
      waiting = waiting.slice(MAX_BATCH);
      const id = batches++;
      const timer = setTimeout(() => lose(`has not written a batch within ${stuckMs} ms`), stuckMs);
      running.set(id, { batch, timer });
      const name = `${NEW_PREFIX}${process.pid}-${randomUUID()}`;
      const sent: WriteBatch = { id, aside: `${aside}/${name}`, objects: batch.map(({ object }) => object) };
      thread.ref();
      thread.postMessage(sent, []);
    }
  }

  function settle({ id, isPlaced, fault }: WrittenBatch): void {
    const { batch = [], timer } = running.get(id) ?? {};
    clearTimeout(timer);
    running.delete(id);
    for (const [index, { resolve, reject }] of batch.entries()) {
      if (fault === undefined) resolve(isPlaced[index] === true);
      else reject(new StoreError('ConnectionFailed', `writing objects failed: ${fault}`));
    }
    if (running.size === 0) thread.unref();
    send();
  }

  thread.unref();
  thread.on('message', settle);
  thread.on('error', (error) => lose(`failed (${error instanceof Error ? error.message : String(error)})`));
  thread.on('messageerror', (error) => lose(`answered what cannot be read (${error.message})`));
  thread.on('exit', (status) => lose(`ended with status ${status}`));
  return {
    write(object) {
      if (lost !== undefined) return Promise.reject(lost);
      const { promise, resolve, reject } = Promise.withResolvers<boolean>();
      waiting.push({ object, resolve, reject });
      if (waiting.length === 1) setImmediate(send);
      return promise;
    },
  };
}
