import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { HOSTILE_BODY, readRevisions, SIGNED, startFilledScene, UNSIGNED } from './filled-scene.ts';
import { isRunnable, openPage, TIMES, visit } from './scene.ts';
import { useScene } from './use-scene.ts';

const POLL = { timeout: TIMES.timeout / 2 };

describe.skipIf(!isRunnable)('on the page', TIMES, () => {
  const on = useScene(startFilledScene);

  test('the mirror shows what is held, quarantined with its reason, and looked for again', async () => {
    const { page, complaints } = await openPage(on.browser);
    await visit(page, on.scene.url, '#/mirror');
    await expect.poll(() => page.locator('[data-card="entries"] [data-row]').count(), POLL).toBe(SIGNED.length);
    for (const digest of SIGNED)
      expect(await page.locator(`[data-card="entries"] [title="${digest}"]`).count()).toBe(1);
    await page.getByRole('link', { name: 'Quarantined', exact: true }).click();
    await expect.poll(() => page.locator('[data-card="entries"] [data-row]').count(), POLL).toBe(1);
    expect(await page.locator('[data-card="entries"] [data-row]').innerText()).toContain(
      'verifier-public-key-fixture: no key of the keyring has',
    );
    expect(new URL(page.url()).hash).toBe('#/mirror?state=quarantined');
    await page.getByRole('link', { name: 'Waiting', exact: true }).click();
    await page.locator(`[data-card="entries"] [title="${UNSIGNED}"]`).waitFor();
    expect(await page.locator('[data-card="entries"] [data-row]').innerText()).toContain('absent, looked for');
    await page.locator('[data-card="entries"]').getByRole('link', { name: 'Release' }).click();
    await page.getByRole('heading', { level: 1, name: 'Release 4.17.5' }).waitFor();
    expect(complaints).toEqual([]);
  });

  test('coverage says which minor versions are held, as a chart and as a table', async () => {
    const { page } = await openPage(on.browser);
    await visit(page, on.scene.url, '#/mirror');
    const card = page.locator('[data-card="coverage"]');
    await card.waitFor();
    expect(await card.innerText()).toMatch(/4\.18.*all held.*4\.17/s);
    expect(await card.innerText()).toContain('Counted when the update graphs were read');
    await card.getByRole('switch').press('Space');
    expect(await card.locator('[data-row]').count()).toBe(2);
  });

  test('a bundle is made, its progress is a link, and what is saved is what was made', async () => {
    const { page, complaints } = await openPage(on.browser);
    await visit(page, on.scene.url, '#/mirror');
    await page.getByRole('button', { name: 'Make a bundle of all that is held' }).click();
    await page.locator('[data-bundle="done"]').waitFor();
    expect(new URL(page.url()).hash).toMatch(/^#\/mirror\?bundle=[\w-]+$/);
    expect(await page.locator('[data-bundle]').innerText()).toContain(`${SIGNED.length} signatures of`);
    const address = page.url();
    const { page: other } = await openPage(on.browser);
    await other.goto(address);
    await other.locator('[data-bundle="done"]').waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save the bundle' }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/^signet-bundle-[\w-]+\.tar\.gz$/);
    const bytes = await readFile(await download.path());
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect(await page.locator(`[data-bundle] [title="${sha256}"]`).count()).toBe(1);
    const names = gunzipSync(bytes).toString('latin1');
    for (const digest of SIGNED) expect(names).toContain(`${digest.replace(':', '=')}/signature-1`);

    const listed = other.locator('[data-list="bundles"] [data-row]');
    await expect.poll(() => listed.count(), POLL).toBe(1);
    expect(await listed.innerText()).toMatch(
      new RegExp(`done.*ocp, ${SIGNED.length} signatures of \\d+ releases?, .*, complete`, 's'),
    );
    await visit(other, on.scene.url, '#/mirror');
    await listed.last().getByRole('link', { name: 'Open' }).click();
    expect(new URL(other.url()).hash).toBe(new URL(address).hash);
    expect(complaints).toEqual([]);
  });

  test('a bundle that the store gives out itself is saved from there, and from nowhere else', async () => {
    const { page, complaints } = await openPage(on.browser);
    const id = 'a'.repeat(32);
    const link = { address: 'https://bucket.s3.example.com/bundle.tar.gz?X-Amz-Signature=x' };
    const at = '2026-11-22T00:00:00.000Z';
    await page.route(`**/v1/bundles/${id}`, (route) =>
      route.fulfill({
        json: { id, profile: 'ocp', state: 'done', requestedAt: at, finishedAt: at, link: link.address },
      }),
    );
    await page
      .context()
      .route('https://bucket.s3.example.com/**', (route) =>
        route.fulfill({ body: 'archive', contentType: 'binary/octet-stream' }),
      );
    await visit(page, on.scene.url, `#/mirror?bundle=${id}`);
    const save = page.getByRole('button', { name: 'Save the bundle' });
    const [download] = await Promise.all([page.waitForEvent('download'), save.click()]);
    expect(await readFile(await download.path(), 'utf8')).toBe('archive');
    link.address = 'https://elsewhere.example.com/bundle.tar.gz';
    await page.reload();
    await save.click();
    await page.getByText('Not saved: its address is not one of the store').waitFor();
    expect(page.url()).toBe(`${on.scene.url}/#/mirror?bundle=${id}`);
    expect(complaints).toEqual([]);
  });

  test('trust shows keys, stores, both revisions, and what changed between them', async () => {
    const { page, complaints } = await openPage(on.browser);
    await visit(page, on.scene.url, '#/trust');
    const [now, before] = await readRevisions(on.scene.url);
    const changes = page.locator('[data-card="changes"] [data-row]');
    await changes.first().waitFor();
    expect(await page.locator('[data-card="keyring"] [title="C1681AFD16C3DEC9E2977F02FA529DA099AC39F8"]').count()).toBe(
      1,
    );
    expect(await page.locator('[data-card="keyring"] [data-row]').first().innerText()).toContain('may sign');
    expect(await page.locator('[data-card="profile"]').innerText()).toContain('https://signatures.fixture.invalid/');
    expect(await page.locator('[data-card="revisions"] [data-row]').allInnerTexts()).toEqual([
      expect.stringContaining('decides now'),
      expect.stringContaining('earlier'),
    ]);
    const told = (await changes.allInnerTexts()).join('\n');
    expect(told).toMatch(/keyring verifier-public-key-fixture.*changed.*1 certificate.*2 certificates/s);
    expect(told).toMatch(/key [0-9A-F]{40} in verifier-public-key-fixture.*added.*may sign, never expires/s);
    const last =
      '[...document.querySelectorAll("[data-card=changes] table")].every((one) => one.scrollWidth <= one.parentElement.clientWidth)';
    expect(await page.evaluate(last)).toBe(true);
    await page.getByLabel('To', { exact: true }).selectOption(before?.revision ?? '');
    await page.getByText('Nothing that decides is different.').waitFor();
    await page.getByLabel('From', { exact: true }).selectOption(now?.revision ?? '');
    await changes.first().waitFor();
    expect((await changes.allInnerTexts()).join('\n')).toMatch(/key [0-9A-F]{40} in .*removed/s);
    expect(new URL(page.url()).hash).toBe(`#/trust?from=${now?.revision}&profile=ocp&to=${before?.revision}`);
    expect(complaints).toEqual([]);
  });

  test('the oldest revision says that there is none before it', async () => {
    const { page } = await openPage(on.browser);
    const revisions = await readRevisions(on.scene.url);
    await visit(page, on.scene.url, `#/trust?to=${revisions.at(-1)?.revision}`);
    await page.locator('[data-card="changes"]').waitFor();
    expect(await page.locator('[data-card="changes"]').innerText()).toContain('none before it to compare with');
  });

  test('dead letters have their reasons, and what is sent back once its cause is mended is done', async () => {
    const { page, complaints } = await openPage(on.browser);
    await visit(page, on.scene.url, '#/queues');
    const rows = page.locator('[data-card="letters"] [data-row]');
    await expect.poll(() => rows.count(), POLL).toBe(2);
    const told = (await rows.allInnerTexts()).join('\n');
    expect(told).toContain('profile ocp does not map quay.example.com/demo/release so (any more)');
    expect(told).toContain('the body is not JSON');
    expect(told).toContain(HOSTILE_BODY);
    expect(await page.evaluate('window.hacked')).toBeUndefined();
    expect(await page.getByRole('button', { name: 'Send 0 letters back to be done again' }).isDisabled()).toBe(true);
    await on.scene.mapPush();
    await page.getByLabel('profile ocp does not map').check();
    await page.getByRole('button', { name: 'Send 1 letter back to be done again' }).click();
    await page.getByText('1 letter sent back').waitFor();
    await expect.poll(() => rows.count(), POLL).toBe(1);
    expect(await rows.innerText()).toContain('the body is not JSON');
    await visit(page, on.scene.url, '#/decisions?source=quay');
    await expect.poll(() => page.locator('main [data-row]').count(), POLL).toBe(1);
    expect(await page.locator('main [data-row]').innerText()).toContain('Accepted');
    expect(complaints).toEqual([]);
  });
});
