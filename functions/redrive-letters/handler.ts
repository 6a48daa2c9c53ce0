import { isJsonObject, type JsonValue } from '../../lib/base/documents/json-value.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { type AnswerHttp, type HttpHandler, toJsonResponse, wrapHttp } from '../../lib/platform/lambda/http-stack.ts';
import { parseJsonBody, readCaller } from '../../lib/platform/lambda/read-request.ts';
import type { Telemetry } from '../../lib/platform/lambda/telemetry.ts';
import type { DeadLetterQueue } from '../../lib/platform/queues/dead-letter-queue.ts';
import type { Queue } from '../../lib/platform/queues/queue.ts';
import { redriveLetters } from '../../lib/platform/queues/redrive-letters.ts';

/** A queue, and its dead letters, which can be put back into it. */
export interface RedrivableQueue {
  readonly name: string;
  readonly queue: Pick<Queue, 'sendMessages'>;
  readonly openDead: () => Pick<DeadLetterQueue, 'readLetters' | 'removeLetter'>;
}

export interface Dependencies {
  readonly queues: readonly RedrivableQueue[];
  readonly telemetry: Telemetry;
  readonly now: () => Date;
}

/** Letters of one request. */
export const MAX_IDS = 100;
/** Milliseconds for which letters are looked for; what was not found by then is said. */
const LOOK_MS = 15_000;
/** Times that the queue is looked through: who reads it at the same moment, as the page does, hides its letters. */
const MAX_LOOKS = 4;
const MEMBERS = ['queue', 'ids'];
const ID = /^[\w-]{1,100}$/;

/** POST /v1/dead-letters/redrive: a function of its own, so that it is a permission of its own. */
export function createHandler({ queues, telemetry, now }: Dependencies): HttpHandler {
  const answer: AnswerHttp = async (event, { signal }) => {
    const { queue, ids } = parse(parseJsonBody(event), queues);
    const startedAt = now();
    const until = AbortSignal.any([signal, AbortSignal.timeout(LOOK_MS)]);
    const dead = queue.openDead();
    const from: typeof dead = {
      removeLetter: (letter) => dead.removeLetter(letter),
      async *readLetters(options) {
        const seen = new Set<string>();
        for (let look = 0; look < MAX_LOOKS; look += 1) {
          for await (const letters of dead.readLetters(options)) {
            // One that was sent and could not be removed must not be sent again.
            const fresh = letters.filter(({ id }) => !seen.has(id));
            for (const { id } of fresh) seen.add(id);
            if (fresh.length > 0) yield fresh;
            if (until.aborted) return;
          }
        }
      },
    };
    const result = await redriveLetters({ from, to: queue.queue, ids, startedAt });
    const { moved, notMoved, notRemoved, notFound } = result;
    telemetry.count('LettersRedriven', moved);
    const caller = readCaller(event);
    telemetry.log('info', 'dead letters were put back', {
      queue: queue.name,
      moved,
      ids,
      ...(caller === undefined ? {} : { caller }),
    });
    return toJsonResponse(200, { schema: 1, queue: queue.name, moved, notMoved, notRemoved, notFound });
  };
  return wrapHttp(answer, telemetry);
}

/** @throws InputError `BodyInvalid`, which names the member */
function parse(body: JsonValue, queues: readonly RedrivableQueue[]) {
  if (!isJsonObject(body)) throw invalid('the body must be an object');
  const unknown = Object.keys(body).find((member) => !MEMBERS.includes(member));
  if (unknown !== undefined) throw invalid(`unknown member ${show(unknown)}; expected ${MEMBERS.join(', ')}`);
  const { queue: named, ids } = body;
  const queue = queues.find(({ name }) => name === named);
  if (queue === undefined) throw invalid(`queue: expected ${queues.map(({ name }) => name).join(', ')}`);
  if (!Array.isArray(ids) || ids.length === 0 || ids.length > MAX_IDS) {
    throw invalid(`ids: expected a list of 1 to ${MAX_IDS} ids of letters`);
  }
  const texts = ids.map((id) => {
    if (typeof id === 'string' && ID.test(id)) return id;
    throw invalid(`ids: ${show(id)} is not the id of a letter`);
  });
  return { queue, ids: [...new Set(texts)] };
}

function show(value: JsonValue): string {
  return JSON.stringify(value).slice(0, 100);
}

function invalid(fault: string): InputError {
  return new InputError('BodyInvalid', fault);
}
