import process from 'node:process';
import { parseArgs } from 'node:util';
import { countCalls } from './house/calls.ts';
import { countFigures, type Figure, isMet } from './house/figures.ts';

const HELP = `Counts how the sources are laid out: rooms, files, lines, cycles, comparisons of outcomes, documents.

Usage: npm run house -- [--calls] [--check] [--verbose] [-o json]

  --calls               count too the files that one verification calls, which runs it
  --check               exit 1 when a figure misses its goal
  --verbose             list what was counted: files, lines, cycles
  -o, --output FORMAT   text (default) or json
`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      calls: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
      output: { type: 'string', short: 'o', default: 'text' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (!['text', 'json'].includes(values.output)) throw new TypeError('--output takes text or json');
  const figures = [...countFigures(), ...(values.calls ? await countCalls() : [])];
  const text =
    values.output === 'json' ? toJson(figures) : figures.map((each) => toText(each, values.verbose)).join('');
  process.stdout.write(text);
  return values.check && !figures.every(isMet) ? 1 : 0;
}

function toJson(figures: readonly Figure[]): string {
  return `${JSON.stringify({ schema: 1, figures: figures.map((each) => ({ ...each, isMet: isMet(each) })) }, null, 2)}\n`;
}

function toText(figure: Figure, isVerbose: boolean): string {
  const { name, value, goal, found } = figure;
  const line = `${String(value).padStart(5)}  ${name} (goal: ${goal.kind} ${goal.value})${isMet(figure) ? '' : '  MISSED'}\n`;
  return isVerbose ? line + found.map((each) => `         ${each}\n`).join('') : line;
}

try {
  process.exitCode = await main();
} catch (error) {
  // A wrong option is the caller's, as all the scripts have it.
  if (!(error instanceof TypeError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
