/** Runs `action` for every item, at most `concurrency` at a time. The results are in the order of the items. */
export async function runBounded<Item, Result>(
  items: readonly Item[],
  concurrency: number,
  action: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  // One iterator for all workers: each takes the next item.
  const rest = items.entries();
  const work = async () => {
    for (const [index, item] of rest) results[index] = await action(item);
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(concurrency, items.length)) }, work));
  return results;
}

/** What an action is to those beside it. */
export interface Turn {
  /** Says that the action computes, and waits for nothing: the next action begins before this returns. */
  readonly leave: () => void;
  /** Says that it waits again. It goes on at once, however many others wait. */
  readonly resume: () => void;
}

/**
 * Runs `action` for every item. At most `concurrency` actions wait at a time, as for an answer, and as many more compute
 * what an answer brought, so that computing delays no question. An action that resumes waits beside those: twice
 * `concurrency` are never exceeded.
 *
 * The first ones begin one after the other, each behind what the one before sends: connections are not all opened before
 * the first of them carries anything.
 *
 * @returns the results, in the order of the items
 * @throws what the first action to fail throws; none begins after it
 */
export async function runAhead<Item, Result>(
  items: readonly Item[],
  concurrency: number,
  action: (item: Item, turn: Turn) => Promise<Result>,
): Promise<readonly Result[]> {
  const limit = Math.max(1, concurrency);
  const results: Result[] = [];
  const rest = items.entries();
  const { promise, resolve, reject } = Promise.withResolvers<readonly Result[]>();
  let waiting = 0;
  let underWay = 0;
  let isOver = false;
  let isPlanned = false;

  function beginNext(): void {
    if (!isOver && waiting < limit && underWay < 2 * limit) {
      const next = rest.next();
      if (next.done === true) isOver = true;
      else {
        run(...next.value).catch(fail);
        planNext();
      }
    }
    if (isOver && underWay === 0) resolve(results);
  }

  function planNext(): void {
    if (isPlanned || waiting >= limit) return;
    isPlanned = true;
    setImmediate(() => {
      isPlanned = false;
      beginNext();
    });
  }

  async function run(index: number, item: Item): Promise<void> {
    let isWaiting = true;
    waiting += 1;
    underWay += 1;
    const leave = (): void => {
      if (!isWaiting) return;
      isWaiting = false;
      waiting -= 1;
      beginNext();
    };
    const resume = (): void => {
      if (isWaiting) return;
      isWaiting = true;
      waiting += 1;
    };
    results[index] = await action(item, { leave, resume });
    underWay -= 1;
    if (isWaiting) leave();
    else beginNext();
  }

  function fail(error: unknown): void {
    isOver = true;
    reject(error);
  }

  beginNext();
  return await promise;
}
