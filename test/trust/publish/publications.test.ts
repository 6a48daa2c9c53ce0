import { expect, test } from 'vitest';
import { listPublications, notePublication } from '../../../lib/trust/publish/publications.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';

const revisionOf = (index: number): string => index.toString(16).padStart(64, '0');
const timeOf = (index: number): Date => new Date(Date.UTC(2026, 10, index));

test('publications are listed newest first, in pages that cost one listing each', async () => {
  const objects = createMemoryObjectStore();
  for (const index of [3, 1, 5, 2, 4]) await notePublication(objects, 'ocp', revisionOf(index), timeOf(index));
  await notePublication(objects, 'okd', revisionOf(9), timeOf(9));
  await objects.createObject('trust/ocp/published/readme.txt', Buffer.from('x'));
  const seen: string[] = [];
  let pages = 0;
  for (let after: string | undefined = ''; after !== undefined; pages += 1) {
    const page: Awaited<ReturnType<typeof listPublications>> = await listPublications(objects, 'ocp', {
      limit: 2,
      ...(after === '' ? {} : { after }),
    });
    seen.push(
      ...page.publications.map(({ revision, publishedAt }) => `${publishedAt.slice(8, 10)} ${revision.at(-1)}`),
    );
    after = page.next;
  }
  expect([seen, pages]).toEqual([['05 5', '04 4', '03 3', '02 2', '01 1'], 3]);
});

test('the same revision is noted each time that it became the current one', async () => {
  const objects = createMemoryObjectStore();
  for (const day of [1, 2, 3]) await notePublication(objects, 'ocp', revisionOf(day % 2), timeOf(day));
  const { publications } = await listPublications(objects, 'ocp', { limit: 10 });
  expect(publications.map(({ revision }) => revision.at(-1))).toEqual(['1', '0', '1']);
});
