import { InvalidArgumentError } from 'commander';

const MAX_LIMIT = 10_000;

/** For an option that says how many are shown. @throws InvalidArgumentError */
export function parseLimit(text: string): number {
  const limit = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > MAX_LIMIT) throw new InvalidArgumentError(`it must be an integer from 1 to ${MAX_LIMIT}`);
  return limit;
}
