import { describe, expect, test } from 'vitest';
import type { Page } from '../../../console/browser.ts';
import { SIGNED, startFilledScene, UNSIGNED } from './filled-scene.ts';
import { isRunnable, listRows, openPage, startDecidedScene, TIMES, visit } from './scene.ts';
import { useScene } from './use-scene.ts';

/** What a browser would run, were it ever taken for markup, for a link or for a style. */
const HOSTILE = `"'><img src=x onerror="window.hacked=1"><script>window.hacked=2</script><a href="javascript:window.hacked=3">here</a>`;
const SCRIPT_LINK = 'javascript:window.hacked=4';

/** Members that choose what is drawn: a word that is none of theirs is another test. */
const WORDS = new Set(['outcome', 'state', 'mode', 'kind', 'type', 'schema', 'day', 'id']);

/** Every text of an answer, followed by markup; times stay times. */
function poison(value: unknown, name = '', kept: ReadonlySet<string> = WORDS): unknown {
  if (Array.isArray(value)) return value.map((one) => poison(one, name, kept));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, poison(one, key, kept)]));
  const isTime = typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value);
  return typeof value !== 'string' || isTime || kept.has(name) ? value : `${value}${HOSTILE}`;
}

/** Answers of the service, with every text replaced as {@link poison} does. */
async function poisonAnswers(
  page: Page,
  change: (answer: unknown) => unknown = (answer) => poison(answer),
): Promise<void> {
  await page.route('**/v1/**', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: change(await response.json()) });
  });
}

/** Nothing ran, nothing was made of it, and nothing leads elsewhere. */
async function expectHarmless(page: Page, asked: readonly string[], url: string): Promise<void> {
  expect(await page.evaluate('window.hacked')).toBeUndefined();
  expect(await page.locator('#app :is(img, script, iframe, object, embed, style, form[action])').count()).toBe(0);
  const links = await page.evaluate<readonly string[]>(
    "[...document.links].map((one) => one.getAttribute('href') ?? '')",
  );
  expect(links.filter((href) => !href.startsWith('#'))).toEqual([]);
  expect(asked.filter((one) => !one.startsWith(`${url}/`) && !one.startsWith('blob:'))).toEqual([]);
}

describe.skipIf(!isRunnable)('what strangers write', TIMES, () => {
  const on = useScene(startDecidedScene);

  const addresses = async (): Promise<readonly string[]> => {
    const rows = await listRows(on.scene.url);
    const digest = encodeURIComponent(`registry.example.com/demo/release@${on.scene.digests[3]}`);
    return ['', '#/decisions', ...rows.slice(0, 4).map(({ id }) => `#/decisions/${id}`), `#/check?q=${digest}`];
  };

  test('is text in every answer of the service, on every view', async () => {
    const { page, asked, complaints } = await openPage(on.browser);
    await poisonAnswers(page);
    for (const address of await addresses()) {
      await visit(page, on.scene.url, address);
      expect(await page.locator('main').innerText(), address).toContain('<img src=x onerror="window.hacked=1">');
      await expectHarmless(page, asked, on.scene.url);
    }
    expect(complaints).toEqual([]);
  });

  test('does not break a view where a word is none of those that are known', async () => {
    const { page, asked, complaints } = await openPage(on.browser);
    const strange = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(strange);
      if (typeof value === 'object' && value !== null)
        return Object.fromEntries(
          Object.entries(value).map(([key, one]) => [
            key,
            key === 'outcome' || key === 'state' || key === 'code' ? HOSTILE : strange(one),
          ]),
        );
      return value;
    };
    await poisonAnswers(page, strange);
    for (const address of await addresses()) {
      await visit(page, on.scene.url, address);
      await expectHarmless(page, asked, on.scene.url);
    }
    expect(complaints).toEqual([]);
  });

  test('is text when it is pasted, and when a link brings it', async () => {
    const { page, asked } = await openPage(on.browser);
    for (const text of [
      HOSTILE,
      SCRIPT_LINK,
      `registry.example.com/${HOSTILE}`,
      `${SCRIPT_LINK}//@${on.scene.digests[0]}`,
    ]) {
      await visit(page, on.scene.url, `#/check?q=${encodeURIComponent(text)}`);
      expect(await page.locator('[data-field]').inputValue()).toBe(text);
      await expectHarmless(page, asked, on.scene.url);
      for (const view of ['decisions', 'releases', 'trust', 'mirror', 'queues', 'nowhere']) {
        await visit(
          page,
          on.scene.url,
          `#/${view}?profile=${encodeURIComponent(text)}&after=${encodeURIComponent(text)}`,
        );
        await expectHarmless(page, asked, on.scene.url);
      }
      await visit(page, on.scene.url, `#/decisions/${encodeURIComponent(text)}`);
      await expectHarmless(page, asked, on.scene.url);
    }
  });

  test('is no name of a file beyond letters, digits, dots and dashes', async () => {
    const { page } = await openPage(on.browser);
    await page.route('**/v1/verdicts?**', (route) => route.fulfill({ json: { verdicts: [] } }));
    const name = encodeURIComponent(`../../${HOSTILE}\u202Egnp.exe`);
    await visit(page, on.scene.url, `#/decisions?repository=${name}`);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save as CSV' }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/^signet-decisions_repository-[A-Za-z0-9.-]+\.csv$/);
    expect(download.suggestedFilename()).not.toContain('..');
  });
});

describe.skipIf(!isRunnable)('what strangers write, where releases, signatures and letters are', TIMES, () => {
  const on = useScene(startFilledScene);

  /** By these the page asks further: others would be answered with nothing to show. */
  const poisonTexts = (value: unknown): unknown =>
    poison(value, '', new Set([...WORDS, 'profile', 'revision', 'current']));
  const error = `The update cannot be verified: unable to verify ${SIGNED[0]} against keyrings: verifier-public-key-fixture`;
  test.each<[address: string, last: string]>([
    ['#/releases', '[data-row]'],
    [`#/releases/${SIGNED[0]}`, '[data-card="quarantined"]'],
    [`#/releases/${UNSIGNED}`, '[data-card="signatures"]'],
    ['#/mirror', '[data-card="entries"] [data-row]'],
    ['#/mirror?state=quarantined', '[data-card="entries"] [data-row]'],
    ['#/mirror?state=waiting', '[data-card="entries"] [data-row]'],
    ['#/trust', '[data-card="changes"] [data-row]'],
    ['#/queues?queue=push', '[data-card="letters"] [data-row]'],
    [`#/check?q=${encodeURIComponent(error)}`, '[data-card="explained"]'],
  ])('is text on %s', async (address, last) => {
    const { page, asked, complaints } = await openPage(on.browser);
    await poisonAnswers(page, poisonTexts);
    await visit(page, on.scene.url, address);
    await page.locator(last).first().waitFor();
    // A view asks for several things, and what comes last may hold the text.
    await page.locator('main').getByText('<img src=x onerror="window.hacked=1">').first().waitFor();
    await expectHarmless(page, asked, on.scene.url);
    expect(complaints).toEqual([]);
  });

  test('does not break a view where an entry is none, and says why', async () => {
    const { page, complaints } = await openPage(on.browser);
    const stray = { key: `quarantine/${HOSTILE}`, fault: `it is no entry ${HOSTILE}` };
    const change = (value: unknown): unknown =>
      typeof value === 'object' && value !== null
        ? Object.fromEntries(
            Object.entries(value).map(([name, one]) => [
              name,
              name === 'entries' || name === 'quarantined' ? [stray] : one,
            ]),
          )
        : value;
    await poisonAnswers(page, change);
    for (const address of ['#/mirror?state=quarantined', '#/mirror?state=waiting', `#/releases/${SIGNED[0]}`]) {
      await visit(page, on.scene.url, address);
      await page.getByText('it is no entry').first().waitFor();
    }
    expect(await page.evaluate('window.hacked')).toBeUndefined();
    expect(complaints).toEqual([]);
  });
});
