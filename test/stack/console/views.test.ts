import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { DEMO_REPOSITORY, isRunnable, listRows, openPage, SIZES, startDecidedScene, TIMES, visit } from './scene.ts';
import { useScene } from './use-scene.ts';

/** A busy machine takes its time. */
const POLL = { timeout: TIMES.timeout / 2 };

describe.skipIf(!isRunnable)('the page over the demo', TIMES, () => {
  const on = useScene(startDecidedScene);

  test('shows the overview: the profile, the field, four numbers, three charts and the last decisions', async () => {
    const { page, complaints } = await openPage(on.browser);
    await visit(page, on.scene.url, '');
    await expect.poll(() => page.locator('[data-figure="Decided today"]').innerText(), POLL).toContain('10');
    expect(await page.locator('[data-figure="Rejected today"]').innerText()).toContain('6');
    expect(await page.locator('[data-card="profiles"]').innerText()).toContain('demo');
    expect(await page.locator('[data-card="latest"] [data-row]').count()).toBe(10);
    expect(await page.locator('[data-card="days"] svg[role="img"]').first().getAttribute('aria-label')).toContain(
      '10 decisions since',
    );
    await page.getByRole('switch', { name: 'Decisions of the last 14 days as a table' }).press('Space');
    expect(await page.locator('[data-card="days"] [data-row]').count()).toBe(14);
    expect(complaints).toEqual([]);
  });

  test('leads from a number to what it counts, by a link that says the filter', async () => {
    const { page } = await openPage(on.browser);
    await visit(page, on.scene.url, '');
    await page.locator('[data-figure="Rejected today"]').click();
    await page.locator('main [data-row]').first().waitFor();
    expect(new URL(page.url()).hash).toMatch(/^#\/decisions\?outcome=rejected&since=\d{4}-\d{2}-\d{2}$/);
    expect(await page.locator('main [data-row]').count()).toBe(6);
    expect(await page.locator('main [data-outcome="accepted"]').count()).toBe(0);
  });

  test('filters decisions by the address bar, and the same address shows the same to another person', async () => {
    const { page } = await openPage(on.browser);
    await visit(page, on.scene.url, '#/decisions');
    await page.getByRole('button', { name: 'Accepted', exact: true }).click();
    await page.getByLabel('Forced', { exact: true }).selectOption('true');
    await expect.poll(() => page.locator('main [data-row]').count(), POLL).toBe(1);
    const address = page.url();
    const { page: other } = await openPage(on.browser);
    await other.goto(address);
    await other.locator('main [data-row]').first().waitFor();
    expect(await other.locator('main [data-row]').count()).toBe(1);
    expect(await other.locator('main [data-row]').innerText()).toContain('FORCED');
    expect(await other.getByLabel('Forced', { exact: true }).inputValue()).toBe('true');
  });

  test('says what the service says of a filter that is none', async () => {
    const { page } = await openPage(on.browser);
    await visit(page, on.scene.url, '#/decisions?since=yesterday');
    expect(await page.locator('main').innerText()).toContain('since: "yesterday" is not a date or a time');
  });

  test('opens a decision with its answer, what to do, and its attempts as steps', async () => {
    const rejected = (await listRows(on.scene.url)).find(
      ({ codes, forced }) => !forced && codes.includes('KeyUnknown'),
    );
    const { page, complaints } = await openPage(on.browser);
    await visit(page, on.scene.url, `#/decisions/${rejected?.id}`);
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe(
      'Rejected: signed by a key that is not trusted',
    );
    expect(await page.locator('[data-answer]').innerText()).toContain('What to do');
    expect(await page.evaluate("[...document.querySelectorAll('[data-step]')].map((one) => one.dataset.step)")).toEqual(
      ['info', 'success', 'pending', 'danger', 'danger'],
    );
    await page.locator('[data-step="danger"] summary').first().click();
    expect(await page.locator('[data-step="danger"] dl').first().innerText()).toContain('KeyUnknown');
    expect(await page.locator('[data-card="recheck"]').innerText()).toContain(
      `signet record verify record-${rejected?.id.slice(0, 12)}.json --trust trust`,
    );
    expect(complaints).toEqual([]);
  });

  test('says of a pullspec that a policy stopped that nothing was contacted', async () => {
    const stopped = (await listRows(on.scene.url)).find(({ codes }) => codes.includes('RepositoryNotCanonical'));
    const { page } = await openPage(on.browser);
    await visit(page, on.scene.url, `#/decisions/${stopped?.id}`);
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('Rejected: not a repository of the profile');
    expect(await page.locator('[data-card="story"]').innerText()).toContain('no store and no registry was contacted');
  });

  test('marks what was forced, in the list and in the decision', async () => {
    const forced = (await listRows(on.scene.url)).find((row) => row.forced);
    const { page } = await openPage(on.browser);
    await visit(page, on.scene.url, `#/decisions/${forced?.id}`);
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toMatch(/^Accepted by force, although /);
    expect(await page.locator('[data-answer]').innerText()).toContain('FORCED');
    expect(await page.locator('[data-card="questions"]').innerText()).toContain('forced it');
  });

  test('saves the record as it is stored', async () => {
    const [row] = await listRows(on.scene.url);
    const { page } = await openPage(on.browser);
    await visit(page, on.scene.url, `#/decisions/${row?.id}`);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save the record' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe(`record-${row?.id.slice(0, 12)}.json`);
    const saved = JSON.parse(await readFile(await download.path(), 'utf8')) as { id: string; questions?: unknown };
    expect([saved.id, saved.questions]).toEqual([row?.id, undefined]);
  });

  test('saves as CSV what the filter shows, with the filter in the name', async () => {
    const { page } = await openPage(on.browser);
    await visit(page, on.scene.url, '#/decisions?outcome=rejected');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save as CSV' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('signet-decisions_outcome-rejected.csv');
    const lines = (await readFile(await download.path(), 'utf8')).trimEnd().split('\r\n');
    expect(lines[0]).toBe('decidedAt,outcome,forced,profile,mode,source,pullspec,digest,pushed,codes,caller,id');
    expect(lines.slice(1)).toHaveLength(6);
    expect(lines.slice(1).every((line) => /^\d{4}-\d{2}-\d{2}T[\d:.]+Z,rejected,false,demo,/.test(line))).toBe(true);
  });

  test('checks a pullspec: shows what was decided, and verifies by a button alone', async () => {
    const before = await listRows(on.scene.url);
    const { page } = await openPage(on.browser);
    await visit(page, on.scene.url, '');
    await page.locator('[data-field]').fill(`${DEMO_REPOSITORY}@${on.scene.digests[3]}`);
    await page.keyboard.press('Enter');
    await page.locator('[data-card="before"] [data-row]').first().waitFor();
    expect(new URL(page.url()).hash).toContain('#/check?q=');
    expect((await listRows(on.scene.url)).length).toBe(before.length);
    await page.locator('[data-verify]').click();
    await page.locator('[data-answer]').waitFor();
    expect(await page.locator('[data-answer]').innerText()).toContain('Rejected: signed by a key that is not trusted');
    await page.getByRole('link', { name: 'The decision, with its record' }).click();
    await page.getByRole('heading', { level: 1 }).waitFor();
    expect(new URL(page.url()).hash).toMatch(/^#\/decisions\/[0-9a-f]{64}$/);
  });

  test('checks a digest in each profile, an id of a record, and a version', async () => {
    const [row] = await listRows(on.scene.url);
    const { page } = await openPage(on.browser);
    await visit(page, on.scene.url, `#/check?q=${on.scene.digests[0]}`);
    expect(await page.locator('[data-card="ask"]').innerText()).toContain(DEMO_REPOSITORY);
    await visit(page, on.scene.url, `#/check?q=${row?.id}`);
    expect(await page.locator('[data-card="record"] a').getAttribute('href')).toBe(`#/decisions/${row?.id}`);
    await visit(page, on.scene.url, '#/check?q=4.16.37');
    expect(await page.locator('main').innerText()).toContain('Look for it among the releases');
  });

  test('shows the field, the numbers and the last decisions first on a phone, and nothing wider than it', async () => {
    const { page } = await openPage(on.browser, { viewport: SIZES.phone });
    for (const hash of ['', '#/decisions', `#/decisions/${(await listRows(on.scene.url))[0]?.id}`, '#/check']) {
      await visit(page, on.scene.url, hash);
      expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), hash).toBeLessThanOrEqual(0);
    }
    await visit(page, on.scene.url, '');
    const tops = await Promise.all(
      ['[data-field]', '[data-figure]', '[data-card="latest"]', '[data-card="days"]'].map(
        async (selector) => (await page.locator(selector).first().boundingBox())?.y ?? 0,
      ),
    );
    expect(tops).toEqual(tops.toSorted((one, other) => one - other));
    expect(await page.getByRole('link', { name: 'Queues', exact: true }).isVisible()).toBe(false);
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('link', { name: 'Check', exact: true }).click();
    expect(new URL(page.url()).hash).toBe('#/check');
  });
});
