import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Browser } from '../../../console/browser.ts';
import { isRunnable, openBrowser, openPage, type Scene, startScene, TIMES } from './scene.ts';

const READER = 'token-of-a-reader';
const OPERATOR = 'token-of-an-operator';
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

describe.skipIf(!isRunnable)('where others can reach the service', TIMES, () => {
  let scene: Scene;
  let browser: Browser;
  let folder = '';
  let file = '';
  let url = '';
  const lines = (...roles: readonly string[]) => writeFile(file, `${roles.join('\n')}\n`);
  const reader = `reader:${sha256(READER)} alice`;
  const operator = `operator:${sha256(OPERATOR)} bob`;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'signet-token-'));
    file = path.join(folder, 'tokens');
    await lines(reader, operator);
    scene = await startScene('--host', '0.0.0.0', '--auth-token-file', file);
    url = scene.url.replace('0.0.0.0', '127.0.0.1');
    browser = await openBrowser();
  }, TIMES.timeout);
  afterAll(async () => {
    await browser.close();
    await scene.close();
    await rm(folder, { recursive: true });
  });

  test('the page asks for a token, and asks nothing of the service before', async () => {
    const { page, asked, complaints } = await openPage(browser);
    await page.goto(`${url}/#/decisions`);
    await page.getByLabel('Token').waitFor();
    expect(asked.filter((one) => one.includes('/v1/'))).toEqual([]);
    expect(await page.getByLabel('Token').getAttribute('type')).toBe('password');
    expect(complaints).toEqual([]);
  });

  test('a token that is wrong leads back to the form, and says so', async () => {
    const { page } = await openPage(browser);
    await page.goto(`${url}/#/decisions`);
    await page.getByLabel('Token').fill('wrong');
    await page.keyboard.press('Enter');
    await page.getByText('You are not signed in: the service did not take what you signed in with').waitFor();
    expect(await page.getByLabel('Token').inputValue()).toBe('');
  });

  test('a reader sees what is there, may not send letters back or make a bundle, and keeps the token nowhere', async () => {
    const { page } = await openPage(browser);
    await page.goto(`${url}/#/queues?queue=push`);
    await page.getByLabel('Token').fill(READER);
    await page.keyboard.press('Enter');
    await page.locator('[data-card="letters"]').waitFor();
    await page.getByRole('link', { name: 'Mirror', exact: true }).click();
    await page.getByText('Making a bundle takes the role operator; you are a reader.').waitFor();
    expect(await page.getByRole('button', { name: 'Make a bundle of all that is held' }).count()).toBe(0);
    const kept = await page.evaluate<string>(
      'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href, document.documentElement.outerHTML])',
    );
    expect(kept).not.toContain(READER);
    await page.reload();
    await page.getByLabel('Token').waitFor();
  });

  test('an operator may ask for a bundle; a token that is taken back leads to the form', async () => {
    const { page } = await openPage(browser);
    await page.goto(`${url}/#/mirror`);
    await page.getByLabel('Token').fill(OPERATOR);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Make a bundle of all that is held' }).click();
    // The mirror is empty: what counts is that the service took the question.
    await page.locator('[data-bundle]').waitFor();
    await lines(reader);
    await page.getByLabel('Token').waitFor();
    expect(await page.locator('main').innerText()).toContain('You are not signed in');
    await lines(reader, operator);
  });
});
