/** Changed lines of each text that are compared; a longer change is shown as replaced. */
const MAX_COMPARED = 2_000;
/** Lines of a difference that are returned. */
export const MAX_DIFF_LINES = 40;
const CONTEXT = 2;

interface Change {
  readonly sign: ' ' | '-' | '+';
  readonly line: string;
}

/** The difference of two texts: `-` expected, `+` found, with two lines of context; empty for equal texts. */
export function diffLines(expected: string, found: string): readonly string[] {
  if (expected === found) return [];
  const changes = compare(expected.split('\n'), found.split('\n'));
  const shown = changes.flatMap(({ sign, line }, index) => (isNearChange(changes, index) ? [`${sign}${line}`] : []));
  // No line differs when only a final line feed does.
  if (shown.length === 0) return ['the line feeds differ'];
  if (shown.length <= MAX_DIFF_LINES) return shown;
  return [...shown.slice(0, MAX_DIFF_LINES), `… ${shown.length - MAX_DIFF_LINES} more lines`];
}

function isNearChange(changes: readonly Change[], index: number): boolean {
  return changes.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some(({ sign }) => sign !== ' ');
}

function compare(expected: readonly string[], found: readonly string[]): readonly Change[] {
  const shorter = Math.min(expected.length, found.length);
  let head = 0;
  while (head < shorter && expected[head] === found[head]) head++;
  let tail = 0;
  while (tail < shorter - head && expected.at(-1 - tail) === found.at(-1 - tail)) tail++;
  const same = (line: string): Change => ({ sign: ' ', line });
  return [
    ...expected.slice(0, head).map(same),
    ...compareMiddle(expected.slice(head, expected.length - tail), found.slice(head, found.length - tail)),
    ...expected.slice(expected.length - tail).map(same),
  ];
}

/** By the longest common subsequence. */
function compareMiddle(expected: readonly string[], found: readonly string[]): readonly Change[] {
  if (expected.length > MAX_COMPARED || found.length > MAX_COMPARED) return replace(expected, found);
  const width = found.length + 1;
  const lengths = new Uint16Array((expected.length + 1) * width);
  const at = (row: number, column: number): number => lengths[row * width + column] ?? 0;
  for (let row = expected.length - 1; row >= 0; row--) {
    for (let column = found.length - 1; column >= 0; column--) {
      const isSame = expected[row] === found[column];
      lengths[row * width + column] = isSame
        ? at(row + 1, column + 1) + 1
        : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const changes: Change[] = [];
  let row = 0;
  let column = 0;
  while (row < expected.length && column < found.length) {
    const left = expected[row] ?? '';
    if (left === found[column]) {
      changes.push({ sign: ' ', line: left });
      row++;
      column++;
    } else if (at(row + 1, column) >= at(row, column + 1)) {
      changes.push({ sign: '-', line: left });
      row++;
    } else {
      changes.push({ sign: '+', line: found[column++] ?? '' });
    }
  }
  return [...changes, ...replace(expected.slice(row), found.slice(column))];
}

function replace(expected: readonly string[], found: readonly string[]): readonly Change[] {
  return [
    ...expected.map((line): Change => ({ sign: '-', line })),
    ...found.map((line): Change => ({ sign: '+', line })),
  ];
}
