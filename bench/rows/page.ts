import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser } from '../../console/browser.ts';
import { decideDemo, isRunnable, openBrowser, startScene } from '../../test/stack/console/scene.ts';
import type { Effort } from '../effort.ts';
import { median, type Row } from '../row.ts';

const ROUNDS: Readonly<Record<Effort, number>> = { full: 21, quick: 3 };
/** Of the time that an empty page of the same server takes to its first paint. */
const PAINT_GOAL = { kind: 'at most', ratio: 3 } as const;
/** Bytes that the first view may load, compressed. */
const MAX_BYTES = 350 * 1024;
const EMPTY = '<!doctype html><html lang="en"><title>empty</title><p>.</p></html>';
const NOT_RUN = 'Chromium, or the packages of the page, are not installed';

/** The page in a browser, without anything in its cache: its first paint, and what it loads for its first view. */
export async function measurePage(effort: Effort): Promise<readonly Row[]> {
  const paint = {
    id: 'page-first-paint',
    name: 'first paint of the page, nothing cached',
    unit: 'ms',
    beside: 'an empty page of the same server',
    goal: PAINT_GOAL,
  };
  if (!isRunnable) return [{ ...paint, ours: Number.NaN, theirs: undefined, missing: NOT_RUN }];
  const dist = await mkdtemp(path.join(tmpdir(), 'signet-bench-page-'));
  execFileSync(process.execPath, [path.join(import.meta.dirname, '../../scripts/build-console.ts'), dist]);
  await writeFile(path.join(dist, 'empty.html'), EMPTY);
  const scene = await startScene('--console', dist);
  const browser = await openBrowser();
  try {
    await decideDemo(scene);
    const ours: number[] = [];
    const theirs: number[] = [];
    let bytes = 0;
    // The first one of a browser starts what all others use.
    await openOnce(browser, `${scene.url}/`);
    for (let round = 0; round < ROUNDS[effort]; round += 1) {
      theirs.push((await openOnce(browser, `${scene.url}/console/empty.html`)).paintMs);
      const opened = await openOnce(browser, `${scene.url}/`);
      ours.push(opened.paintMs);
      bytes = opened.bytes;
    }
    return [
      { ...paint, ours: median(ours), theirs: median(theirs) },
      {
        id: 'page-first-view',
        name: 'scripts, styles and fonts of the first view, compressed',
        unit: 'KB',
        ours: bytes / 1024,
        beside: 'the limit',
        theirs: MAX_BYTES / 1024,
        goal: { kind: 'at most', ratio: 1 },
      },
    ];
  } finally {
    await browser.close();
    await scene.close();
    await rm(dist, { recursive: true });
  }
}

/** Opens an address in a context of its own, whose cache is empty. */
async function openOnce(browser: Browser, url: string): Promise<{ readonly paintMs: number; readonly bytes: number }> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  try {
    const page = await context.newPage();
    await page.goto(url, { waitUntil: 'networkidle' });
    return await page.evaluate<{ paintMs: number; bytes: number }>(`({
      paintMs: performance.getEntriesByName('first-contentful-paint')[0].startTime,
      bytes: [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
        .filter(({ name }) => !name.includes('/v1/'))
        .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0),
    })`);
  } finally {
    await context.close();
  }
}
