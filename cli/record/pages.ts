import { StoreError } from '../../lib/base/errors/store-error.ts';

/** Pages in a row without a row: a filter may leave out most of what a service looks through for a page. */
export const MAX_EMPTY_PAGES = 2000;
/** Pages of one list: ten million rows. */
export const MAX_PAGES = 100_000;

export interface Page {
  /** Where the next page starts; missing after the last one. */
  readonly next?: string | undefined;
}

/**
 * All pages of a list of a service, each asked for by the `next` of the one before.
 *
 * The service may be anybody's, and so the list ends here in any case: a `next` that comes again starts a circle, and one
 * that leads nowhere may be another one each time.
 *
 * @param list as the messages name it
 * @throws StoreError `BodyInvalid` for a list that does not end; what `ask` throws
 */
export async function* walkPages<Found extends Page>(
  list: string,
  ask: (after: string | undefined) => Promise<Found>,
  countRows: (page: Found) => number,
): AsyncGenerator<Found> {
  let after: string | undefined;
  // Renewed after 1, 2, 4, … pages, so that a circle of any length comes back to it, and one text is kept alone.
  let kept: string | undefined;
  let empty = 0;
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const found = await ask(after);
    yield found;
    if (found.next === undefined) return;
    if (found.next === after || found.next === kept) {
      throw endless(list, `page ${page} says again that ${toShown(found.next)} is next`);
    }
    empty = countRows(found) === 0 ? empty + 1 : 0;
    if (empty === MAX_EMPTY_PAGES)
      throw endless(list, `${empty} pages in a row have no row and say that another is next`);
    after = found.next;
    if (Number.isInteger(Math.log2(page))) kept = after;
  }
  throw endless(list, `it has more than ${MAX_PAGES} pages`);
}

function endless(list: string, why: string): StoreError {
  return new StoreError('BodyInvalid', `${list} does not end: ${why}; ask for a shorter time with --since and --until`);
}

function toShown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
