import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test, vi } from 'vitest';
import {
  isAuthorizationAccepted,
  isGithubSignatureValid,
  isTokenAccepted,
} from '../../../lib/platform/secrets/accepted-secrets.ts';

const compared = vi.hoisted(() => [] as [number, number][]);
vi.mock('node:crypto', async (load) => {
  const real = await load<typeof import('node:crypto')>();
  return {
    ...real,
    timingSafeEqual: (one: Uint8Array, other: Uint8Array): boolean => {
      compared.push([one.length, other.length]);
      return real.timingSafeEqual(one, other);
    },
  };
});

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('isTokenAccepted', () => {
  test.each<[string, string | undefined, readonly string[], boolean]>([
    ['the only one', 'secret', [hash('secret')], true],
    ['the last of several', 'secret', [hash('a'), hash('b'), hash('secret')], true],
    ['the first of several', 'secret', [hash('secret'), hash('b')], true],
    ['another', 'secreT', [hash('secret')], false],
    ['a prefix', 'secre', [hash('secret')], false],
    ['a longer one', 'secret ', [hash('secret')], false],
    ['none configured', 'secret', [], false],
    ['none given', undefined, [hash('secret')], false],
    ['an empty one, whose hash is configured', '', [hash('')], false],
    ['beyond ASCII', 'gehéim🔑', [hash('gehéim🔑')], true],
    ['composed otherwise', 'gehe\u0301im', [hash('geh\u00e9im')], false],
    ['the hash itself', hash('secret'), [hash('secret')], false],
    ['a configured hash in capitals', 'secret', [hash('secret').toUpperCase()], false],
    ['a configured hash that is too short', 'secret', [hash('secret').slice(2), 'xyz', ''], false],
    ['a broken one beside a good one', 'secret', ['xyz', hash('secret')], true],
    ['a megabyte', 'x'.repeat(1_000_000), [hash('secret')], false],
  ])('%s', (_, given, accepted, expected) => {
    expect(isTokenAccepted(given, accepted)).toBe(expected);
  });

  test.each([
    ['the first matches', 'a'],
    ['none matches', 'no'],
  ])('every hash is compared, at equal length: %s', (_, given) => {
    compared.length = 0;
    isTokenAccepted(given, [hash('a'), hash('b'), hash('c')]);
    expect(compared).toEqual([
      [32, 32],
      [32, 32],
      [32, 32],
    ]);
  });
});

describe('isAuthorizationAccepted: the header as it is', () => {
  test.each<[string, string | undefined, boolean]>([
    ['verbatim', 'Bearer abc', true],
    ['another scheme', 'Basic abc', false],
    ['another case', 'bearer abc', false],
    ['white space', ' Bearer abc', false],
    ['the token alone', 'abc', false],
    ['none', undefined, false],
    ['empty', '', false],
  ])('%s', (_, header, expected) => {
    expect(isAuthorizationAccepted(header, [hash('Bearer abc')])).toBe(expected);
  });
});

describe('isGithubSignatureValid', () => {
  const body = Buffer.from('Hello, World!');
  const secret = "It's a Secret to Everybody";
  // From GitHub's documentation of the header.
  const hex = '757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
  const sign = (key: string): string => `sha256=${createHmac('sha256', key).update(body).digest('hex')}`;

  test.each<[string, Uint8Array, string | undefined, readonly string[], boolean]>([
    ['GitHub’s own vector', body, `sha256=${hex}`, [secret], true],
    ['the old secret beside the new one', body, sign('old'), ['new', 'old'], true],
    ['another secret', body, sign('other'), [secret], false],
    ['another body', Buffer.from('Hello, World?'), `sha256=${hex}`, [secret], false],
    ['no secret', body, `sha256=${hex}`, [], false],
    ['an empty secret, which everybody knows', body, sign(''), [''], false],
    ['an empty secret beside a good one', body, sign(''), ['', secret], false],
    ['no header', body, undefined, [secret], false],
    ['an empty header', body, '', [secret], false],
    ['the hex alone', body, hex, [secret], false],
    ['capitals', body, `sha256=${hex.toUpperCase()}`, [secret], false],
    ['another algorithm', body, `sha1=${hex.slice(0, 40)}`, [secret], false],
    ['too short', body, `sha256=${hex.slice(2)}`, [secret], false],
    ['too long', body, `sha256=${hex}00`, [secret], false],
    ['a line feed at the end', body, `sha256=${hex}\n`, [secret], false],
    ['two of them', body, `sha256=${hex}, sha256=${hex}`, [secret], false],
    ['no bytes', new Uint8Array(), `sha256=${createHmac('sha256', secret).digest('hex')}`, [secret], true],
  ])('%s', (_, bytes, header, secrets, expected) => {
    expect(isGithubSignatureValid(bytes, header, secrets)).toBe(expected);
  });

  test('every secret is tried, over raw HMACs of equal length', () => {
    compared.length = 0;
    isGithubSignatureValid(body, sign('a'), ['a', 'b']);
    expect(compared).toEqual([
      [32, 32],
      [32, 32],
    ]);
  });
});
