import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Browser, BrowserContextOptions, BrowserType, Page } from '../../../console/browser.ts';
import { findTool } from '../../support/tools.ts';

const ROOT = path.join(import.meta.dirname, '../../..');
const run = promisify(execFile);
/** What the page is tested with is installed with its packages. */
export const ofPage = createRequire(path.join(ROOT, 'console/package.json'));
/** The repository of the demo's releases. */
export const DEMO_REPOSITORY = 'registry.example.com/demo/release';

export const SIZES = { wide: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } } as const;

const program = findTool('chromium');
const isInstalled = existsSync(path.join(ROOT, 'console/node_modules/playwright-core'));
if (!isInstalled)
  process.stderr.write('not run: the page: npm ci --prefix console installs what builds and shows it\n');
/** Whether there is a browser, and what builds the page. */
export const isRunnable = program !== undefined && isInstalled;

/** Milliseconds for a test: a browser on a busy machine takes its time, and nothing here is judged by it. */
export const TIMES = { timeout: 300_000 } as const;

/** A running service with its page. */
export interface Scene {
  readonly url: string;
  readonly work: string;
  /** The digests of the demo's releases: three that are accepted, then four that are not. */
  readonly digests: readonly string[];
  readonly close: () => Promise<void>;
}

/** Starts the one-machine service as `npm start` does, with the page as it is now. @param args its further flags */
export async function startScene(...args: readonly string[]): Promise<Scene> {
  const work = await mkdtemp(path.join(tmpdir(), 'signet-console-'));
  const dist = path.join(work, 'dist');
  const data = path.join(work, 'data');
  await run(process.execPath, [path.join(ROOT, 'scripts/build-console.ts'), dist], { cwd: ROOT });
  const child = spawn(
    process.execPath,
    [path.join(ROOT, 'local/main.ts'), '--port', '0', '--data', data, '--console', dist, ...args],
    { cwd: work },
  );
  const url = await waitUntilReady(child);
  const kept = await readFile(path.join(data, 'demo/releases.json'), 'utf8').catch(() => '{"releases":[]}');
  const { releases } = JSON.parse(kept) as { releases: readonly { digest: string }[] };
  const close = async (): Promise<void> => {
    const exited = once(child, 'exit');
    if (child.exitCode === null && child.kill('SIGTERM')) await exited;
    await rm(work, { recursive: true });
  };
  return { url, work, digests: releases.map(({ digest }) => digest), close };
}

async function waitUntilReady(child: ChildProcess): Promise<string> {
  let output = '';
  const ready = new Promise<string>((resolve) => {
    child.stdout?.resume();
    child.stderr?.on('data', (text) => {
      output += String(text);
      const url = /ready at (\S+)/.exec(output)?.[1];
      if (url !== undefined) resolve(url);
    });
  });
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`the service did not start: ${output}`)));
  return await Promise.race([ready, ended]);
}

/** The demo, with its decisions. */
export async function startDecidedScene(): Promise<Scene> {
  const scene = await startScene();
  await decideDemo(scene);
  return scene;
}

/** Asks for what the demo is for: accepted, rejected for each reason, not by digest, from a mirror, and forced. */
export async function decideDemo({ url, digests }: Scene): Promise<void> {
  for (const digest of digests) await verify(url, `${DEMO_REPOSITORY}@${digest}`);
  await verify(url, `${DEMO_REPOSITORY}:1.0.0`);
  await verify(url, `mirror.example.com/other/release@${digests[0]}`);
  await verify(url, `${DEMO_REPOSITORY}@${digests[3]}`, 'forced');
}

/** @returns the status of the answer */
export async function verify(url: string, pullspec: string, force?: 'forced'): Promise<number> {
  const response = await fetch(`${url}/v1/verify${force === undefined ? '' : '/forced'}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ pullspec, ...(force === undefined ? {} : { force: true }) }),
  });
  await response.arrayBuffer();
  return response.status;
}

export interface Row {
  readonly id: string;
  readonly outcome: string;
  readonly forced: boolean;
  readonly codes: readonly string[];
}

export async function listRows(url: string): Promise<readonly Row[]> {
  const response = await fetch(`${url}/v1/verdicts`);
  const { verdicts } = (await response.json()) as { verdicts: readonly Row[] };
  return verdicts;
}

/** @param args further flags of the browser */
export async function openBrowser(...args: readonly string[]): Promise<Browser> {
  if (program === undefined) throw new Error('there is no browser');
  const { chromium } = ofPage('playwright-core') as { readonly chromium: BrowserType };
  // Its own sandbox needs a user that is not root.
  return await chromium.launch({
    executablePath: program,
    chromiumSandbox: process.getuid?.() !== 0,
    args: ['--disable-background-networking', ...args],
  });
}

/** A page of its own, and whatever it complained about: errors, and what the content security policy refused. */
export async function openPage(browser: Browser, options: BrowserContextOptions = {}) {
  const context = await browser.newContext({ viewport: SIZES.wide, acceptDownloads: true, ...options });
  context.setDefaultTimeout(TIMES.timeout / 2);
  const page: Page = await context.newPage();
  const complaints: string[] = [];
  const asked: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('request', (request) => asked.push(request.url()));
  return { page, context, complaints, asked };
}

/** Goes to an address of the page, and waits until everything that it asked for was answered. */
export async function visit(page: Page, url: string, hash: string): Promise<void> {
  const address = new URL(`${url}/${hash}`);
  await page.goto(address.href);
  // To another address of the same page, a browser goes before anything is drawn.
  await page.locator(`main[data-address=${JSON.stringify(address.hash)}]`).waitFor();
  await page.locator('main [data-heading], main h1').first().waitFor();
  await page.locator('.sg-skeleton').first().waitFor({ state: 'detached' });
}
