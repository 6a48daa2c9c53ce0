import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Browser } from '../../../console/browser.ts';
import { isRunnable, listRows, openBrowser, openPage, type Scene, startScene, TIMES } from './scene.ts';

/** A name of a stranger that leads to this machine, as DNS rebinding has it. */
const REBOUND = 'rebound.example';

describe.skipIf(!isRunnable)('a page of another origin', TIMES, () => {
  let scene: Scene;
  let browser: Browser;
  let strangers: Server;
  let strange = '';
  beforeAll(async () => {
    scene = await startScene();
    browser = await openBrowser(`--host-resolver-rules=MAP ${REBOUND} 127.0.0.1`);
    strangers = createServer((_, response) =>
      response.setHeader('content-type', 'text/html').end('<body>a stranger</body>'),
    );
    strangers.listen(0, '127.0.0.1');
    await once(strangers, 'listening');
    strange = `http://127.0.0.1:${(strangers.address() as AddressInfo).port}`;
  }, TIMES.timeout);
  afterAll(async () => {
    await browser.close();
    strangers.close();
    await scene.close();
  });

  /** Runs in the stranger's page. @returns what it could read, or why it could not */
  const ask = async (from: string, script: string): Promise<string> => {
    const { page, context } = await openPage(browser);
    await page.goto(from);
    const answer = await page.evaluate<string>(
      `(async () => { const url = ${JSON.stringify(scene.url)}; ${script} })().catch((error) => 'refused: ' + error.name)`,
    );
    await context.close();
    return answer;
  };
  const body = (): string =>
    JSON.stringify(JSON.stringify({ pullspec: `registry.example.com/demo/release@${scene.digests[3]}`, force: true }));

  test.each([
    ['reads nothing', "return await (await fetch(url + '/v1/overview')).text();", 'refused: TypeError'],
    ['reads no page', "return await (await fetch(url + '/')).text();", 'refused: TypeError'],
    [
      'reads nothing without asking for leave',
      "const response = await fetch(url + '/v1/overview', { mode: 'no-cors' }); return response.type + (await response.text());",
      'opaque',
    ],
    [
      'runs no answer as a script',
      "return await new Promise((resolve) => { const one = document.createElement('script'); one.src = url + '/v1/verdicts'; one.onload = () => resolve('loaded'); one.onerror = () => resolve('refused'); document.body.append(one); });",
      'refused',
    ],
  ])('%s', async (_, script, expected) => {
    expect(await ask(strange, script)).toBe(expected);
  });

  test.each([
    [
      'as JSON',
      "fetch(url + '/v1/verify/forced', { method: 'POST', headers: { 'content-type': 'application/json' }, body: BODY })",
    ],
    [
      'as plain text',
      "fetch(url + '/v1/verify/forced', { method: 'POST', mode: 'no-cors', headers: { 'content-type': 'text/plain' }, body: BODY })",
    ],
    ['as a beacon', "navigator.sendBeacon(url + '/v1/verify/forced', new Blob([BODY], { type: 'application/json' }))"],
    ['to a bundle', "fetch(url + '/v1/bundles', { method: 'POST', mode: 'no-cors', body: '{}' })"],
  ])('changes nothing by a request %s', async (_, request) => {
    await ask(strange, `await ${request.replace('BODY', body())}; return 'sent';`);
    expect(await listRows(scene.url)).toEqual([]);
  });

  test('changes nothing by a form', async () => {
    const { page, context } = await openPage(browser);
    await page.goto(strange);
    await Promise.all([
      page.waitForURL(`${scene.url}/**`),
      page.evaluate(
        `(() => {
          const form = document.createElement('form');
          Object.assign(form, { method: 'post', enctype: 'text/plain', action: ${JSON.stringify(`${scene.url}/v1/verify/forced`)} });
          const field = document.createElement('input');
          Object.assign(field, { name: '{"force":true,"pullspec":"registry.example.com/demo/release:1.0.0","x":"', value: '"}' });
          form.append(field);
          document.body.append(form);
          form.submit();
        })()`,
      ),
    ]);
    expect(await page.locator('body').innerText()).toContain('may not ask');
    expect(await listRows(scene.url)).toEqual([]);
    await context.close();
  });

  test('frames no page of the service', async () => {
    const { page, context, complaints } = await openPage(browser);
    await page.goto(strange);
    await page.evaluate(
      `new Promise((resolve) => { const one = document.createElement('iframe'); one.src = ${JSON.stringify(`${scene.url}/`)}; one.onload = resolve; document.body.append(one); })`,
    );
    expect(page.frames().at(1)?.url()).not.toBe(`${scene.url}/`);
    expect(complaints.join('\n')).toContain('frame-ancestors');
    await context.close();
  });

  test('has no hold of a window that it opens', async () => {
    const opened = await ask(
      strange,
      "const one = window.open(url + '/'); await new Promise((resolve) => setTimeout(resolve, 0)); while (one !== null && !one.closed) await new Promise((resolve) => setTimeout(resolve, 20)); return 'severed';",
    );
    expect(opened).toBe('severed');
  });

  test('is not let in under a name that it points here', async () => {
    const rebound = `http://${REBOUND}:${new URL(scene.url).port}`;
    const { page, context } = await openPage(browser);
    const response = await page.goto(`${rebound}/`);
    expect(response?.status()).toBe(403);
    expect(await page.locator('body').innerText()).toContain('the service is not called');
    const status = await page.evaluate(
      `fetch('/v1/verify/forced', { method: 'POST', headers: { 'content-type': 'application/json' }, body: ${body()} }).then(({ status }) => status)`,
    );
    expect(status).toBe(403);
    expect(await listRows(scene.url)).toEqual([]);
    await context.close();
  });
});
