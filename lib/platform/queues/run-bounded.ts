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
