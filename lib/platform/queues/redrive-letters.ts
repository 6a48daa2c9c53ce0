import { StoreError } from '../../base/errors/store-error.ts';
import type { DeadLetter, DeadLetterQueue } from './dead-letter-queue.ts';
import type { Queue } from './queue.ts';

export interface RedriveOptions {
  readonly from: Pick<DeadLetterQueue, 'readLetters' | 'removeLetter'>;
  readonly to: Pick<Queue, 'sendMessages'>;
  /** Letters to move; all when undefined. */
  readonly ids?: readonly string[] | undefined;
  /** Text that the reason has to contain; a letter without a reason contains none. */
  readonly reason?: string | undefined;
  /** Letters sent since then stay: one that came back dead is not moved again. */
  readonly startedAt: Date;
  /** Chooses, and moves nothing. */
  readonly dryRun?: boolean | undefined;
  /** Called after each batch with the number that were moved. */
  readonly onProgress?: ((moved: number) => void) | undefined;
}

export interface LetterFailure {
  readonly id: string;
  readonly why: string;
}

/** Letters by their outcome. */
export interface RedriveResult {
  readonly chosen: readonly Pick<DeadLetter, 'id' | 'reason'>[];
  readonly moved: number;
  readonly notChosen: number;
  /** Sent since the start of the run. */
  readonly newer: number;
  /** They are dead letters as before. */
  readonly notMoved: readonly LetterFailure[];
  /** Sent, and dead letters still: they will be handled twice when they are moved again. */
  readonly notRemoved: readonly LetterFailure[];
  /** Wanted by id, and not in the queue. */
  readonly notFound: readonly string[];
}

/** Seconds: longer than it takes to move a batch, tries again included. */
const HIDE_SECONDS = 120;

/**
 * Moves dead letters to a queue to be handled again. Each is sent before it is removed, so that a failure
 * in between leaves two and never none. Ends when the queue was seen whole, when every id was found, or with a batch of
 * which nothing could be sent.
 *
 * @throws StoreError when the letters cannot be read; it says how many were moved by then
 */
export async function redriveLetters(options: RedriveOptions): Promise<RedriveResult> {
  const { from, ids, startedAt, dryRun, onProgress } = options;
  const missing = new Set(ids);
  const chosen: DeadLetter[] = [];
  const moves: Move[] = [];
  let notChosen = 0;
  let newer = 0;
  try {
    for await (const letters of from.readLetters({ sentBefore: startedAt, hideSeconds: HIDE_SECONDS })) {
      const older = letters.filter(({ sentAt }) => new Date(sentAt) < startedAt);
      const wanted = older.filter((letter) => isWanted(letter, options));
      newer += letters.length - older.length;
      notChosen += older.length - wanted.length;
      chosen.push(...wanted);
      for (const { id } of older) missing.delete(id);
      const batch = dryRun === true ? [] : await Promise.all(wanted.map((letter) => moveLetter(letter, options)));
      moves.push(...batch);
      onProgress?.(countMoved(moves));
      if (batch.length > 0 && batch.every(({ kind }) => kind === 'notMoved')) break;
      if (ids !== undefined && missing.size === 0) break;
    }
  } catch (cause) {
    if (!(cause instanceof StoreError) || moves.length === 0) throw cause;
    throw new StoreError(cause.code, `${cause.message}; moved before: ${countMoved(moves)}`, { cause });
  }
  return {
    chosen: chosen.map(({ id, reason }) => ({ id, reason })),
    moved: countMoved(moves),
    notChosen,
    newer,
    notMoved: listFailures(moves, 'notMoved'),
    notRemoved: listFailures(moves, 'notRemoved'),
    notFound: [...missing],
  };
}

type Move = { readonly kind: 'moved' } | ({ readonly kind: 'notMoved' | 'notRemoved' } & LetterFailure);

function isWanted({ id, reason }: DeadLetter, wanted: Pick<RedriveOptions, 'ids' | 'reason'>): boolean {
  if (wanted.ids !== undefined && !wanted.ids.includes(id)) return false;
  return wanted.reason === undefined || (reason?.includes(wanted.reason) ?? false);
}

async function moveLetter(letter: DeadLetter, { from, to }: RedriveOptions): Promise<Move> {
  try {
    await to.sendMessages([letter.body]);
  } catch (error) {
    return { kind: 'notMoved', ...toFailure(letter, error) };
  }
  try {
    await from.removeLetter(letter);
    return { kind: 'moved' };
  } catch (error) {
    return { kind: 'notRemoved', ...toFailure(letter, error) };
  }
}

/** @throws what is no StoreError: a fault of Signet's own is not a letter's */
function toFailure({ id }: DeadLetter, error: unknown): LetterFailure {
  if (!(error instanceof StoreError)) throw error;
  return { id, why: error.message };
}

function countMoved(moves: readonly Move[]): number {
  return moves.filter(({ kind }) => kind === 'moved').length;
}

function listFailures(moves: readonly Move[], wanted: 'notMoved' | 'notRemoved'): readonly LetterFailure[] {
  return moves.flatMap((move) => (move.kind === wanted ? [{ id: move.id, why: move.why }] : []));
}
