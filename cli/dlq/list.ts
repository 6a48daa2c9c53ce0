import type { DeadLetter } from '../../lib/platform/queues/dead-letter-queue.ts';
import { createDeadLetterQueue, type DeadLetterQueue } from '../../lib/platform/queues/dead-letter-queue.ts';
import { untilAborted } from '../../lib/platform/time/deadline.ts';
import type { OutputOptions } from '../shell/options.ts';
import { printResult } from '../shell/output.ts';
import { ExitStatus } from '../shell/run-program.ts';
import { askQueues, findQueues, openQueue } from './queues.ts';

export interface ListLettersOptions extends OutputOptions {
  readonly data: string;
  readonly limit: number;
}

interface Listing {
  readonly queue: string;
  /** About how many there are, by the queue's own count. */
  readonly count: number;
  readonly letters: readonly DeadLetter[];
}

/** Seconds after which letters are visible again when this process dies. */
const HIDE_SECONDS = 30;
/** Characters of a body that are shown as text. */
const MAX_BODY_CHARACTERS = 200;

/** @returns the exit status */
export async function listLetters(named: string, options: ListLettersOptions, signal: AbortSignal): Promise<number> {
  const queues = await findQueues(named, options.data);
  const address = openQueue('QUEUE', queues.deadLetterUrl, queues.accessKeyId);
  try {
    const listing = await askQueues(queues, options.data, () =>
      untilAborted(readListing(createDeadLetterQueue(address), options.limit), signal),
    );
    printResult(options.output, listing, (shown) => formatListing(shown, options.limit));
    return ExitStatus.done;
  } finally {
    address.client.destroy();
  }
}

async function readListing(queue: DeadLetterQueue, limit: number): Promise<Listing> {
  const count = await queue.countLetters();
  const letters: DeadLetter[] = [];
  for await (const batch of queue.readLetters({ sentBefore: new Date(), hideSeconds: HIDE_SECONDS })) {
    letters.push(...batch);
    if (letters.length >= limit) break;
  }
  return { queue: queue.name, count: Math.max(count, letters.length), letters: letters.slice(0, limit) };
}

function formatListing({ queue, count, letters }: Listing, limit: number): string {
  const shown = letters.length;
  const first = shown === 0 ? `no dead letters in ${queue}` : `${shown} ${nameLetters(shown)} in ${queue}`;
  const rest = count - shown;
  const why = shown < limit ? 'hidden for now, as someone reads them' : 'not shown: --limit';
  return [rest > 0 ? `${first}, and about ${rest} ${why}` : first, ...letters.flatMap(formatLetter)].join('\n');
}

function nameLetters(count: number): string {
  return count === 1 ? 'dead letter' : 'dead letters';
}

function formatLetter({ id, sentAt, receiveCount, reason, body }: DeadLetter): readonly string[] {
  return [
    `  ${id}  ${sentAt}  received ${receiveCount}`,
    `    reason  ${reason ?? 'none: the queue gave it up by itself'}`,
    `    body    ${shorten(body)}`,
  ];
}

function shorten(text: string): string {
  const characters = Array.from(text);
  return characters.length > MAX_BODY_CHARACTERS ? `${characters.slice(0, MAX_BODY_CHARACTERS).join('')}…` : text;
}
