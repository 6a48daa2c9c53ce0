import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Browser } from '../../../console/browser.ts';
import { isRunnable, openBrowser, openPage, type Scene, startScene, TIMES, verify, visit } from './scene.ts';

/** Real releases are not in the repository; a run that has them names their folder. */
const REAL = process.env['SIGNET_RELEASES'] ?? '';
const RED_HAT = '567E347AD0044ADE55BA8A5F199E2F91FD431D51';
const POLL = { timeout: TIMES.timeout / 2 };

describe.skipIf(REAL === '' || !isRunnable)('the page over real releases (SIGNET_RELEASES)', TIMES, () => {
  let scene: Scene;
  let browser: Browser;
  let digests: readonly string[] = [];
  beforeAll(async () => {
    const store = path.join(REAL, 'signatures');
    digests = (await readdir(store)).map((name) => name.replace('=', ':'));
    scene = await startScene('--trust', path.join(REAL, 'trust'), '--store', store);
    for (const digest of digests) await verify(scene.url, `quay.io/openshift-release-dev/ocp-release@${digest}`);
    browser = await openBrowser();
  }, TIMES.timeout);
  afterAll(async () => {
    await browser.close();
    await scene.close();
  });

  test('lists them with their versions, verified and held', async () => {
    const { page, complaints } = await openPage(browser);
    // The mirror is filled behind the verdict.
    await expect
      .poll(async () => {
        await visit(page, scene.url, '#/mirror');
        await visit(page, scene.url, '#/releases?profile=ocp');
        return await page.locator('main [data-row]').count();
      }, POLL)
      .toBe(digests.length);
    const told = (await page.locator('main [data-row]').allInnerTexts()).join('\n');
    expect(told).toMatch(/4\.16\.37\namd64.*verified.*held.*Accepted/s);
    expect(told).toMatch(/4\.10\.18\namd64.*verified.*held.*Accepted/s);
    await page.getByRole('link', { name: /^4\.16\.37/ }).click();
    const signatures = page.locator('[data-card="signatures"]');
    await signatures.locator(`[title="${RED_HAT}"]`).waitFor();
    expect(await signatures.innerText()).toContain('quay.io/openshift-release-dev/ocp-release:4.16.37-x86_64');
    expect(await signatures.locator('time').first().getAttribute('datetime')).toBe('2025-02-28T04:24:48.000Z');
    expect(await page.locator('[data-card="manifests"]').innerText()).toContain('kind: ConfigMap');
    expect(complaints).toEqual([]);
  });

  test('shows the trust of both profiles, with the keys of the publisher', async () => {
    const { page, complaints } = await openPage(browser);
    await visit(page, scene.url, '#/trust');
    await page.locator('[data-card="changes"]').waitFor();
    expect(await page.locator(`[data-card="keyring"] [title="${RED_HAT}"]`).count()).toBe(1);
    expect(await page.locator('[data-card="profile"]').innerText()).toContain('https://mirror.openshift.com/');
    await page.getByRole('link', { name: 'okd', exact: true }).click();
    await page.getByRole('heading', { name: 'Profile okd' }).waitFor();
    await page.locator('[data-card="changes"]').waitFor();
    expect(await page.locator(`[data-card="keyring"] [title="${RED_HAT}"]`).count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test('shows each decision with the signature that it rests on', async () => {
    const { page, complaints } = await openPage(browser);
    await visit(page, scene.url, '#/decisions?profile=ocp');
    await expect.poll(() => page.locator('main [data-row]').count(), POLL).toBe(digests.length);
    await page.locator('main [data-row] a').first().click();
    await page.getByRole('heading', { level: 1, name: 'Accepted: every requirement is met' }).waitFor();
    await page.locator('[data-step="success"] summary').last().click();
    expect(await page.locator('[data-card="story"]').innerText()).toContain('ocp-release:4.1');
    expect(complaints).toEqual([]);
  });
});
