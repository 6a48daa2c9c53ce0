import { readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

/**
 * Prints how long each step of .ci/run took, why a step failed, what was not run, and the sum of all runners on the last
 * line. Exits with 1 if a step failed. `node scripts/summarize-ci.ts DIRECTORY`, where the steps left their results.
 */
const [directory = '.'] = process.argv.slice(2);

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

interface ToolsSummary {
  readonly tools: readonly {
    readonly name: string;
    readonly neededBy: string;
    readonly state: string;
    readonly reason?: string;
  }[];
}

interface Step {
  readonly status: number;
  readonly seconds: number;
  readonly name: string;
}

/** Enough for a message and its place. */
const LOG_LINES = 25;
const MESSAGE_LINES = 8;

const steps = readLines('steps').map(parseStep);
for (const { name, status, seconds } of steps) {
  say(`${String(seconds).padStart(5)} s  ${name}${status === 0 ? '' : `  FAILED (${status})`}`);
}
const counted = steps.map(countStep);
const sum = (of: keyof Counts): number => counted.reduce((total, counts) => total + counts[of], 0);
const missing = ((readReport('tools.json') as ToolsSummary | undefined)?.tools ?? []).filter(
  ({ state }) => state === 'missing',
);
for (const { name } of steps.filter(({ status }) => status !== 0)) {
  say(`\n== why ${name} failed`);
  for (const line of explainFailure(name)) say(line);
}
const notRun = [
  ...missing.map(({ name, neededBy, reason = '' }) => `not run: ${name}: ${neededBy}: ${reason}`),
  ...readLines('not-run'),
];
for (const line of notRun) say(line);
say(`${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped') + notRun.length} skipped`);
process.exitCode = sum('failed') === 0 ? 0 : 1;

/** A line is `<status> <seconds> <name>`. */
function parseStep(line: string): Step {
  const [status, seconds, ...words] = line.split(' ');
  return { status: Number(status), seconds: Number(seconds), name: words.join(' ') };
}

/** A step that failed without a failed case counts as one: lint, a hook, a run that did not end. */
function countStep({ name, status }: Step): Counts {
  const { passed, failed, skipped } = readCounts(name) ?? { passed: 0, failed: 0, skipped: 0 };
  return { passed, failed: status === 0 ? failed : Math.max(failed, 1), skipped };
}

/** The failed tests with their messages; the end of what the step printed, if it has no report of failed tests. */
function explainFailure(step: string): readonly string[] {
  const files = (readReport(`${step.replace(/^npm run /, '')}.json`) as Partial<VitestReport> | undefined)?.testResults;
  const failed = (files ?? []).flatMap(({ name, message, assertionResults }) => {
    const tests = assertionResults
      .filter(({ status }) => status === 'failed')
      .flatMap(({ fullName, failureMessages }) => [fullName, ...failureMessages.flatMap(toFirstLines)]);
    const told = tests.length === 0 ? toFirstLines(message) : tests;
    return told.length === 0 ? [] : [path.relative('.', name), ...told];
  });
  return failed.length === 0 ? readLines(`${step}.log`).slice(-LOG_LINES) : failed;
}

function toFirstLines(message: string): readonly string[] {
  return message === '' ? [] : message.split('\n', MESSAGE_LINES).map((line) => `  ${line}`);
}

/** What a step counted itself; undefined if it counts nothing, or ended before it did. */
function readCounts(step: string): Counts | undefined {
  const report = readReport(`${step.replace(/^npm run /, '')}.json`) as VitestReport | undefined;
  if (report !== undefined) {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = report;
    return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests + numTodoTests };
  }
  if (step === 'fuzz') return countTargets();
  if (step !== 'conformance') return undefined;
  const last = readLines('conformance.txt').at(-1) ?? '';
  const [, passed, failed, unsupported] = /^(\d+) passed, (\d+) failed, (\d+) unsupported$/.exec(last) ?? [];
  if (passed === undefined) return undefined;
  return { passed: Number(passed), failed: Number(failed), skipped: Number(unsupported) };
}

/** A line is `<target>: <counts> in <seconds>`; undefined if it did not come to the sum. */
function countTargets(): Counts | undefined {
  const lines = readLines('fuzz.txt');
  if (!/^\d+ inputs, .*, seed \d+$/.test(lines.at(-1) ?? '')) return undefined;
  const targets = lines.filter((line) => /^[a-z]+: \d+ inputs, /.test(line));
  const good = targets.filter((line) => line.includes(' 0 wrong accepts, 0 exceptions '));
  return { passed: good.length, failed: targets.length - good.length, skipped: 0 };
}

/** Undefined also where its writer was ended half-way. */
function readReport(name: string): unknown {
  try {
    return JSON.parse(readText(name));
  } catch {
    return undefined;
  }
}

/** No lines of a file that is not there. */
function readLines(name: string): readonly string[] {
  return readText(name).split('\n').slice(0, -1);
}

function readText(name: string): string {
  try {
    return readFileSync(path.join(directory, name), 'utf8');
  } catch {
    return '';
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
