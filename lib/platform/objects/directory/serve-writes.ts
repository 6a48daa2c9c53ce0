import type fs from 'node:fs';
import type { MessagePort } from 'node:worker_threads';

/** An object that is alone in a directory which is not there yet. */
export interface NewObject {
  /** Path of the directory; the one above it is there. */
  readonly directory: string;
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface WriteBatch {
  readonly id: number;
  /** Path that nothing has or starts with: directories are made aside at names that start with it. */
  readonly aside: string;
  readonly objects: readonly NewObject[];
}

export interface WrittenBatch {
  readonly id: number;
  /** Whether each object is in its place; where it is not, nothing was changed. */
  readonly isPlaced: readonly boolean[];
  /** Why it is not known whether they stay there. */
  readonly fault?: string | undefined;
}

/** What it calls of Node. */
export interface WriteCalls extends Pick<
  typeof fs,
  'closeSync' | 'mkdirSync' | 'openSync' | 'renameSync' | 'rmSync' | 'writeFileSync'
> {
  readonly fsync: (file: number, done: (error: Error | null) => void) => void;
}

/**
 * Writes batches of objects on a thread of its own, by calls that wait: to hand each of them to another thread would take
 * longer than most of them take. Only what waits for the disk runs in Node's threads, a batch at once.
 *
 * A directory is made aside with its object in it. Both are synced, then it is renamed to its place, which no directory
 * with an object in it gives up. So it appears whole; the sync of the directory above, one for all of them, makes it stay.
 *
 * Its text is the script of the thread, because a program in a single file has no other file to start it from. So it uses
 * nothing but its arguments and what the language has.
 */
export function serveWrites(calls: WriteCalls, port: MessagePort): void {
  interface Made extends NewObject {
    readonly aside: string;
    isPlaced: boolean;
  }

  function sync(file: number): Promise<void> {
    return new Promise((resolve, reject) => {
      calls.fsync(file, (error) => {
        calls.closeSync(file);
        if (error === null) resolve();
        else reject(error);
      });
    });
  }

  function syncDirectory(directory: string): Promise<void> {
    return sync(calls.openSync(directory, 'r'));
  }

  function make({ aside, name, bytes }: Made): Promise<void> {
    calls.mkdirSync(aside);
    const file = calls.openSync(`${aside}/${name}`, 'wx');
    try {
      calls.writeFileSync(file, bytes);
    } catch (error) {
      calls.closeSync(file);
      throw error;
    }
    return sync(file);
  }

  function place(one: Made): void {
    calls.renameSync(one.aside, one.directory);
    one.isPlaced = true;
  }

  /** Those for which the step was done. */
  async function passOf(made: readonly Made[], step: (one: Made) => Promise<void> | void): Promise<readonly Made[]> {
    const settled = await Promise.allSettled(made.map(async (one) => await step(one)));
    return made.filter((_, index) => settled[index]?.status === 'fulfilled');
  }

  async function write({ id, aside, objects }: WriteBatch): Promise<WrittenBatch> {
    const all = objects.map((object, index): Made => ({ ...object, aside: `${aside}-${index}`, isPlaced: false }));
    const whole = await passOf(all, make);
    const synced = await passOf(whole, (one) => syncDirectory(one.aside));
    const placed = await passOf(synced, place);
    for (const one of all) if (!one.isPlaced) calls.rmSync(one.aside, { recursive: true, force: true });
    const isPlaced = all.map((one) => one.isPlaced);
    const above = new Set(placed.map(({ directory }) => directory.slice(0, directory.lastIndexOf('/'))));
    try {
      await Promise.all([...above].map((directory) => syncDirectory(directory)));
      return { id, isPlaced };
    } catch (error) {
      return { id, isPlaced, fault: String(error) };
    }
  }

  port.on('message', (batch: WriteBatch) => {
    void write(batch).then((written) => port.postMessage(written));
  });
}
