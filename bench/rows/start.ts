import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Effort } from '../effort.ts';
import { median, type Row } from '../row.ts';
import { type PackagedFunction, packageFunctions } from '../start/packaged-functions.ts';
import { type Started, startFunction } from '../start/start-function.ts';

/** Starts of what has a goal, and of the others; warm answers. */
const EFFORTS = { full: { rounds: 41, others: 15, warm: 500 }, quick: { rounds: 2, others: 2, warm: 20 } } as const;
const KB = 1024;

/** Goals of the design: multiples of bare Node's own start, and KB of the bundle. */
const GOALS: ReadonlyMap<string, { readonly start: number; readonly kilobytes: number }> = new Map([
  ['check-pullspec', { start: 1.8, kilobytes: 100 }],
  ['serve-signature', { start: 3.5, kilobytes: 500 }],
  ['verify-image', { start: 4.4, kilobytes: 1024 }],
]);

/** Cold start of every bundle, process start to first answer, network apart; then its warm time and its memory. */
export async function measureStart(effort: Effort): Promise<readonly Row[]> {
  const { rounds, others, warm } = EFFORTS[effort];
  const scratch = await mkdtemp(path.join(tmpdir(), 'signet-bench-start-'));
  try {
    const { functions, overS3, close } = await packageFunctions(scratch);
    const bare: number[] = [];
    const cold = new Map<PackagedFunction, number[]>(functions.map((packaged) => [packaged, []]));
    const inS3 = new Map<PackagedFunction, number[]>(
      functions.filter(({ name }) => GOALS.has(name)).map((packaged) => [overS3(packaged), []]),
    );
    // Taken in turn, so that a machine that changes its speed changes it for all.
    for (let round = 0; round < rounds; round++) {
      bare.push((await startFunction(undefined, 0)).coldMilliseconds);
      for (const [packaged, times] of [...cold, ...inS3]) {
        if (round < others || GOALS.has(packaged.name)) times.push((await startFunction(packaged, 0)).coldMilliseconds);
      }
    }
    const bareNode = await startFunction(undefined, 0);
    const rows: Row[] = [];
    for (const [packaged, times] of cold) {
      rows.push(toStartRow(packaged, median(times), median(bare)), ...toSizeRows(packaged));
      rows.push(...toWarmRows(packaged.name, median(times), await startFunction(packaged, warm), bareNode));
    }
    await close();
    for (const [{ name }, times] of inS3) rows.push(toS3Row(name, median(times), median(bare)));
    return rows;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function toStartRow({ name }: PackagedFunction, cold: number, bare: number): Row {
  const goal = GOALS.get(name);
  return {
    id: `start-${name}`,
    name: `cold start of ${name}`,
    unit: 'ms',
    ours: cold,
    beside: 'bare Node (limit)',
    theirs: bare,
    goal: goal === undefined ? undefined : { kind: 'at most', ratio: goal.start },
  };
}

/** Without a goal: what S3 takes to answer is not the function's, and what TLS takes is not in it. */
function toS3Row(name: string, cold: number, bare: number): Row {
  return {
    id: `start-s3-${name}`,
    name: `cold start of ${name}, objects in S3 on loopback`,
    unit: 'ms',
    ours: cold,
    beside: 'bare Node (limit)',
    theirs: bare,
  };
}

function toSizeRows({ name, bytes }: PackagedFunction): readonly Row[] {
  const goal = GOALS.get(name);
  if (goal === undefined) return [];
  return [
    {
      id: `size-${name}`,
      name: `bundle of ${name}`,
      unit: 'KB',
      ours: bytes / KB,
      beside: 'the goal',
      theirs: goal.kilobytes,
      goal: { kind: 'at most', ratio: 1 },
    },
  ];
}

function toWarmRows(name: string, cold: number, started: Started, bareNode: Started): readonly Row[] {
  return [
    {
      id: `warm-${name}`,
      name: `one warm answer of ${name}, processor`,
      unit: 'ms',
      ours: started.warmMilliseconds,
      beside: 'its cold start',
      theirs: cold,
    },
    {
      id: `memory-${name}`,
      name: `memory of ${name} after its answers`,
      unit: 'MB',
      ours: started.megabytes,
      beside: 'bare Node',
      theirs: bareNode.megabytes,
    },
  ];
}
