import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { SIGNED, startFilledScene, UNSIGNED } from './filled-scene.ts';
import { isRunnable, openPage, TIMES, visit } from './scene.ts';
import { useScene } from './use-scene.ts';

const POLL = { timeout: TIMES.timeout / 2 };
const [FIRST = '', SECOND = ''] = SIGNED;
const MESSAGE = `Retrieving payload failed version="4.18.1" image="quay.io/openshift-release-dev/ocp-release@${SECOND}" failure=The update cannot be verified: unable to verify ${SECOND} against keyrings: verifier-public-key-fixture`;
const DUMP = `apiVersion: config.openshift.io/v1
kind: ClusterVersion
metadata:
  name: version
status:
  conditions:
  - type: ReleaseAccepted
    status: "False"
    reason: RetrievePayload
    message: ${JSON.stringify(MESSAGE)}
`;

describe.skipIf(!isRunnable)('releases on the page', TIMES, () => {
  const on = useScene(startFilledScene);

  test('are listed newest version first, each with its signatures, its place in the mirror and its last verdict', async () => {
    const { page, complaints } = await openPage(on.browser);
    await visit(page, on.scene.url, '#/releases');
    const rows = await page.locator('main [data-row]').allInnerTexts();
    expect(rows.map((row) => /4\.\d+\.\d+/.exec(row)?.[0])).toEqual(['4.18.2', '4.18.1', '4.18.0', '4.17.5']);
    for (const row of rows.slice(0, 3)) expect(row).toMatch(/amd64.*verified.*not required.*held.*Accepted/s);
    expect(rows[3]).toMatch(/signed nowhere.*never asked/s);
    expect(await page.locator('main').innerText()).toContain('Update graphs were read');
    expect(complaints).toEqual([]);
  });

  test('are found by the start of a version and of a digest, and by architecture; the link says the search', async () => {
    const { page } = await openPage(on.browser);
    await visit(page, on.scene.url, '#/releases');
    for (const [text, found] of [
      ['4.18.1', 1],
      ['4.18', 3],
      [UNSIGNED.slice(0, 20), 1],
      ['4.99', 0],
    ] as const) {
      await page.getByLabel('Version or digest').fill(text);
      await page.keyboard.press('Enter');
      await expect.poll(() => new URL(page.url()).hash, POLL).toBe(`#/releases?q=${encodeURIComponent(text)}`);
      await expect.poll(() => page.locator('main [data-row]').count(), POLL).toBe(found);
    }
    await page.getByText('No release matches').waitFor();
    await page.getByRole('link', { name: 'Take all away' }).click();
    await expect.poll(() => page.locator('main [data-row]').count(), POLL).toBe(4);
    await page.getByLabel('Architecture').selectOption('arm64');
    await expect.poll(() => page.locator('main [data-row]').count(), POLL).toBe(0);
    await page.getByLabel('Architecture').selectOption('amd64');
    await expect.poll(() => page.locator('main [data-row]').count(), POLL).toBe(4);
  });

  test('open with signatures, who made them and when, what was decided, and what to apply', async () => {
    const { page, context, complaints } = await openPage(on.browser);
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await visit(page, on.scene.url, '#/releases');
    await page.getByRole('link', { name: /^4\.18\.0/ }).click();
    await page.locator('[data-card="signatures"]').waitFor();
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('Release 4.18.0');
    const signatures = page.locator('[data-card="signatures"]');
    expect(await signatures.innerText()).toContain('of verifier-public-key-fixture, signed');
    expect(await signatures.innerText()).toContain('quay.io/openshift-release-dev/ocp-release:');
    expect(await signatures.locator('[title="C1681AFD16C3DEC9E2977F02FA529DA099AC39F8"]').count()).toBe(1);
    expect(await signatures.locator('time').first().getAttribute('datetime')).toMatch(/^20\d\d-\d\d-\d\dT/);
    expect(await page.locator('[data-card="quarantined"]').innerText()).toContain('no key of the keyring has');
    expect(await page.locator('[data-card="verdicts"] [data-row]').count()).toBeGreaterThan(0);
    await page.getByRole('button', { name: 'Copy manifest' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    const manifest = parse(await page.evaluate<string>('navigator.clipboard.readText()')) as {
      kind: string;
      binaryData: object;
    };
    expect(manifest.kind).toBe('ConfigMap');
    expect(Object.keys(manifest.binaryData)).toEqual([`${FIRST.replace(':', '-')}-1`]);
    expect(complaints).toEqual([]);
  });

  test('that no store signed say so, and have nothing to apply', async () => {
    const { page } = await openPage(on.browser);
    await visit(page, on.scene.url, `#/releases/${encodeURIComponent(UNSIGNED)}`);
    const text = await page.locator('main').innerText();
    expect(text).toContain('No store had a signature of it');
    expect(text).toContain('There is nothing to apply');
    expect(text).toContain('Nobody asked yet.');
  });

  test('that nothing knows are not found, with a way to ask', async () => {
    const { page } = await openPage(on.browser);
    await visit(page, on.scene.url, `#/releases/sha256:${'0'.repeat(64)}`);
    await page.getByRole('link', { name: 'Check the digest' }).click();
    expect(new URL(page.url()).hash).toBe(`#/check?q=sha256%3A${'0'.repeat(64)}`);
  });

  test.each([
    ['an error', MESSAGE],
    ['a dump of an object', DUMP],
  ])('are explained from %s, with the manifest ready to copy', async (_, text) => {
    const { page, context, complaints } = await openPage(on.browser);
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await visit(page, on.scene.url, '#/check');
    await page.locator('[data-field]').fill(text);
    await page.getByRole('main').getByRole('button', { name: 'Check', exact: true }).click();
    const card = page.locator('[data-card="explained"]');
    await card.waitFor();
    expect(await page.locator('[data-field]').inputValue()).toBe(text);
    expect(await card.innerText()).toContain('Release 4.18.1');
    expect(await card.innerText()).toContain('apply the signature as a ConfigMap');
    await card.getByText('Where signatures were looked for').click();
    expect(await card.innerText()).toContain('this service: has a signature that verifies');
    await card.getByRole('button', { name: 'Copy manifest' }).click();
    await card.getByRole('button', { name: 'Copied' }).waitFor();
    const copied = parse(await page.evaluate<string>('navigator.clipboard.readText()')) as { binaryData: object };
    expect(Object.keys(copied.binaryData)).toEqual([`${SECOND.replace(':', '-')}-1`]);
    expect(complaints).toEqual([]);
  });
});
