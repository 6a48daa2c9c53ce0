import { randomInt } from 'node:crypto';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { saveFailure } from './failures.ts';
import { comparePeers } from './peers/report.ts';
import { addCounts, type Counts, zeroCounts } from './run-target.ts';
import { runWorkers } from './run-workers.ts';
import { TARGETS } from './targets/table.ts';

/** Fuzzes Signet's readers and verifiers. Exits with 1 after a failure, each saved as a fixture that a test replays. */
const USAGE = `usage: npm run fuzz -- [TARGET...] [flags]
${TARGETS.map(({ name, summary }) => `  ${name.padEnd(13)}${summary}`).join('\n')}
  sigstore runs bundles and certificates as well: all that Sigstore signatures are read from
  --seconds N  each target for so long (60, unless there is a count)
  --count N    each target with so many inputs
  --seed N     the same inputs again (a new number, which is printed)
  --start N    the first iteration, to make one input again with --count 1 (0)
  --save DIR   where failures are saved (test/fixtures/fuzz/found)
  --peers      compares what is accepted with Go and gpg instead, where they are installed (2000 inputs each)
  -o json      the result as JSON
`;
const SEEDS = 2 ** 31;
/** Targets that one name stands for beside its own. */
const TOGETHER: ReadonlyMap<string, readonly string[]> = new Map([['sigstore', ['bundles', 'certificates']]]);
const PROGRESS_MS = 30_000;
const INTERRUPTED = 130;

class UsageError extends Error {}

interface Options {
  readonly targets: readonly string[];
  readonly seconds: number | undefined;
  readonly count: number | undefined;
  readonly seed: number;
  readonly start: number;
  readonly save: string | undefined;
  readonly isJson: boolean;
  readonly isPeers: boolean;
}

interface Result extends Counts {
  readonly target: string;
  readonly seconds: number;
  readonly failures: readonly { readonly file: string; readonly kind: string; readonly detail: string }[];
}

try {
  const options = parseOptions(process.argv.slice(2));
  if (options === undefined) process.stdout.write(USAGE);
  else if (options.isPeers) await comparePeers(options);
  else await runAll(options);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`fuzz: ${error.message}\n${USAGE}`);
  process.exitCode = 2;
}

async function runAll(options: Options): Promise<void> {
  const interrupt = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupt.abort());
  note(`fuzz: seed ${options.seed}`);
  const results: Result[] = [];
  for (const target of options.targets) {
    if (interrupt.signal.aborted) break;
    const result = await runOne(target, options, interrupt.signal);
    results.push(result);
    if (!options.isJson) say(`${target}: ${describe(result)} in ${result.seconds.toFixed(0)} s (${toRate(result)}/s)`);
  }
  const total = zeroCounts();
  for (const { inputs, genuine, wrongAccepts, exceptions } of results) {
    addCounts(total, { inputs, genuine, wrongAccepts, exceptions });
  }
  const { seed, isJson } = options;
  if (isJson)
    say(JSON.stringify({ seed, ...total, isInterrupted: interrupt.signal.aborted, targets: results }, undefined, 2));
  else say(`${describe(total)}, seed ${seed}`);
  if (total.wrongAccepts + total.exceptions > 0) process.exitCode = 1;
  else if (interrupt.signal.aborted) process.exitCode = INTERRUPTED;
}

async function runOne(target: string, options: Options, signal: AbortSignal): Promise<Result> {
  const failures: Result['failures'][number][] = [];
  const started = performance.now();
  const elapsed = (): number => (performance.now() - started) / 1000;
  let told = started;
  const counts = await runWorkers({
    ...options,
    target,
    signal,
    onFailure: (failure) => {
      const file = path.relative('.', saveFailure(failure, options.save));
      failures.push({ file, kind: failure.kind, detail: failure.detail });
      note(`${target}: ${failure.kind} at iteration ${failure.iteration}: ${failure.detail}\n  saved as ${file}`);
    },
    onProgress: (so) => {
      if (performance.now() - told < PROGRESS_MS) return;
      told = performance.now();
      note(`${target}: ${describe(so)} after ${elapsed().toFixed(0)} s`);
    },
  });
  return { target, seconds: elapsed(), ...counts, failures };
}

function describe({ inputs, genuine, wrongAccepts, exceptions }: Counts): string {
  return `${inputs} inputs, ${genuine} accepted as genuine, ${wrongAccepts} wrong accepts, ${exceptions} exceptions`;
}

function toRate({ inputs, seconds }: Result): string {
  return Math.round(inputs / seconds).toLocaleString('en');
}

/** Undefined where help was asked for. */
function parseOptions(args: string[]): Options | undefined {
  const { values, positionals } = readFlags(args);
  if (values.help) return undefined;
  const names = TARGETS.map(({ name }) => name);
  const unknown = positionals.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new UsageError(`there is no target ${JSON.stringify(unknown)}`);
  if (values.output !== undefined && values.output !== 'json') {
    throw new UsageError(`-o: ${JSON.stringify(values.output)} is not a form: write json`);
  }
  const count = toNumber('count', values.count);
  return {
    targets:
      positionals.length === 0
        ? names
        : [...new Set(positionals.flatMap((name) => [name, ...(TOGETHER.get(name) ?? [])]))],
    count,
    seconds: toNumber('seconds', values.seconds) ?? (count === undefined ? 60 : undefined),
    seed: toNumber('seed', values.seed) ?? randomInt(SEEDS),
    start: toNumber('start', values.start) ?? 0,
    save: values.save,
    isJson: values.output === 'json',
    isPeers: values.peers,
  };
}

function readFlags(args: string[]) {
  const text = { type: 'string' } as const;
  const options = {
    help: { type: 'boolean', short: 'h', default: false },
    output: { ...text, short: 'o' },
    seconds: text,
    count: text,
    seed: text,
    start: text,
    save: text,
    peers: { type: 'boolean', default: false },
  } as const;
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'the flags cannot be read');
  }
}

function toNumber(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (/^[0-9]+$/.test(text) && number < 2 ** 32) return number;
  throw new UsageError(`--${flag}: ${JSON.stringify(text)} is not a whole number below 2^32`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function note(line: string): void {
  process.stderr.write(`${line}\n`);
}
