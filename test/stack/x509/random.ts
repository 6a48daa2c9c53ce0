/** Choices that a seed repeats. */
export interface Random {
  /** A whole number below a limit. */
  below(limit: number): number;
  pick<T>(list: readonly T[]): T;
  chance(probability: number): boolean;
  /** Each element or not. */
  some<T>(list: readonly T[], probability: number): readonly T[];
}

/** Marsaglia's xorshift: enough for choices, and the same on every machine. */
export function createRandom(seed: number): Random {
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  const next = (): number => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
  for (let warm = 0; warm < 8; warm++) next();
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    below,
    pick(list) {
      const found = list[below(list.length)];
      if (found === undefined) throw new RangeError('there is nothing to pick from');
      return found;
    },
    chance: (probability) => next() < probability,
    some: (list, probability) => list.filter(() => next() < probability),
  };
}
