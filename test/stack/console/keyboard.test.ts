import { describe, expect, test } from 'vitest';
import type { Page } from '../../../console/browser.ts';
import { isRunnable, listRows, openPage, startDecidedScene, TIMES, visit } from './scene.ts';
import { useScene } from './use-scene.ts';

const focusedRow = async (page: Page): Promise<string | null> =>
  await page.evaluate("document.activeElement?.closest('[data-row]')?.getAttribute('data-row') ?? null");

describe.skipIf(!isRunnable)('the keyboard', TIMES, () => {
  const on = useScene(startDecidedScene);

  test('/ goes to the one field of every view, and Esc leaves it', async () => {
    const { page } = await openPage(on.browser);
    for (const hash of ['', '#/decisions', '#/check', '#/trust']) {
      await visit(page, on.scene.url, hash);
      await page.keyboard.press('/');
      expect(await page.evaluate("document.activeElement?.hasAttribute('data-field')"), hash).toBe(true);
      await page.keyboard.type('j/k');
      expect(await page.locator('[data-field]').inputValue(), hash).toBe('j/k');
      await page.keyboard.press('Escape');
      expect(await page.evaluate("document.activeElement?.hasAttribute('data-field')"), hash).toBe(false);
    }
  });

  test('j and k move between rows, Enter opens one, and Esc goes back to the same list', async () => {
    const rows = (await listRows(on.scene.url)).filter(({ outcome }) => outcome === 'rejected');
    const { page } = await openPage(on.browser);
    await visit(page, on.scene.url, '#/decisions?outcome=rejected');
    await page.locator('main [data-row]').first().waitFor();
    await page.keyboard.press('j');
    expect(await focusedRow(page)).toBe(rows[0]?.id);
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('k');
    expect(await focusedRow(page)).toBe(rows[1]?.id);
    await page.keyboard.press('Enter');
    await page.locator('[data-answer]').waitFor();
    expect(new URL(page.url()).hash).toBe(`#/decisions/${rows[1]?.id}?outcome=rejected`);
    await page.keyboard.press('Escape');
    await page.locator('main [data-row]').first().waitFor();
    expect(new URL(page.url()).hash).toBe('#/decisions?outcome=rejected');
  });

  test('every view is reached by Tab alone, past a link that skips the navigation', async () => {
    const { page } = await openPage(on.browser);
    await visit(page, on.scene.url, '#/decisions');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement?.textContent')).toBe('Skip to content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement?.id')).toBe('main');
    expect(new URL(page.url()).hash).toBe('#/decisions');
    const names = new Set<string>();
    await page.reload();
    await visit(page, on.scene.url, '#/decisions');
    for (let presses = 0; presses < 20; presses += 1) {
      await page.keyboard.press('Tab');
      names.add(await page.evaluate<string>("document.activeElement?.textContent ?? ''"));
    }
    for (const view of ['Overview', 'Releases', 'Decisions', 'Check', 'Mirror', 'Trust', 'Queues'])
      expect(names).toContain(view);
  });

  test('what has the focus can be seen', async () => {
    const { page } = await openPage(on.browser);
    await visit(page, on.scene.url, '');
    for (let presses = 0; presses < 25; presses += 1) {
      await page.keyboard.press('Tab');
      const seen = await page.evaluate<string>(
        `(() => {
          const one = document.activeElement;
          if (one === null || one === document.body) return 'seen';
          const { outlineStyle, outlineWidth } = getComputedStyle(one);
          const around = one.matches('input') && getComputedStyle(one.closest('.pf-v6-c-text-input-group') ?? one);
          return outlineStyle !== 'none' && outlineWidth !== '0px' ? 'seen' : around ? 'seen' : one.outerHTML;
        })()`,
      );
      expect(seen).toBe('seen');
    }
  });
});
