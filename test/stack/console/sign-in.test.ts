import { once } from 'node:events';
import { request as ask, createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Browser } from '../../../console/browser.ts';
import { createHandler } from '../../../functions/serve-page/handler.ts';
import { readPageFiles } from '../../../lib/platform/files/page-files.ts';
import type { HttpHandler } from '../../../lib/platform/lambda/http-stack.ts';
import { createTelemetry } from '../../../lib/platform/lambda/telemetry.ts';
import { createLocalContext } from '../../../local/local-context.ts';
import { toHttpEvent } from '../../support/http-event.ts';
import { CLIENT_ID, startIssuer, type TestIssuer } from './oidc-issuer.ts';
import { decideDemo, isRunnable, openBrowser, openPage, type Scene, startScene, TIMES } from './scene.ts';

describe.skipIf(!isRunnable)('where the page signs in at an issuer', TIMES, () => {
  let scene: Scene;
  let browser: Browser;
  let issuer: TestIssuer;
  let front: Server;
  let url = '';

  /** As a deployment is: the page by its function, and beside it the API behind an authorizer that takes the issuer's tokens alone. */
  beforeAll(async () => {
    scene = await startScene();
    await decideDemo(scene);
    issuer = await startIssuer();
    browser = await openBrowser();
    const servePage = createHandler({
      files: await readPageFiles(path.join(scene.work, 'dist')),
      signIn: {
        kind: 'oidc',
        issuer: issuer.url,
        clientId: CLIENT_ID,
        scopes: ['openid', 'signet/read'],
        origins: [],
        redriveScope: 'signet/redrive',
      },
      telemetry: createTelemetry('serve-page'),
    });
    front = createServer((request, response) => {
      const route = (request.url ?? '/').split('?', 1)[0] ?? '/';
      if (route.startsWith('/v1/')) forward(request, response);
      else void sendPage(servePage, route, response);
    });
    front.listen(0, '127.0.0.1');
    await once(front, 'listening');
    url = `http://127.0.0.1:${(front.address() as AddressInfo).port}`;
  }, TIMES.timeout);
  afterAll(async () => {
    await browser.close();
    issuer.close();
    front.close();
    front.closeAllConnections();
    await scene.close();
  });
  afterEach(() => {
    issuer.answer = {};
    issuer.seconds = 3600;
  });

  async function sendPage(servePage: HttpHandler, route: string, response: ServerResponse): Promise<void> {
    const answered = await servePage(toHttpEvent({ method: 'GET', path: route }), createLocalContext('serve-page'));
    const { statusCode = 500, headers = {}, body = '', isBase64Encoded = false } = answered;
    response.writeHead(statusCode, headers as Record<string, string>);
    response.end(Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'));
  }

  function forward(request: IncomingMessage, response: ServerResponse): void {
    const given = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    if (!issuer.tokens.has(given)) {
      response.writeHead(401, { 'content-type': 'application/json' }).end('{"message":"Unauthorized"}');
      return;
    }
    const { authorization: _, ...headers } = request.headers;
    const behind = ask(`${scene.url}${request.url}`, { method: request.method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    request.pipe(behind);
  }

  test('a reader signs in by code and PKCE, and comes back to the view of the link', async () => {
    const { page, asked, complaints } = await openPage(browser);
    await page.goto(`${url}/#/decisions?outcome=rejected`);
    await page.getByRole('button', { name: `Sign in at ${issuer.url}` }).click();
    await page.locator('main [data-row]').first().waitFor();
    expect(page.url()).toBe(`${url}/#/decisions?outcome=rejected`);
    const question = new URL(asked.find((one) => one.startsWith(`${issuer.url}/authorize`)) ?? 'none:');
    expect(question.searchParams.get('scope')).toBe('openid signet/read');
    expect(question.searchParams.get('code_challenge')).toMatch(/^[\w-]{43}$/);
    expect(question.searchParams.get('state')).toMatch(/^[\w-]{43}$/);
    expect(complaints).toEqual([]);

    const [token = 'none'] = [...issuer.tokens];
    const kept = await page.evaluate<string>(
      'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href, document.body.innerHTML])',
    );
    expect(kept).not.toContain(token);
    await page.reload();
    await page.getByRole('button', { name: /^Sign in at/ }).waitFor();
  });

  test('asks nothing of the API before, and shows nothing of it', async () => {
    const { page, asked } = await openPage(browser);
    await page.goto(`${url}/#/`);
    await page.getByRole('button', { name: /^Sign in at/ }).waitFor();
    expect(asked.filter((one) => one.includes('/v1/'))).toEqual([]);
  });

  test.each([
    ['an answer to a question that was not asked', { state: 'forged' }, 'the answer is to another question'],
    ['an answer of another issuer', { iss: 'https://other.example.com' }, 'the answer is of another issuer'],
    [
      'a refusal, whose words are text',
      { error: 'access_denied', description: '<img src=x onerror="window.hacked=1">not you' },
      '<img src=x onerror="window.hacked=1">not you',
    ],
  ])('%s signs nobody in', async (_, answer, said) => {
    issuer.answer = answer;
    const before = issuer.asked.length;
    const { page } = await openPage(browser);
    await page.goto(`${url}/#/`);
    await page.getByRole('button', { name: /^Sign in at/ }).click();
    await page.getByText('You are not signed in').waitFor();
    expect(await page.locator('main').innerText()).toContain(said);
    expect(issuer.asked).toHaveLength(before);
    expect(await page.evaluate('[window.hacked, location.search]')).toEqual([undefined, '']);
  });

  test('a link that brings a code of a stranger signs nobody in', async () => {
    const before = issuer.asked.length;
    const { page } = await openPage(browser);
    await page.goto(`${url}/?code=stolen&state=anything#/decisions`);
    await page.getByText('You are not signed in').waitFor();
    expect(issuer.asked).toHaveLength(before);
    expect(await page.evaluate('location.search')).toBe('');
  });

  test('a token that ends is renewed, and one that is taken back leads to signing in again', async () => {
    issuer.seconds = 1;
    const { page } = await openPage(browser);
    await page.goto(`${url}/#/`);
    await page.getByRole('button', { name: /^Sign in at/ }).click();
    await page.locator('[data-card="profiles"] .sg-profile').waitFor();
    await page.getByRole('link', { name: 'Decisions', exact: true }).click();
    await page.locator('main [data-row]').first().waitFor();
    expect(issuer.asked.map((one) => one.get('grant_type'))).toContain('refresh_token');
    issuer.revoke();
    issuer.seconds = 3600;
    // By its address: a page that asks by itself in between has nothing to click on any more.
    await page.goto(`${url}/#/decisions?outcome=rejected`);
    await page.getByRole('button', { name: /^Sign in at/ }).waitFor();
    await page.getByRole('button', { name: /^Sign in at/ }).click();
    await page.locator('main [data-row]').first().waitFor();
    expect(page.url()).toBe(`${url}/#/decisions?outcome=rejected`);
  });
});
