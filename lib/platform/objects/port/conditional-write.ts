import { setTimeout as delay } from 'node:timers/promises';
import { StoreError } from '../../../base/errors/store-error.ts';

/** Name of the metadata entry that tells one write from another, whatever its bytes. */
export const WRITE_MARK = 'signet-write';

/** How one conditional PUT ended. `wasRepeated`: it was sent more than once, so that an earlier try may have won. */
export type PutAnswer =
  | { readonly kind: 'written' }
  | { readonly kind: 'refused'; readonly wasRepeated: boolean }
  | { readonly kind: 'conflict' };

/** What is at the key now. */
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
 * caused by its own first try, whose answer was lost: the mark tells.
 *
 * @throws StoreError `ConditionFailed` when the server answers only conflicts and nothing has changed
 */
export async function writeConditionally(write: ConditionalWrite): Promise<boolean> {
  let isUncertain = false;
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    const answer = await write.put();
    switch (answer.kind) {
      case 'written':
        return true;
      case 'refused':
        return (isUncertain || answer.wasRepeated) && (await write.readHeld())?.mark === write.mark;
      case 'conflict':
        isUncertain = true;
        await delay(Math.random() * PAUSE_MS * 2 ** tries);
        break;
      default:
        throw new TypeError(`unknown answer ${JSON.stringify(answer satisfies never)}`);
    }
  }
  return decideByRead(write);
}

async function decideByRead({ key, etag, mark, readHeld }: ConditionalWrite): Promise<boolean> {
  const held = await readHeld();
  if (held?.mark === mark) return true;
  if (held?.etag !== etag) return false;
  throw new StoreError('ConditionFailed', `writing ${key}: ${MAX_TRIES} conflicts with other writes, and no change`);
}
