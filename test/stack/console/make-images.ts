import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { startFilledScene } from './filled-scene.ts';
import { decideDemo, listRows, openBrowser, openPage, SIZES, startScene, visit } from './scene.ts';

/** Makes the pictures of docs/guides/console.md from the demo, and from a service with something in every view. */
const IMAGES = path.join(import.meta.dirname, '../../../docs/images');
const MAX_BYTES = 150 * 1024;

const scene = await startScene();
const filled = await startFilledScene();
const browser = await openBrowser();
try {
  await decideDemo(scene);
  const forced = (await listRows(scene.url)).find((row) => row.forced);
  await mkdir(IMAGES, { recursive: true });
  for (const [name, hash, size, { url }] of [
    ['console-overview', '', 'wide', scene],
    ['console-overview-phone', '', 'phone', scene],
    ['console-decisions', '#/decisions?outcome=rejected', 'wide', scene],
    ['console-decision', `#/decisions/${forced?.id}`, 'wide', scene],
    ['console-decision-phone', `#/decisions/${forced?.id}`, 'phone', scene],
    ['console-releases', '#/releases', 'wide', filled],
    ['console-trust', '#/trust', 'wide', filled],
  ] as const) {
    const { page, context } = await openPage(browser, { viewport: SIZES[size], reducedMotion: 'reduce' });
    await visit(page, url, hash);
    await page.locator('.sg-skeleton').first().waitFor({ state: 'detached' });
    await page.evaluate('document.fonts.ready');
    const file = path.join(IMAGES, `${name}.png`);
    await page.screenshot({ path: file });
    await context.close();
    const { size: bytes } = await stat(file);
    process.stdout.write(`${path.relative(process.cwd(), file)} ${bytes}\n`);
    if (bytes > MAX_BYTES) throw new Error(`${name} has ${bytes} bytes; at most ${MAX_BYTES}`);
  }
} finally {
  await browser.close();
  await filled.close();
  await scene.close();
}
