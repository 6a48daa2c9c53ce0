import { InputError } from '../../lib/base/errors/input-error.ts';
import { type Parameters, readLimit, requireKnown } from '../../lib/platform/lambda/page-parameters.ts';
import type { DeadLetter } from '../../lib/platform/queues/dead-letter-queue.ts';
import type { WatchedQueue } from './read-overview.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 100;
/** Characters of a body and of a reason that are shown. */
const MAX_BODY = 2000;
const MAX_REASON = 1000;
/** Seconds for which a letter is hidden from others, should this process die. */
const HIDE_SECONDS = 30;
/** Times that the queue is looked through: who reads it at the same moment, as the overview does, hides its letters. */
const MAX_LOOKS = 4;

/**
 * GET /v1/dead-letters: letters of one queue, newest first of those that were read. They stay where they are, and are
 * hidden from others while they are read. @throws InputError `ArgumentInvalid`; StoreError
 */
export async function readLetters(queues: readonly WatchedQueue[], parameters: Parameters, now: Date) {
  requireKnown(parameters, ['queue', 'limit']);
  const limit = readLimit(parameters, DEFAULT_LIMIT, MAX_LIMIT);
  const queue = queues.find(({ name }) => name === parameters['queue']);
  if (queue === undefined) {
    throw new InputError('ArgumentInvalid', `queue: expected ${queues.map(({ name }) => name).join(', ')}`);
  }
  const { dead } = await queue.open();
  const letters = new Map<string, DeadLetter>();
  let count = await dead.countLetters();
  for (let look = 0; look < MAX_LOOKS && letters.size < Math.min(count, limit); look += 1) {
    for await (const batch of dead.readLetters({ sentBefore: now, hideSeconds: HIDE_SECONDS })) {
      for (const letter of batch) letters.set(letter.id, letter);
      if (letters.size >= limit) break;
    }
    count = await dead.countLetters();
  }
  const shown = [...letters.values()].toSorted((one, other) => (one.sentAt > other.sentAt ? -1 : 1)).slice(0, limit);
  return { schema: 1, queue: queue.name, count: Math.max(count, letters.size), letters: shown.map(show) };
}

function show({ id, sentAt, receiveCount, reason, body }: DeadLetter) {
  return {
    id,
    sentAt,
    receives: receiveCount,
    reason: (reason ?? 'the queue gave it up').slice(0, MAX_REASON),
    body: body.slice(0, MAX_BODY),
    ...(body.length > MAX_BODY ? { isCut: true } : {}),
  };
}
