import { parentPort, workerData } from 'node:worker_threads';
import { runTarget } from './run-target.ts';
import { readTarget } from './targets/table.ts';

/** What one worker does: every so many iterations of one target. */
export interface WorkerPlan {
  readonly target: string;
  readonly seed: number;
  readonly first: number;
  readonly step: number;
  readonly end: number;
  /** Shared with whoever started it. */
  readonly slots: SharedArrayBuffer;
}

/** Places in the shared slots: numbers that one side writes and the other reads. */
export const SLOT = {
  iteration: 0,
  inputs: 1,
  genuine: 2,
  wrongAccepts: 3,
  exceptions: 4,
  isOver: 5,
  count: 6,
} as const;

const port = parentPort;
if (port !== null) await work(workerData as WorkerPlan, (failure) => port.postMessage(failure, []));

async function work(plan: WorkerPlan, report: (message: unknown) => void): Promise<void> {
  const slots = new Float64Array(plan.slots);
  const target = await readTarget(plan.target).open();
  await runTarget(target, {
    ...plan,
    name: plan.target,
    isOver: () => slots[SLOT.isOver] === 1,
    onInput: (iteration, { inputs, genuine, wrongAccepts, exceptions }) => {
      slots.set([iteration, inputs, genuine, wrongAccepts, exceptions]);
    },
    onFailure: report,
  });
}
