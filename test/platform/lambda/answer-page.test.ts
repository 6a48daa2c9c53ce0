import { describe, expect, test } from 'vitest';
import type { PageFile, PageFiles } from '../../../lib/platform/files/page-files.ts';
import { answerPage } from '../../../lib/platform/lambda/answer-page.ts';
import { toHttpEvent } from '../../support/http-event.ts';

const variant = (text: string) => ({ bytes: Buffer.from(text), etag: `"${text}"` });
const html: PageFile = {
  type: 'text/html; charset=utf-8',
  isHashed: false,
  plain: variant('plain'),
  packed: new Map([
    ['br', variant('brotli')],
    ['gzip', variant('zipped')],
  ]),
};
const script: PageFile = { type: 'text/javascript', isHashed: true, plain: variant('x'), packed: new Map() };
const FILES: PageFiles = new Map([
  ['index.html', html],
  ['app-K3JX7Q2B.js', script],
]);

function ask(path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET', files?: PageFiles | null) {
  const given = files === null ? undefined : (files ?? FILES);
  return answerPage(toHttpEvent({ method, path, headers }), { files: given, connect: ['https://issuer.example'] });
}

describe('the page', () => {
  test('comes with a policy that lets nothing of others in', () => {
    const { statusCode, headers, body, isBase64Encoded } = ask('/');
    expect([statusCode, Buffer.from(body ?? '', 'base64').toString(), isBase64Encoded]).toEqual([200, 'plain', true]);
    expect(headers).toEqual({
      'content-type': 'text/html; charset=utf-8',
      'content-length': '5',
      'cache-control': 'no-cache',
      etag: '"plain"',
      vary: 'accept-encoding',
      'content-security-policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; connect-src 'self' https://issuer.example; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
  });

  test('a file that is named by its content is kept for good', () => {
    expect(ask('/console/app-K3JX7Q2B.js').headers?.['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(ask('/console/index.html').headers?.['cache-control']).toBe('no-cache');
  });

  test.each([
    ['nothing said', '', undefined],
    ['what browsers say', 'gzip, deflate, br, zstd', 'br'],
    ['gzip alone', 'GZIP', 'gzip'],
    ['no brotli', 'br;q=0, gzip;q=0.5', 'gzip'],
    ['anything', '*', 'br'],
    ['anything but brotli', '*;q=1, br;q=0', 'gzip'],
    ['plain alone', 'identity', undefined],
    ['nothing at all, which is answered plainly', 'identity;q=0', undefined],
    ['a quality that is none', 'br;q=high', undefined],
  ])('is packed by Accept-Encoding: %s', (_, accept, encoding) => {
    const { headers, body } = ask('/', { 'accept-encoding': accept });
    expect(headers?.['content-encoding']).toBe(encoding);
    const text = Buffer.from(body ?? '', 'base64').toString();
    expect(text).toBe({ br: 'brotli', gzip: 'zipped' }[encoding ?? ''] ?? 'plain');
    expect(headers?.['etag']).toBe(`"${text}"`);
  });

  test('a file without a packed form comes as it is', () => {
    expect(ask('/console/app-K3JX7Q2B.js', { 'accept-encoding': 'br' }).headers).not.toHaveProperty('content-encoding');
  });

  test.each([
    ['the same tag', '"plain"', 304],
    ['a weak one among others', '"a", W/"plain"', 304],
    ['any', '*', 304],
    ['another', '"other"', 200],
    ['of another form', '"brotli"', 200],
  ])('If-None-Match: %s', (_, tag, status) => {
    const answer = ask('/', { 'if-none-match': tag });
    expect([answer.statusCode, answer.body === undefined]).toEqual([status, status === 304]);
    expect(answer.headers?.['content-security-policy']).toContain("default-src 'none'");
  });

  test('HEAD says the length and sends nothing', () => {
    const { statusCode, headers, body } = ask('/', {}, 'HEAD');
    expect([statusCode, headers?.['content-length'], body]).toEqual([200, '5', undefined]);
  });
});

describe('no path leads out of the files', () => {
  test.each([
    '/console/',
    '/console/../index.html',
    '/console/%2e%2e/index.html',
    '/console/..%2findex.html',
    '/console//index.html',
    '/console/./index.html',
    '/console/index.html/',
    '/console/index.html%00.js',
    '/console/__proto__',
    '/console/constructor',
    '/console/etc/passwd',
    String.raw`/console/..\index.html`,
    '/consoleindex.html',
    '//',
    '/index.html',
    '/decisions',
  ])('%s', (path) => {
    const { statusCode, headers } = ask(path);
    expect([statusCode, headers?.['content-type']]).toEqual([404, 'application/problem+json']);
  });

  test('without a build, it says how to make one', () => {
    const { statusCode, body } = ask('/', {}, 'GET', null);
    expect([statusCode, body]).toEqual([404, expect.stringContaining('npm run console')]);
  });
});
