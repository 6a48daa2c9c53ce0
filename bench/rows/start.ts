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

interface Goals {
  /** Multiples of bare Node's own start, over a folder. */
  readonly start: number;
  /** The same with objects in S3. */
  readonly inS3?: number;
  /** KB of the bundle. */
  readonly kilobytes?: number;
}

const GOALS: ReadonlyMap<string, Goals> = new Map([
  ['check-pullspec', { start: 1.5, inS3: 1.8, kilobytes: 100 }],
  ['serve-signature', { start: 1.4, inS3: 1.7, kilobytes: 500 }],
  ['verify-image', { start: 2.5, inS3: 2.8, kilobytes: 1024 }],
  ['receive-push', { start: 2.2 }],
  ['verify-pushed', { start: 3 }],
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
      functions.filter(({ name }) => GOALS.get(name)?.inS3 !== undefined).map((packaged) => [overS3(packaged), []]),
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

/** What S3 takes to answer on loopback is in it, and what TLS takes for a handshake is not. */
function toS3Row(name: string, cold: number, bare: number): Row {
  const goal = GOALS.get(name)?.inS3;
  return {
    id: `start-s3-${name}`,
    name: `cold start of ${name}, objects in S3 on loopback`,
    unit: 'ms',
    ours: cold,
    beside: 'bare Node (limit)',
    theirs: bare,
    goal: goal === undefined ? undefined : { kind: 'at most', ratio: goal },
  };
}

function toSizeRows({ name, bytes }: PackagedFunction): readonly Row[] {
  const goal = GOALS.get(name)?.kilobytes;
  if (goal === undefined) return [];
  return [
    {
      id: `size-${name}`,
      name: `bundle of ${name}`,
      unit: 'KB',
      ours: bytes / KB,
      beside: 'the goal',
      theirs: goal,
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
