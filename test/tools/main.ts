import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { locateTool, toCache, toVersion } from '../support/tools.ts';
import { installTool, ToolMissing } from './install.ts';
import { takeLock } from './lock.ts';
import { TEST_TOOLS, type TestTool } from './table.ts';

/**
 * Installs the tools that tests use, into SIGNET_TEST_TOOLS or ~/.cache/signet-test. Never fails because of a tool: one
 * that cannot be had is named, with the reason, and what needs it is not run.
 */
const USAGE = `usage: npm run test:tools -- [--list] [--only NAME,...] [--budget SECONDS] [--summary FILE]
  --list     says what is installed, and installs nothing
  --only     these tools
  --budget   ends after so many seconds; tools that take longer are left for the end
  --summary  where the result goes as JSON (summary.json in the cache)
`;

interface Result {
  readonly name: string;
  readonly neededBy: string;
  readonly state: 'present' | 'installed' | 'missing';
  readonly seconds: number;
  /** Why it is missing. */
  readonly reason?: string;
}

interface Options {
  readonly tools: readonly TestTool[];
  readonly isList: boolean;
  readonly budget: number;
  readonly summary: string;
}

class UsageError extends Error {}

try {
  const options = parseOptions(process.argv.slice(2));
  if (options.isList) listTools(options.tools);
  else await installAll(options);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n${USAGE}`);
  process.exitCode = 2;
}

function parseOptions(args: string[]): Options {
  const { list, only, budget, summary } = readFlags(args);
  const names = only?.split(',') ?? TEST_TOOLS.map(({ name }) => name);
  const tools = names.map((name) => {
    const tool = TEST_TOOLS.find((one) => one.name === name);
    if (tool === undefined) throw new UsageError(`--only: there is no test tool ${JSON.stringify(name)}`);
    return tool;
  });
  const seconds = budget === undefined ? Number.POSITIVE_INFINITY : Number(budget);
  if (!(seconds >= 0)) throw new UsageError(`--budget: ${JSON.stringify(budget)} is not a number of seconds`);
  return { tools, isList: list, budget: seconds, summary: summary ?? path.join(toCache(), 'summary.json') };
}

function readFlags(args: string[]) {
  const options = {
    list: { type: 'boolean', default: false },
    only: { type: 'string' },
    budget: { type: 'string' },
    summary: { type: 'string' },
  } as const;
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function listTools(tools: readonly TestTool[]): void {
  for (const tool of tools) {
    const cost = `not installed (about ${tool.seconds} s)`;
    say(`${tool.name} ${toVersion(tool) ?? 'of the system'}: ${locateTool(tool) ?? cost}`);
  }
}

async function installAll({ tools, budget, summary }: Options): Promise<void> {
  const started = performance.now();
  const deadline = new AbortController();
  const end = () => deadline.abort(new ToolMissing(`the budget of ${budget} s is used up`));
  const timer = Number.isFinite(budget) ? setTimeout(end, budget * 1000) : undefined;
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => deadline.abort(new ToolMissing(`it was ended by ${name}`)));
  }
  const release = await takeLock(toCache(), deadline.signal, (holder) => say(`waits for process ${holder}`));
  try {
    const left = () => budget - (performance.now() - started) / 1000;
    const results = await installInOrder(tools, left, deadline.signal);
    await mkdir(path.dirname(summary), { recursive: true });
    await writeFile(summary, `${JSON.stringify({ tools: results }, null, 2)}\n`);
  } finally {
    clearTimeout(timer);
    await release?.();
  }
  say(`test tools: ${((performance.now() - started) / 1000).toFixed(0)} s`);
}

/** In the table's order; what would take longer than the time left is tried when nothing else is left to do. */
async function installInOrder(
  tools: readonly TestTool[],
  left: () => number,
  signal: AbortSignal,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  const later: TestTool[] = [];
  for (const tool of tools) {
    if (locateTool(tool) === undefined && tool.seconds > left()) later.push(tool);
    else results.push(await provideTool(tool, signal));
  }
  for (const tool of later) results.push(await provideTool(tool, signal));
  return results;
}

async function provideTool(tool: TestTool, signal: AbortSignal): Promise<Result> {
  const started = performance.now();
  const toResult = (state: Result['state'], reason?: string): Result => {
    const seconds = Math.round((performance.now() - started) / 100) / 10;
    const { name, neededBy } = tool;
    if (reason === undefined) say(`${state}: ${name} (${seconds} s)`);
    else say(`not run: ${name}: ${neededBy}: ${reason}`);
    return { name, neededBy, state, seconds, ...(reason === undefined ? {} : { reason }) };
  };
  if (locateTool(tool) !== undefined) return toResult('present');
  try {
    signal.throwIfAborted();
    await installTool(tool, signal);
    return toResult('installed');
  } catch (error) {
    // Also of a full disk or a cache that cannot be written: the tests that need the tool are not run either.
    return toResult('missing', error instanceof Error ? error.message : String(error));
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
