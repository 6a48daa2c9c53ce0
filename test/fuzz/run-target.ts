import { setImmediate as nextTurn } from 'node:timers/promises';
import { Draw, toStream } from './draw.ts';
import { minimise } from './minimise.ts';
import type { Failure, FaultKind, OpenTarget } from './target.ts';

export interface Counts {
  inputs: number;
  genuine: number;
  wrongAccepts: number;
  /** Exceptions, results out of bounds, and hangs. */
  exceptions: number;
}

export function zeroCounts(): Counts {
  return { inputs: 0, genuine: 0, wrongAccepts: 0, exceptions: 0 };
}

export function addCounts(to: Counts, more: Counts): void {
  for (const name of Object.keys(to) as (keyof Counts)[]) to[name] += more[name];
}

export interface RunPlan {
  readonly name: string;
  readonly seed: number;
  /** The first iteration, the step to the next one, and the one to stop before. */
  readonly first: number;
  readonly step: number;
  readonly end: number;
  readonly isOver: () => boolean;
  /** Called before each input, and after the last one: whoever watches for hangs sees the iteration. */
  readonly onInput?: (iteration: number, counts: Readonly<Counts>) => void;
  /** Called for the first failure of each sort alone: one fault often fails a thousand inputs. */
  readonly onFailure: (failure: Failure) => void;
}

const INPUTS_PER_TURN = 256;
/** Failures of one target that are minimised and reported; all are counted. */
export const MAX_REPORTED = 20;

/** Runs inputs of one target in this thread. */
export async function runTarget(target: OpenTarget, plan: RunPlan): Promise<Counts> {
  const counts = zeroCounts();
  const stream = toStream(plan.name);
  const sorts = new Set<string>();
  let iteration = plan.first;
  for (; iteration < plan.end && !plan.isOver(); iteration += plan.step) {
    plan.onInput?.(iteration, counts);
    // zlib's synchronous calls keep their memory until the event loop turns.
    if (counts.inputs % INPUTS_PER_TURN === 0) await nextTurn();
    const input = makeInput(target, new Draw(plan.seed, stream, iteration), iteration);
    const fault = await judge(target, input, counts);
    if (fault === undefined || sorts.has(fault.sort) || sorts.size === MAX_REPORTED) continue;
    sorts.add(fault.sort);
    const small = await minimise(input, async (smaller) => (await judge(target, smaller))?.sort === fault.sort);
    const { kind, detail } = (await judge(target, small)) ?? fault;
    plan.onFailure({ target: plan.name, seed: plan.seed, iteration, kind, detail, input: small });
  }
  plan.onInput?.(iteration, counts);
  return counts;
}

/** @throws Error that names the iteration: a target that cannot make an input is at fault itself */
function makeInput(target: OpenTarget, draw: Draw, iteration: number): Uint8Array {
  try {
    return target.make(draw);
  } catch (cause) {
    throw new Error(`the input of iteration ${iteration} cannot be made`, { cause });
  }
}

interface Fault {
  readonly kind: FaultKind;
  readonly detail: string;
  /** Equal for failures that probably have one cause. */
  readonly sort: string;
}

/** Undefined for an input that was judged rightly. */
export async function judge(
  target: Pick<OpenTarget, 'check'>,
  input: Uint8Array,
  counts = zeroCounts(),
): Promise<Fault | undefined> {
  counts.inputs++;
  try {
    const checked = target.check(input);
    const outcome = checked instanceof Promise ? await checked : checked;
    switch (outcome.kind) {
      case 'refused':
        return undefined;
      case 'genuine':
        counts.genuine++;
        return undefined;
      case 'wrong accept':
      case 'out of bounds':
        counts[outcome.kind === 'wrong accept' ? 'wrongAccepts' : 'exceptions']++;
        return { ...outcome, sort: `${outcome.kind} ${outcome.detail.split(':')[0]}` };
      default:
        throw new TypeError(`no outcome ${JSON.stringify(outcome satisfies never)}`);
    }
  } catch (error) {
    counts.exceptions++;
    const { detail, sort } = describeException(error);
    return { kind: 'exception', detail, sort };
  }
}

/** Exceptions of one class from one line are one sort. */
function describeException(error: unknown): { detail: string; sort: string } {
  if (!(error instanceof Error)) return { detail: `a thrown ${typeof error}`, sort: 'not an error' };
  const frame = /\n\s+at (.*)/
    .exec(error.stack ?? '')?.[1]
    ?.replace(/\(?(?:file:\/\/)?\/.*\/(?=[^/]+:\d+:\d+\)?$)/, '(');
  return {
    detail: `${error.name}: ${error.message.slice(0, 300)} at ${frame ?? 'an unknown place'}`,
    sort: `${error.name} ${frame}`,
  };
}
