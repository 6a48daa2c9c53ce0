import { type Profiler, Session } from 'node:inspector/promises';
import path from 'node:path';
import process from 'node:process';

/** Steps of a reader for a text, and for one twice as long. */
export interface Steps {
  readonly name: string;
  readonly single: number;
  readonly double: number;
}

const ROOT = path.join(import.meta.dirname, '../..');
const SIZE = 16_384;

/**
 * Counts the blocks of code that each reader executes, as the engine itself counts them: calls, turns of loops, branches.
 * It runs in a process of its own, whose sources are compiled after the counting has begun and are never optimised, because
 * what is inlined is not counted. What the engine does inside of one step,
 * such as matching an expression, is not counted: `test/expressions` proves that linear.
 */
async function countAll(): Promise<readonly Steps[]> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  const { READERS } = await import('./readers.ts');
  const count = async (run: () => unknown): Promise<number> => {
    await session.post('Profiler.takePreciseCoverage');
    try {
      await run();
    } catch {
      // A refusal takes steps as well.
    }
    const { result } = await session.post('Profiler.takePreciseCoverage');
    return result.filter(isCounted).reduce((sum, script) => sum + sumOf(script), 0);
  };
  const counted: Steps[] = [];
  for (const { name, make, read } of READERS) {
    const [one, two] = [make(SIZE), make(2 * SIZE)];
    // The first call also makes tables and loads what is loaded late.
    await count(() => read(one));
    counted.push({ name, single: await count(() => read(one)), double: await count(() => read(two)) });
  }
  return counted;
}

/** Libraries that read what is untrusted. */
const READING = ['yaml', 'modern-tar', '@sigstore', '@aws-sdk', '@smithy'].map(
  (name) => `${ROOT}/node_modules/${name}/`,
);

/** Sources of Signet and of the readers that it uses; no test. */
function isCounted({ url }: Profiler.ScriptCoverage): boolean {
  return [`${ROOT}/lib/`, ...READING].some((folder) => url.includes(folder));
}

function sumOf({ functions }: Profiler.ScriptCoverage): number {
  return functions.flatMap(({ ranges }) => ranges).reduce((sum, range) => sum + range.count, 0);
}

process.stdout.write(JSON.stringify(await countAll()));
