import { describe, expect, test } from 'vitest';
import type { JsonValue } from '../../../../lib/base/documents/json-value.ts';
import { parseBundleId } from '../../../../lib/bundle/service/bundle-state.ts';
import {
  compareCursors,
  MAX_DIGESTS,
  MAX_MINORS,
  parseConfigMapCursor,
  parseConfigMapsRequest,
} from '../../../../lib/bundle/service/config-maps/parse-config-maps-request.ts';
import { parseBundleRequest } from '../../../../lib/bundle/service/request-bundle.ts';

const ID = '0123456789abcdef'.repeat(2);
const DIGEST = `sha256:${'a'.repeat(64)}`;

describe('a request for ConfigMaps', () => {
  test('takes what it says', () => {
    const body = { profile: 'ocp', digests: [DIGEST], minors: ['4.16'], after: 'signet-release-signatures-4-16-3' };
    const after = { minor: '4.16', number: 3 };
    expect(parseConfigMapsRequest(body)).toEqual({ ...body, after });
  });

  test.each<[name: string, body: JsonValue, code: string]>([
    ['a text', 'x', 'BodyInvalid'],
    ['null', null, 'BodyInvalid'],
    ['a member of another route', { since: ID }, 'BodyInvalid'],
    ['__proto__', JSON.parse('{"__proto__": {}}') as JsonValue, 'BodyInvalid'],
    ['digests as a text', { digests: DIGEST }, 'BodyInvalid'],
    ['no digest at all', { digests: [] }, 'BodyInvalid'],
    ['no minor at all', { minors: [] }, 'BodyInvalid'],
    ['a number among digests', { digests: [1] }, 'BodyInvalid'],
    ['a digest in capitals', { digests: [DIGEST.toUpperCase()] }, 'DigestInvalid'],
    ['a digest that is a path', { digests: ['sha256:../../x'] }, 'DigestInvalid'],
    ['a digest too many', { digests: Array<string>(MAX_DIGESTS + 1).fill(DIGEST) }, 'BodyInvalid'],
    ['a minor too many', { minors: Array<string>(MAX_MINORS + 1).fill('4.1') }, 'BodyInvalid'],
    ['a version that is no minor', { minors: ['4.16.1'] }, 'ArgumentInvalid'],
    ['a minor with a zero before it', { minors: ['4.016'] }, 'ArgumentInvalid'],
    ['a cursor that is a number', { after: 1 }, 'BodyInvalid'],
    ['a cursor of nobody', { after: 'x' }, 'ArgumentInvalid'],
    ['a cursor without a number', { after: 'signet-release-signatures-4-16-' }, 'ArgumentInvalid'],
    ['a cursor with more behind it', { after: 'signet-release-signatures-4-16-1\n' }, 'ArgumentInvalid'],
    [
      'a cursor beyond what numbers hold',
      { after: `signet-release-signatures-4-16-${'9'.repeat(16)}` },
      'ArgumentInvalid',
    ],
  ])('%s is refused', (_, body, code) => {
    expect(() => parseConfigMapsRequest(body)).toThrow(expect.objectContaining({ name: 'InputError', code }));
  });

  test('as many as are taken are taken', () => {
    const digests = Array<string>(MAX_DIGESTS).fill(DIGEST);
    expect(parseConfigMapsRequest({ digests }).digests).toHaveLength(MAX_DIGESTS);
  });

  test('cursors stand in the order of what is rendered', () => {
    const names = ['4-9-1', '4-9-2', '4-9-10', '4-16-1', '5-0-1', 'unversioned-1', 'unversioned-2'];
    const cursors = names.map((name) => parseConfigMapCursor(`signet-release-signatures-${name}`));
    expect(cursors.toReversed().toSorted(compareCursors)).toEqual(cursors);
  });
});

describe('a request for a bundle', () => {
  test('takes what it says', () => {
    expect(parseBundleRequest({})).toEqual({ profile: undefined, since: undefined });
    expect(parseBundleRequest({ profile: 'okd', since: ID })).toEqual({ profile: 'okd', since: ID });
  });

  test.each<[name: string, body: JsonValue]>([
    ['a list', []],
    ['a member too many', { id: ID }],
    ['a profile that is a list', { profile: ['ocp'] }],
    ['since as a number', { since: 1 }],
    ['since as null', { since: null }],
    ['since as a path', { since: '../trust/ocp/current' }],
    ['since with a line feed', { since: `${ID}\n` }],
    ['since in capitals', { since: ID.toUpperCase() }],
    ['since too long', { since: `${ID}0` }],
  ])('%s is refused', (_, body) => {
    expect(() => parseBundleRequest(body)).toThrow(expect.objectContaining({ code: 'BodyInvalid' }));
  });
});

test.each([
  ['nothing', ''],
  ['dots', '..'],
  ['a path', '../trust/ocp/current'],
  ['an encoded path', '..%2ftrust%2focp'],
  ['a folder of the service’s own', 'asked'],
  ['a line feed', `${ID}\n`],
  ['a NUL', `${ID.slice(1)}\0`],
  ['capitals', ID.toUpperCase()],
  ['a digit too many', `${ID}0`],
])('an id that is %s is refused', (_, id) => {
  expect(() => parseBundleId(id)).toThrow(expect.objectContaining({ code: 'ArgumentInvalid' }));
});
