import { createRequire } from 'node:module';
import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { plainObject } from '../../lib/base/documents/schema.ts';
import { parseSignaturePath, RELEASE_PREFIXES } from '../../lib/mirror/slots/slot-layout.ts';

const sources = v.parse(
  v.object({ routeSignature: v.string(), markSignature: v.string() }),
  createRequire(import.meta.url)('../../infra/cdn/functions.cjs'),
);

const Answer = v.strictObject({
  statusCode: v.literal(404),
  statusDescription: v.literal('Not Found'),
  headers: v.pipe(plainObject, v.record(v.string(), v.object({ value: v.string() }))),
  body: v.object({ encoding: v.literal('text'), data: v.string() }),
});
const Routed = v.strictObject({
  method: v.literal('GET'),
  uri: v.string(),
  querystring: v.pipe(plainObject, v.object({})),
});

/** A function as CloudFront loads it: a script, whose `handler` is called with a copy of the event. */
function loadFunction(source: string): (event: object) => unknown {
  const handler: unknown = runInNewContext(`${source}\nhandler`);
  const call = v.parse(
    v.custom<(event: unknown) => unknown>((value) => typeof value === 'function'),
    handler,
  );
  return (event) => JSON.parse(JSON.stringify(call(structuredClone(event)))) as unknown;
}

const route = loadFunction(sources.routeSignature);
const mark = loadFunction(sources.markSignature);

/** The path that goes to the bucket; undefined when the function answers by itself. */
function routePath(uri: string): string | undefined {
  const result = route({ request: { method: 'GET', uri, querystring: {} } });
  const routed = v.safeParse(Routed, result);
  if (routed.success) return routed.output.uri;
  v.parse(Answer, result);
  return undefined;
}

const HEX = 'a1'.repeat(32);
const HEX_96 = 'a1'.repeat(48);
const SEGMENT = `sha256=${HEX}`;
const RELEASE = `/signatures/${SEGMENT}/signature-1`;
const OFFICIAL = `/signatures/openshift/release/${SEGMENT}/signature-1`;
const lookaside = (repository: string) => `/lookaside/${repository}@${SEGMENT}/signature-1`;

describe('the function that routes a path', () => {
  test.each([
    ['a release signature', RELEASE, RELEASE],
    ['the last release signature', `/signatures/${SEGMENT}/signature-9`, `/signatures/${SEGMENT}/signature-9`],
    ["the update service's path", `/api/upgrades_info/signatures/${SEGMENT}/signature-1`, RELEASE],
    ['the path of mirror.openshift.com', `/pub/openshift-v4${OFFICIAL}`, RELEASE],
    ['the path of storage.googleapis.com', `/openshift-release/official${OFFICIAL}`, RELEASE],
    ["the path of OKD's store", `/openshift-ci-release/releases${OFFICIAL}`, undefined],
    ['another file of mirror.openshift.com', '/pub/openshift-v4/clients/ocp/4.16.37/sha256sum.txt', undefined],
    ['an encoded equals sign', `/signatures/sha256%3D${HEX}/signature-1`, RELEASE],
    ['an encoded equals sign in lower case', `/signatures/sha256%3d${HEX}/signature-1`, RELEASE],
    ['sha512', `/signatures/sha512=${HEX + HEX}/signature-1`, `/signatures/sha512=${HEX + HEX}/signature-1`],
    ['sha384', `/signatures/sha384=${HEX_96}/signature-1`, `/signatures/sha384=${HEX_96}/signature-1`],
    ['a lookaside', lookaside('quay.io/a/b'), lookaside('quay.io/a/b')],
    [
      'a lookaside with an encoded at sign',
      `/lookaside/quay.io/a/b%40${SEGMENT}/signature-1`,
      lookaside('quay.io/a/b'),
    ],
    ['a lookaside with a port', lookaside('mirror.example.com:5000/a'), lookaside('mirror.example.com:5000/a')],
    ['a lookaside of localhost', lookaside('localhost/a'), lookaside('localhost/a')],
    ['a host that only its port makes one', lookaside('mirror:443/a'), lookaside('mirror:443/a')],
    [
      'the last lookaside signature',
      `/lookaside/quay.io/a@${SEGMENT}/signature-128`,
      `/lookaside/quay.io/a@${SEGMENT}/signature-128`,
    ],
    ['the root', '/', undefined],
    ['no path', '', undefined],
    ['the root of signatures', '/signatures/', undefined],
    ['signatures without a slash', '/signatures', undefined],
    ['the root of lookasides', '/lookaside/', undefined],
    ["the root of the update service's", '/api/upgrades_info/signatures/', undefined],
    ['the folder of a digest', `/signatures/${SEGMENT}/`, undefined],
    ['the folder of a digest, no slash', `/signatures/${SEGMENT}`, undefined],
    ['a trailing slash', `${RELEASE}/`, undefined],
    ['a query that is part of the path', `${RELEASE}?list-type=2`, undefined],
    ['signature 0', `/signatures/${SEGMENT}/signature-0`, undefined],
    ['signature 10 of a release', `/signatures/${SEGMENT}/signature-10`, undefined],
    ['signature 129 of a lookaside', `/lookaside/quay.io/a@${SEGMENT}/signature-129`, undefined],
    ['a leading zero', `/signatures/${SEGMENT}/signature-01`, undefined],
    ['upper-case hex', `/signatures/sha256=${HEX.toUpperCase()}/signature-1`, undefined],
    ['a short digest', `/signatures/sha256=${HEX.slice(1)}/signature-1`, undefined],
    ['another algorithm', `/signatures/md5=${HEX}/signature-1`, undefined],
    ['a colon', `/signatures/sha256:${HEX}/signature-1`, undefined],
    ['a twice encoded equals sign', `/signatures/sha256%253D${HEX}/signature-1`, undefined],
    ['an encoded slash', `/signatures/${SEGMENT}%2Fsignature-1`, undefined],
    ['dots', `/signatures/../records/by-id/${HEX}.json`, undefined],
    ['encoded dots', `/signatures/%2e%2e/signature-1`, undefined],
    ['records', `/records/by-id/${HEX}.json`, undefined],
    ['trust', '/trust/ocp/current', undefined],
    ['two slashes', `//signatures/${SEGMENT}/signature-1`, undefined],
    ['a line break at the end', `${RELEASE}\n`, undefined],
    ['a lookaside without repository', `/lookaside/@${SEGMENT}/signature-1`, undefined],
    ['a lookaside without host', lookaside('a/b'), undefined],
    ['a host in upper case', lookaside('Quay.io/a'), undefined],
    ['the default port', lookaside('quay.io:443/a'), undefined],
    ['a port with a leading zero', lookaside('quay.io:05000/a'), undefined],
    ['a port with a leading zero behind an address', lookaside('[::1]:05000/a'), undefined],
    ['an address with a leading zero', lookaside('[::01]/a'), lookaside('[::01]/a')],
    ["Docker Hub's other name", lookaside('index.docker.io/library/a'), undefined],
    ["Docker Hub's short name", lookaside('docker.io/a'), undefined],
    ['a tag', lookaside('quay.io/a:1'), undefined],
    ['an empty component', lookaside('quay.io//a'), undefined],
    ['two at signs', `/lookaside/quay.io/a@b@${SEGMENT}/signature-1`, undefined],
    ['a repository that is too long', lookaside(`quay.io/${'a'.repeat(256)}`), undefined],
    [
      'a repository that is just short enough',
      lookaside(`quay.io/${'a'.repeat(247)}`),
      lookaside(`quay.io/${'a'.repeat(247)}`),
    ],
  ])('%s', (_, uri, expected) => {
    expect(routePath(uri)).toBe(expected);
    expect(toPath(parseSignaturePath(uri))).toBe(expected);
  });

  test('says the same of any path as the function that serves signatures', () => {
    fc.assert(
      fc.property(arbitraryPath, (uri) => {
        expect(routePath(uri)).toBe(toPath(parseSignaturePath(uri)));
      }),
      { numRuns: 5000 },
    );
  });

  test('is asked in that way for what is there as well', () => {
    const served = fc.sample(arbitraryPath, 1000).filter((uri) => routePath(uri) !== undefined);
    expect(served.length).toBeGreaterThan(100);
  });

  test('answers a miss by itself, for a minute', () => {
    expect(route({ request: { method: 'GET', uri: '/', querystring: {} } })).toEqual({
      statusCode: 404,
      statusDescription: 'Not Found',
      headers: {
        'content-type': { value: 'text/plain; charset=utf-8' },
        'cache-control': { value: 'public, max-age=60' },
      },
      body: { encoding: 'text', data: 'no such signature\n' },
    });
  });

  test('is within the size that CloudFront takes, and holds nothing that it does not run', () => {
    for (const source of Object.values(sources)) {
      expect(Buffer.byteLength(source)).toBeLessThanOrEqual(10 * 1024);
      expect(source).not.toMatch(
        /\?\.|\?\?|\brequire\b|\bimport\b|\bclass\b|\bof\b [A-Z]|\bconst \{|\bconst \[|\.\.\./,
      );
      // The packager would take it for one of its variables.
      expect(source).not.toContain('${');
    }
  });
});

describe('the function that marks an answer', () => {
  test('leaves a miss as it is', () => {
    const response = { statusCode: 404, headers: {} };
    expect(mark({ request: {}, response })).toEqual(response);
  });

  test('lets clients keep a signature for five minutes', () => {
    const response = { statusCode: 200, headers: { etag: { value: '"1"' } } };
    expect(mark({ request: {}, response })).toEqual({
      statusCode: 200,
      headers: { etag: { value: '"1"' }, 'cache-control': { value: 'public, max-age=300' } },
    });
  });
});

function toPath(key: string | undefined): string | undefined {
  return key === undefined ? undefined : `/${key}`;
}

/** One of the first list, and every few times one of the second. */
function mostly(good: readonly string[], bad: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...good) },
    { weight: 1, arbitrary: fc.constantFrom(...bad) },
  );
}

const toDigits = (length: number): string => '0'.repeat(length);
const arbitrarySegment = fc
  .tuple(
    mostly(['sha256 64', 'sha384 96', 'sha512 128'], ['sha256 63', 'sha512 64', 'md5 32', 'SHA256 64']),
    mostly(['=', '%3D', '%3d'], [':', '%253D', '']),
  )
  .map(([kind, sign]) => kind.replace(/ \d+$/, (length) => sign + toDigits(Number(length))));
const arbitraryRepository = fc
  .tuple(
    mostly(['quay.io', 'localhost', 'a', '[::1]'], ['docker.io', 'index.docker.io', '[::01]', 'QUAY.io', 'a.b-', '']),
    mostly(['', ':5000', ':443'], [':0443', ':00', ':99999', ':123456', ':']),
    mostly(['/a', '/a/b', '/library/a', '/a__b', '/a--b'], ['/a___b', '/-a', '/A', '', '/', '/a/', '/a:1', '//a']),
    mostly(['@', '%40'], ['', '@b@']),
  )
  .map((parts) => parts.join(''));

/** Paths that are those of signatures, or nearly. */
const arbitraryPath = fc
  .tuple(
    fc.oneof(
      mostly(RELEASE_PREFIXES, ['/signatures', '/', '', '//signatures/', '/pub/openshift-v4/signatures/']),
      fc
        .tuple(mostly(['/lookaside/'], ['/lookaside', '/signatures/']), arbitraryRepository)
        .map((parts) => parts.join('')),
    ),
    arbitrarySegment,
    mostly(['/signature-'], ['/signature', '%2fsignature-', '/']),
    mostly(['1', '2', '9', '10', '128', '129'], ['0', '01', '1/', '', '1e0']),
  )
  .map((parts) => parts.join(''))
  .chain((path) =>
    // One character of it replaced by another, or none.
    fc
      .tuple(fc.nat({ max: path.length }), mostly([''], ['/', '.', '@', '=', '%', 'A', '\n', ' ', '?', ':']))
      .map(([at, other]) => (other === '' ? path : path.slice(0, at) + other + path.slice(at + 1))),
  );
