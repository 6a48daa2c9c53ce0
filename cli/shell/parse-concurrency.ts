import { InvalidArgumentError } from 'commander';

/** Digests that a command may have under way at a time. */
export const MAX_CONCURRENCY = 256;

/** For `--concurrency`. */
export function parseConcurrency(value: string): number {
  const number = Number(value);
  if (/^[0-9]{1,3}$/.test(value) && number >= 1 && number <= MAX_CONCURRENCY) return number;
  throw new InvalidArgumentError(`it must be a number from 1 to ${MAX_CONCURRENCY}`);
}
