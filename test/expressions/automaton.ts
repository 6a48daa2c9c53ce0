import { type AST, RegExpParser } from '@eslint-community/regexpp';

/**
 * An expression as an automaton: a state for each place that takes a character. Between two of them there is an edge for
 * each way that leads from one to the other without a character.
 */
export interface Automaton {
  /** Characters that a state takes: a bit of the alphabet each. */
  readonly takes: readonly bigint[];
  /** For each state, the states that may follow, with how many ways lead there. */
  readonly next: readonly ReadonlyMap<number, number>[];
  /** States after which the expression has matched, whatever follows. */
  readonly matched: ReadonlySet<number>;
  /** What the automaton cannot say: each makes the expression one that is not proven linear. */
  readonly faults: readonly string[];
}

/** Repetitions of up to this many are written out; more count as any number. */
const MAX_COPIES = 64;
/** ASCII and Latin-1, and one of each kind above: a space, a letter, half of a pair. */
const ALPHABET = [
  ...Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)),
  '\u2028',
  '\u3000',
  '\ufeff',
  '\u4e00',
  '\u0130',
  '\u212a',
  '\ud800',
  '\ufffe',
];
const ALL = (1n << BigInt(ALPHABET.length)) - 1n;

type Edge =
  | { readonly kind: 'free'; readonly to: number }
  /** Passed at the start of the text alone. */
  | { readonly kind: 'start'; readonly to: number }
  /** Passed at the end of the text alone: nothing is taken after it. */
  | { readonly kind: 'end'; readonly to: number }
  /** Passed where a condition holds that is not looked into. */
  | { readonly kind: 'condition'; readonly to: number }
  | { readonly kind: 'take'; readonly to: number; readonly state: number };

/** Builds it. The search for a match at each place of the text is part of it, also of a sticky expression. */
export function toAutomaton(source: string, flags: string): Automaton {
  const pattern = new RegExpParser().parsePattern(source, 0, source.length, {
    unicode: flags.includes('u'),
    unicodeSets: flags.includes('v'),
  });
  const edges: Edge[][] = [];
  const takes: bigint[] = [];
  const faults: string[] = [];
  const node = (): number => edges.push([]) - 1;
  const link = (from: number, edge: Edge): void => void edges[from]?.push(edge);
  const take = (from: number, characters: bigint): number => {
    const to = node();
    link(from, { kind: 'take', to, state: takes.push(characters) - 1 });
    return to;
  };
  const isMultiline = flags.includes('m');
  /** Writes an element behind a node, and returns the node at its end. */
  const write = (from: number, element: AST.Element | AST.Alternative | AST.Pattern): number => {
    switch (element.type) {
      case 'Pattern':
      case 'Group':
      case 'CapturingGroup': {
        const end = node();
        for (const alternative of element.alternatives) {
          const begin = node();
          link(from, { kind: 'free', to: begin });
          link(write(begin, alternative), { kind: 'free', to: end });
        }
        return end;
      }
      case 'Alternative':
        return element.elements.reduce(write, from);
      case 'Quantifier':
        return repeat(from, element);
      case 'Character':
      case 'CharacterSet':
      case 'CharacterClass':
      case 'ExpressionCharacterClass':
        return take(from, toCharacters(element.raw, flags));
      case 'Assertion': {
        const to = node();
        if ((element.kind === 'lookahead' || element.kind === 'lookbehind') && hasUnbounded(element)) {
          faults.push(`${element.raw} looks at any number of characters`);
        }
        const isLineEdge = (element.kind === 'start' || element.kind === 'end') && !isMultiline;
        link(from, { kind: isLineEdge ? element.kind : 'condition', to });
        return to;
      }
      case 'Backreference':
        faults.push(`${element.raw} takes what was taken before`);
        return from;
      default:
        return element satisfies never;
    }
  };
  const repeat = (from: number, { min, max, element }: AST.Quantifier): number => {
    let at = from;
    const copies = Math.min(min, MAX_COPIES);
    for (let count = 0; count < copies; count++) at = write(at, element);
    if (max > MAX_COPIES) {
      const begin = node();
      const end = node();
      link(at, { kind: 'free', to: begin });
      link(write(begin, element), { kind: 'free', to: begin });
      link(begin, { kind: 'free', to: end });
      return end;
    }
    const end = node();
    for (let count = copies; count < max; count++) {
      link(at, { kind: 'free', to: end });
      at = write(at, element);
    }
    link(at, { kind: 'free', to: end });
    return end;
  };
  const start = node();
  // The search: one character after the other is passed over.
  const skipped = take(start, ALL);
  link(skipped, { kind: 'free', to: start });
  const end = write(start, pattern);
  const targets = new Map<number, number>();
  for (const list of edges) for (const edge of list) if (edge.kind === 'take') targets.set(edge.state, edge.to);
  const matched = new Set<number>();
  const next = takes.map((_, state) => {
    const found = new Map<number, number>();
    const isEnd = follow(edges, targets.get(state) ?? start, end, found);
    if (isEnd) matched.add(state);
    return found;
  });
  return { takes, next, matched, faults };
}

/** Counts the ways to each character after a node. Returns whether the end is reached on no condition. */
function follow(edges: readonly Edge[][], from: number, end: number, found: Map<number, number>): boolean {
  let isEnd = false;
  // A place is passed twice, because a repetition of what may be empty leads back to it without a character.
  const walk = (at: number, visited: readonly number[], isConditional: boolean): void => {
    if (at === end && !isConditional) isEnd = true;
    for (const edge of edges[at] ?? []) {
      if (edge.kind === 'take') found.set(edge.state, (found.get(edge.state) ?? 0) + 1);
      // A character was taken, so this is not the start; and what is behind the end takes none.
      else if (edge.kind !== 'start' && edge.kind !== 'end' && countOf(visited, edge.to) < 2) {
        walk(edge.to, [...visited, edge.to], isConditional || edge.kind === 'condition');
      }
    }
  };
  walk(from, [from], false);
  return isEnd;
}

function countOf(list: readonly number[], wanted: number): number {
  return list.filter((one) => one === wanted).length;
}

function hasUnbounded(assertion: AST.Node): boolean {
  return /[*+]|\{\d+,\}/.test(assertion.raw.replaceAll(/\\.|\[(?:\\.|[^\]])*\]/g, 'x'));
}

/** As the engine itself says, so that letter case and classes need no second reading. */
function toCharacters(raw: string, flags: string): bigint {
  const expression = new RegExp(`^(?:${raw})$`, `${flags.replaceAll(/[gym]/g, '')}s`.replace('ss', 's'));
  const isDot = raw === '.' && !flags.includes('s');
  let bits = 0n;
  for (const [index, character] of ALPHABET.entries()) {
    const isTaken = isDot ? !'\n\r\u2028\u2029'.includes(character) : expression.test(character);
    if (isTaken) bits |= 1n << BigInt(index);
  }
  return bits;
}
