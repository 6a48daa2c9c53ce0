import { StoreError } from '../../../base/errors/store-error.ts';
import { retry, toRandomPause } from '../../time/retries.ts';

/** Name of the metadata entry that distinguishes one write from another of the same bytes. */
export const WRITE_MARK = 'signet-write';

/** How one conditional PUT ended. `wasRepeated`: it was sent more than once, so that an earlier try may have won. */
export type PutAnswer =
  | { readonly kind: 'written' }
  | { readonly kind: 'refused'; readonly wasRepeated: boolean }
  | { readonly kind: 'conflict' };

/** The object that is at the key now. */
export interface HeldObject {
  readonly etag: string;
  readonly mark: string | undefined;
}

export interface ConditionalWrite {
  readonly key: string;
  /** The tag that must be there; undefined where nothing may be. */
  readonly etag: string | undefined;
  /** The write's own mark, stored with the object. */
  readonly mark: string;
  readonly put: () => Promise<PutAnswer>;
  readonly readHeld: () => Promise<HeldObject | undefined>;
}

const MAX_TRIES = 5;
const PAUSE_MS = 20;

/**
 * True when the write won, false when its condition does not hold. A refusal of a PUT that was sent twice may be
 * caused by its own first try, whose answer was lost: the mark shows which.
 *
 * @throws StoreError `ConditionFailed` when the server answers only conflicts and nothing has changed
 */
export async function writeConditionally(write: ConditionalWrite): Promise<boolean> {
  try {
    return await retry((attempt) => putOnce(write, attempt), {
      attempts: MAX_TRIES,
      toPauseMs: (error, attempt) => (error instanceof WriteConflict ? toRandomPause(PAUSE_MS, attempt) : undefined),
    });
  } catch (error) {
    if (error instanceof WriteConflict) return decideByRead(write);
    throw error;
  }
}

class WriteConflict extends Error {}

async function putOnce({ put, readHeld, mark }: ConditionalWrite, attempt: number): Promise<boolean> {
  const answer = await put();
  switch (answer.kind) {
    case 'written':
      return true;
    case 'refused':
      // After a conflict, too, it may be this write that is there.
      return (attempt > 1 || answer.wasRepeated) && (await readHeld())?.mark === mark;
    case 'conflict':
      throw new WriteConflict();
    default:
      throw new TypeError(`unknown answer ${JSON.stringify(answer satisfies never)}`);
  }
}

async function decideByRead({ key, etag, mark, readHeld }: ConditionalWrite): Promise<boolean> {
  const held = await readHeld();
  if (held?.mark === mark) return true;
  if (held?.etag !== etag) return false;
  throw new StoreError('ConditionFailed', `writing ${key}: ${MAX_TRIES} conflicts with other writes, and no change`);
}
