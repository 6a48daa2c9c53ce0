import { createHash } from 'node:crypto';

const RANGE = 2 ** 32;

/**
 * The draws of one input: the same numbers for the same seed, target and iteration, whatever was drawn before. So any
 * input can be made again alone, and workers share a run without sharing a state. (sfc32.)
 */
export class Draw {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number, stream: number, iteration: number) {
    this.#a = seed | 0;
    this.#b = stream | 0;
    this.#c = iteration | 0;
    for (let round = 0; round < 12; round++) this.#next();
  }

  /** A whole number from 0 to below `limit`. */
  below(limit: number): number {
    return Math.floor((this.#next() / RANGE) * limit);
  }

  /** True once in so many draws. */
  once(inSoMany: number): boolean {
    return this.below(inSoMany) === 0;
  }

  pick<T>(list: readonly T[]): T {
    const picked = list[this.below(list.length)];
    if (picked === undefined) throw new RangeError('nothing to pick from');
    return picked;
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    for (let at = 0; at < length; at++) bytes[at] = this.#next() & 0xff;
    return bytes;
  }

  #next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }
}

/** A number of 32 bits for a name, so that targets draw different numbers from one seed. */
export function toStream(name: string): number {
  return createHash('sha256').update(name).digest().readUInt32BE();
}
