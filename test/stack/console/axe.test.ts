import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Browser, Page } from '../../../console/browser.ts';
import { type FilledScene, readRevisions, SIGNED, startFilledScene, UNSIGNED } from './filled-scene.ts';
import {
  decideDemo,
  isRunnable,
  listRows,
  openBrowser,
  openPage,
  type Scene,
  SIZES,
  startScene,
  TIMES,
  visit,
  ofPage,
} from './scene.ts';

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** What axe finds wrong with what is shown, best practices included. */
async function findViolations(page: Page, source: string): Promise<readonly string[]> {
  // By the debugger, which the content security policy does not bind.
  await page.evaluate(source);
  const { violations } = await page.evaluate<{ violations: readonly Violation[] }>('axe.run(document)');
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`),
  );
}

describe.skipIf(!isRunnable)('axe finds nothing wrong with', TIMES, () => {
  let scene: Scene;
  let browser: Browser;
  let source = '';
  let addresses: readonly string[] = [];
  beforeAll(async () => {
    source = await readFile(ofPage.resolve('axe-core/axe.min.js'), 'utf8');
    scene = await startScene();
    await decideDemo(scene);
    browser = await openBrowser();
    const rows = await listRows(scene.url);
    const forced = rows.find((row) => row.forced);
    const rejected = rows.find(({ codes }) => codes.includes('KeyUnknown'));
    addresses = [
      '',
      '#/decisions',
      '#/decisions?repository=example.com/nothing',
      '#/decisions?since=never',
      `#/decisions/${forced?.id}`,
      `#/decisions/${rejected?.id}`,
      `#/check?q=${encodeURIComponent(`registry.example.com/demo/release@${scene.digests[0]}`)}`,
      '#/check?q=4.16',
      '#/check',
      '#/nowhere',
    ];
  }, TIMES.timeout);
  afterAll(async () => {
    await browser.close();
    await scene.close();
  });

  describe.each(['light', 'dark'] as const)('%s pages', (colorScheme) => {
    test.each(['wide', 'phone'] as const)('%s', async (size) => {
      const { page } = await openPage(browser, { colorScheme, viewport: SIZES[size], reducedMotion: 'reduce' });
      for (const address of addresses) {
        await visit(page, scene.url, address);
        expect(await findViolations(page, source), address).toEqual([]);
      }
    });
  });

  test('charts in their tables, and the views of a phone when they are open', async () => {
    const { page } = await openPage(browser, { viewport: SIZES.phone, reducedMotion: 'reduce' });
    await visit(page, scene.url, '');
    for (const toggle of await page.getByRole('switch').all()) await toggle.press('Space');
    await page.getByRole('button', { name: 'Views' }).click();
    expect(await findViolations(page, source)).toEqual([]);
  });
});

/** A view that reads in two steps is looked at once the second one is there. */
const LAST: Readonly<Record<string, string>> = {
  queues: '[data-card="letters"] [data-row]',
  trust: '[data-card="changes"]',
  mirror: '[data-bundle], [data-card="entries"] [data-row]',
  check: '[data-card="explained"]',
};

describe.skipIf(!isRunnable)('axe finds nothing wrong where there is something to see, with', TIMES, () => {
  let scene: FilledScene;
  let browser: Browser;
  let source = '';
  let addresses: readonly string[] = [];
  beforeAll(async () => {
    source = await readFile(ofPage.resolve('axe-core/axe.min.js'), 'utf8');
    scene = await startFilledScene();
    browser = await openBrowser();
    const [now, before] = await readRevisions(scene.url);
    const [signed = ''] = SIGNED;
    const asked = await fetch(`${scene.url}/v1/bundles`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    const { id } = (await asked.json()) as { id: string };
    const text = `The update cannot be verified: unable to verify ${signed} against keyrings: verifier-public-key-fixture`;
    addresses = [
      '#/releases',
      '#/releases?q=4.99',
      `#/releases/${signed}`,
      `#/releases/${UNSIGNED}`,
      `#/mirror?bundle=${id}`,
      '#/mirror?state=quarantined',
      '#/mirror?state=waiting',
      '#/trust',
      `#/trust?from=${now?.revision}&to=${before?.revision}`,
      '#/queues',
      `#/check?q=${encodeURIComponent(text)}`,
    ];
  }, TIMES.timeout);
  afterAll(async () => {
    await browser.close();
    await scene.close();
  });

  describe.each(['light', 'dark'] as const)('%s pages', (colorScheme) => {
    test.each(['wide', 'phone'] as const)('%s', async (size) => {
      const { page, complaints } = await openPage(browser, {
        colorScheme,
        viewport: SIZES[size],
        reducedMotion: 'reduce',
      });
      for (const address of addresses) {
        await visit(page, scene.url, address);
        const last = LAST[/^#\/(\w+)/.exec(address)?.[1] ?? ''];
        if (last !== undefined) await page.locator(last).first().waitFor();
        expect(await findViolations(page, source), address).toEqual([]);
        expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), address).toBeLessThanOrEqual(
          0,
        );
      }
      expect(complaints).toEqual([]);
    });
  });
});
