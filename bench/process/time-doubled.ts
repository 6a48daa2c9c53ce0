import process from 'node:process';
import type { ReaderCase } from '../../test/bounds/reader-case.ts';
import { READERS } from '../../test/bounds/readers.ts';

/** Milliseconds of the processor that a reader takes for a text, and for one twice as long. */
export interface Doubled {
  readonly name: string;
  readonly single: number;
  readonly double: number;
}

/** Rounds at least, and as many at most while the two are further apart than the goal. */
const ROUNDS = { least: 3, most: 25 };

/**
 * Times the readers of untrusted texts, in a process of its own: `bench/rows/doubling.ts` starts it with room for all that
 * one call makes, and with the engine's collector, which runs between the calls. Else the longer text alone is interrupted
 * by it, once it crosses the room for what is new, and a reader of linear time seems to take eight times as long.
 *
 * Usage: node --expose-gc time-doubled.ts SIZE RATIO
 */
async function timeAll(size: number, ratio: number): Promise<readonly Doubled[]> {
  const timed: Doubled[] = [];
  for (const reader of READERS) timed.push(await timeDoubled(reader, size, ratio));
  return timed;
}

/** The shortest time of each, in turn: what else the machine does says nothing of the reader. */
async function timeDoubled({ name, make, read }: ReaderCase, size: number, ratio: number): Promise<Doubled> {
  const [one, two] = [make(size), make(2 * size)];
  let [single, double] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 0; round < ROUNDS.most; round += 1) {
    if (round >= ROUNDS.least && double <= ratio * single) break;
    single = Math.min(single, await time(read, one));
    double = Math.min(double, await time(read, two));
  }
  return { name, single, double };
}

async function time(read: ReaderCase['read'], text: string): Promise<number> {
  globalThis.gc?.();
  const before = process.cpuUsage();
  try {
    await read(text);
  } catch {
    // A refusal takes time as well.
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const [size = Number.NaN, ratio = Number.NaN] = process.argv.slice(2).map(Number);
process.stdout.write(JSON.stringify(await timeAll(size, ratio)));
