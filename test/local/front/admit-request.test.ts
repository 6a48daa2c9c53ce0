import { hash } from 'node:crypto';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { toAskedNames } from '../../../local/asked-names.ts';
import { admitRequest, type Gate, OPEN_GATE } from '../../../local/front/admit-request.ts';
import { parseCredentials } from '../../../local/front/credentials.ts';
import { LOCAL_ROUTES, matchRoute, ROUTES } from '../../../local/routes.ts';

const sha256 = (token: string): string => hash('sha256', token);
const CREDENTIALS = parseCredentials(`reader:${sha256('read')} rita\noperator:${sha256('operate')} otto`);
const CLOSED: Gate = { isOpen: false, credentials: { read: async () => CREDENTIALS }, takesCertificates: false };
const EVERYWHERE = toAskedNames('0.0.0.0', []);

async function admit(asked: string, headers: Readonly<Record<string, string>>, gate: Gate, names = EVERYWHERE) {
  const [method = '', path = ''] = asked.split(' ');
  const matched = matchRoute(method, path);
  const route = matched !== undefined && 'route' in matched ? matched.route : undefined;
  const request = new IncomingMessage(new Socket());
  Object.assign(request, { method, headers: { host: '192.0.2.1:8080', ...headers } });
  const admission = await admitRequest(request, route, names, gate);
  return admission.kind === 'admitted' ? `in ${admission.caller?.name ?? 'nobody'}` : admission.answer.statusCode;
}

const SHUT: Gate = { isOpen: false, credentials: undefined, takesCertificates: false };

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const SIGNATURE = 'GET /signatures/sha256=ab/signature-1';

describe('elsewhere than on loopback', () => {
  test.each<[asked: string, expected: number | string]>([
    [SIGNATURE, 'in nobody'],
    ['GET /healthz', 'in nobody'],
    ['POST /webhooks/quay', 'in nobody'],
    ['GET /v1/verdicts', 401],
    ['POST /v1/verify', 401],
    ['POST /v1/verify/forced', 401],
    ['GET /no/such/route', 401],
  ])('without tokens and authorities nobody has a role: %s', async (asked, expected) => {
    expect([await admit(asked, {}, SHUT), await admit(asked, bearer('read'), SHUT)]).toEqual([expected, expected]);
  });

  test.each<[asked: string, nobody: number | string, reader: number | string, operator: number | string]>([
    [SIGNATURE, 'in nobody', 'in nobody', 'in nobody'],
    ['GET /pub/openshift-v4/signatures/openshift/release/a/b', 'in nobody', 'in nobody', 'in nobody'],
    ['GET /healthz', 'in nobody', 'in nobody', 'in nobody'],
    ['POST /webhooks/quay', 'in nobody', 'in nobody', 'in nobody'],
    ['POST /admission/token/x', 'in nobody', 'in nobody', 'in nobody'],
    ['GET /', 'in nobody', 'in nobody', 'in nobody'],
    ['GET /console/app.js', 'in nobody', 'in nobody', 'in nobody'],
    ['GET /console.json', 'in nobody', 'in nobody', 'in nobody'],
    ['GET /v1/me', 401, 'in rita', 'in otto'],
    ['GET /v1/verdicts', 401, 'in rita', 'in otto'],
    ['GET /v1/trust', 401, 'in rita', 'in otto'],
    ['GET /metrics', 401, 'in rita', 'in otto'],
    ['GET /v1/dead-letters', 401, 'in rita', 'in otto'],
    ['POST /v1/verify', 401, 'in rita', 'in otto'],
    ['POST /v1/explain', 401, 'in rita', 'in otto'],
    ['POST /v1/verify/forced', 401, 403, 'in otto'],
    ['POST /v1/bundles', 401, 403, 'in otto'],
    ['POST /v1/dead-letters/redrive', 401, 403, 'in otto'],
    ['POST /local/events', 401, 403, 'in otto'],
    ['GET /no/such/route', 401, 'in rita', 'in otto'],
    ['PUT /v1/verdicts', 401, 'in rita', 'in otto'],
    ['POST /signatures/sha256=ab/signature-1', 401, 'in rita', 'in otto'],
  ])('%s', async (asked, nobody, reader, operator) => {
    expect([
      await admit(asked, {}, CLOSED),
      await admit(asked, bearer('read'), CLOSED),
      await admit(asked, bearer('operate'), CLOSED),
    ]).toEqual([nobody, reader, operator]);
  });

  test('only what was looked at is open', async () => {
    const routes = await Promise.all(
      [...ROUTES, ...LOCAL_ROUTES].map(async (route) => {
        const path = route.path.replaceAll(/\{\w+\+\}/g, 'a/b').replaceAll(/\{\w+\}/g, 'x');
        return { ...route, admitted: await admit(`${route.method} ${path}`, {}, CLOSED) };
      }),
    );
    const open = routes.filter(({ admitted }) => admitted === 'in nobody');
    expect([...new Set(open.map(({ handler }) => handler))].toSorted()).toEqual([
      'local-discovery',
      'read-records',
      'receive-push',
      'review-admission',
      'serve-page',
      'serve-signature',
    ]);
    expect(open.filter(({ handler }) => handler === 'read-records').map(({ path }) => path)).toEqual(['/healthz']);
    expect(open.filter(({ path }) => path.startsWith('/v1/'))).toEqual([]);
  });

  test.each<[name: string, authorization: string, status: number | string]>([
    ['another token', 'Bearer other', 401],
    ['no token', 'Bearer ', 401],
    ['the scheme in other letters', 'bEARER read', 'in rita'],
    ['another scheme', 'Basic read', 401],
    ['the token alone', 'read', 401],
    ['a hash of the file', `Bearer ${sha256('read')}`, 401],
    ['two spaces', 'Bearer  read', 401],
  ])('by %s', async (_, authorization, status) => {
    expect(await admit('GET /v1/trust', { authorization }, CLOSED)).toBe(status);
  });

  test('credentials that cannot be read let nobody in', async () => {
    const broken: Gate = { ...CLOSED, credentials: { read: () => Promise.reject(new StoreError('NotFound', 'gone')) } };
    await expect(admit('GET /v1/trust', bearer('read'), broken)).rejects.toThrow('gone');
    expect(await admit('GET /healthz', {}, broken)).toBe('in nobody');
  });

  test('a right token does not help a foreign page', async () => {
    const foreign = { ...bearer('operate'), origin: 'https://a.example' };
    expect(await admit('POST /v1/verify/forced', foreign, CLOSED)).toBe(403);
    expect(await admit('GET /v1/trust', { ...bearer('operate'), host: 'rebound.example' }, CLOSED)).toBe(403);
  });
});

describe('a browser says where a request comes from', () => {
  const LOOPBACK = toAskedNames('127.0.0.1', []);
  const from = (site: string, more: Readonly<Record<string, string>> = {}) => ({
    host: 'localhost:8080',
    'sec-fetch-site': site,
    ...more,
  });
  const FRAME = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' };
  const link = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };

  test.each<[name: string, asked: string, headers: Readonly<Record<string, string>>, result: number | string]>([
    ['the page itself', 'GET /v1/trust', from('same-origin'), 'in nobody'],
    ['the address bar', 'GET /v1/trust', from('none', link), 'in nobody'],
    ['an image of another site, which sends no Origin', 'GET /v1/dead-letters', from('cross-site'), 403],
    ['another port of the same host', 'GET /v1/dead-letters', from('same-site'), 403],
    ['a script of another site', 'GET /console/app.js', from('cross-site'), 403],
    [
      'a frame of another site, out of which the page’s policy keeps it',
      'GET /',
      from('cross-site', FRAME),
      'in nobody',
    ],
    ['a frame of another site, with an answer of the API', 'GET /v1/trust', from('cross-site', FRAME), 403],
    ['a link of another site to the page', 'GET /', from('cross-site', link), 'in nobody'],
    ['a link of another site to the API', 'GET /v1/verdicts', from('cross-site', link), 403],
    ['a form of another site', 'POST /v1/verify/forced', from('cross-site', link), 403],
    ['a review that a page made', 'POST /admission/token/x', from('cross-site'), 403],
    ['a signature, which everybody may read', SIGNATURE, from('cross-site'), 'in nobody'],
    ['a link to the page by another name', 'GET /', { ...from('cross-site', link), host: 'rebound.example' }, 403],
    ['a site that is none', 'GET /v1/trust', from('Same-Origin'), 403],
  ])('%s', async (_, asked, headers, result) => {
    expect(await admit(asked, headers, OPEN_GATE, LOOPBACK)).toBe(result);
  });
});
