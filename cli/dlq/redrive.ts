import { InputError } from '../../lib/base/errors/input-error.ts';
import { createDeadLetterQueue } from '../../lib/platform/queues/dead-letter-queue.ts';
import { type LetterFailure, type RedriveResult, redriveLetters } from '../../lib/platform/queues/redrive-letters.ts';
import { createSqsQueue } from '../../lib/platform/queues/sqs-client.ts';
import type { OutputOptions } from '../shell/options.ts';
import { formatCount, printResult } from '../shell/output.ts';
import { ExitStatus } from '../shell/run-program.ts';
import { askQueues, findQueues, type NamedQueues, openQueue } from './queues.ts';

export interface RedriveLettersOptions extends OutputOptions {
  readonly data: string;
  readonly to?: string;
  readonly id: readonly string[];
  readonly reason?: string;
  readonly dryRun?: boolean;
}

interface Summary extends RedriveResult {
  readonly from: string;
  readonly to: string;
  readonly dryRun: boolean;
}

/** @returns the exit status: 3 when a letter that was chosen is still a dead letter, or was not found */
export async function redrive(named: string, options: RedriveLettersOptions, signal: AbortSignal): Promise<number> {
  const queues = await findQueues(named, options.data);
  const from = openQueue('QUEUE', queues.deadLetterUrl, queues.accessKeyId);
  const target = chooseTarget(queues, options.to);
  // Another server of this machine is not given the key.
  const isSame = URL.parse(target)?.origin === URL.parse(from.queueUrl)?.origin;
  const to = openQueue('--to', target, isSame ? queues.accessKeyId : undefined);
  if (from.queueUrl === to.queueUrl)
    throw new InputError('ArgumentInvalid', '--to is the queue of dead letters itself');
  try {
    const letters = createDeadLetterQueue(from);
    const result = await askQueues(queues, options.data, () =>
      redriveLetters({
        from: letters,
        to: createSqsQueue(to),
        ids: options.id.length === 0 ? undefined : options.id,
        reason: options.reason,
        startedAt: new Date(),
        dryRun: options.dryRun,
        onProgress(moved) {
          // Between two batches, where every letter is in one queue.
          signal.throwIfAborted();
          if (process.stderr.isTTY) showProgress(moved);
        },
      }),
    );
    const summary = { from: letters.name, to: toName(to.queueUrl), dryRun: options.dryRun === true, ...result };
    printResult(options.output, summary, formatSummary);
    return isWhole(result) ? ExitStatus.done : ExitStatus.indeterminate;
  } finally {
    from.client.destroy();
    to.client.destroy();
  }
}

/** @throws InputError when the target is not known, or known and given */
function chooseTarget({ sourceUrl }: NamedQueues, to: string | undefined): string {
  if (sourceUrl !== undefined && to !== undefined) {
    throw new InputError('ArgumentInvalid', '--to is for a queue that is named by its URL');
  }
  const target = sourceUrl ?? to;
  if (target === undefined) throw new InputError('ArgumentInvalid', 'name the target queue by its URL with --to');
  return target;
}

function showProgress(moved: number): void {
  process.stderr.write(`\rmoved ${moved} …\r`);
}

function isWhole({ notMoved, notRemoved, notFound }: RedriveResult): boolean {
  return notMoved.length + notRemoved.length + notFound.length === 0;
}

function formatSummary({ from, to, dryRun, chosen, moved, notChosen, newer, ...rest }: Summary): string {
  const count = dryRun ? chosen.length : moved;
  const first = `${dryRun ? 'would move' : 'moved'} ${count} ${count === 1 ? 'dead letter' : 'dead letters'}`;
  return [
    `${first} from ${from} to ${to}`,
    ...(dryRun ? chosen.map(({ id, reason }) => `  ${id}  ${reason ?? 'no reason'}`) : []),
    ...formatCount('not chosen', notChosen),
    ...formatCount('sent since the start, not moved', newer),
    ...formatFailures('not moved', rest.notMoved),
    ...formatFailures('moved, but not removed: it will be handled again', rest.notRemoved),
    ...rest.notFound.map((id) => `  not found: ${id}`),
  ].join('\n');
}

function formatFailures(what: string, failures: readonly LetterFailure[]): readonly string[] {
  return failures.map(({ id, why }) => `  ${what}: ${id}: ${why}`);
}

function toName(queueUrl: string): string {
  return queueUrl.split('/').at(-1) ?? '';
}
