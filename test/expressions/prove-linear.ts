import { type Automaton, toAutomaton } from './automaton.ts';

/**
 * Why an expression may take more than linear time for some text; undefined when it takes linear time for every text.
 *
 * A backtracking engine takes super-linear time where the automaton is ambiguous without end (Weber and Seidl, 1991): there
 * are two states and a word that leads from each to itself and from the one to the other. Where a state has matched
 * already, no way through it is tried twice.
 */
export function findSuperLinear(source: string, flags: string): string | undefined {
  const automaton = toAutomaton(source, flags);
  const [fault] = automaton.faults;
  if (fault !== undefined) return fault;
  const { next, matched } = automaton;
  const states = next.keys().toArray();
  const reached = states.map((state) => reach(automaton, state));
  const isLoop = (state: number): boolean => !matched.has(state) && reached[state]?.has(state) === true;
  const loops = states.filter(isLoop);
  for (const one of loops) {
    // Two ways from one character to the next, around and around: each doubles the ways.
    for (const [to, ways] of next[one] ?? []) {
      if (ways > 1 && reached[to]?.has(one) === true) return 'a repetition of a repetition';
    }
    for (const other of loops) {
      if (one === other || reached[one]?.has(other) !== true) continue;
      if (isAmbiguous(automaton, one, other, reached)) return 'a text can be split in several ways';
    }
  }
  return undefined;
}

function reach({ next, matched }: Automaton, from: number): ReadonlySet<number> {
  const found = new Set<number>();
  const waiting = [from];
  for (let state = waiting.pop(); state !== undefined; state = waiting.pop()) {
    for (const to of next[state]?.keys() ?? []) {
      if (found.has(to) || matched.has(to)) continue;
      found.add(to);
      waiting.push(to);
    }
  }
  return found;
}

/** Whether one word leads from the first to itself, from the first to the second, and from the second to itself. */
function isAmbiguous(
  { takes, next, matched }: Automaton,
  one: number,
  other: number,
  reached: readonly ReadonlySet<number>[],
): boolean {
  const returns = (state: number, to: number): boolean => state === to || reached[state]?.has(to) === true;
  const seen = new Set<string>();
  let isFirst = true;
  const waiting: (readonly [number, number, number])[] = [[one, one, other]];
  for (let triple = waiting.pop(); triple !== undefined; triple = waiting.pop()) {
    const [left, middle, right] = triple;
    if (!isFirst && left === one && middle === other && right === other) return true;
    isFirst = false;
    for (const toLeft of next[left]?.keys() ?? []) {
      if (matched.has(toLeft) || !returns(toLeft, one)) continue;
      for (const toMiddle of next[middle]?.keys() ?? []) {
        if (matched.has(toMiddle) || !returns(toMiddle, other)) continue;
        const common = (takes[toLeft] ?? 0n) & (takes[toMiddle] ?? 0n);
        if (common === 0n) continue;
        for (const toRight of next[right]?.keys() ?? []) {
          if (matched.has(toRight) || !returns(toRight, other) || (common & (takes[toRight] ?? 0n)) === 0n) continue;
          const name = `${toLeft},${toMiddle},${toRight}`;
          if (seen.has(name)) continue;
          seen.add(name);
          waiting.push([toLeft, toMiddle, toRight]);
        }
      }
    }
  }
  return false;
}
