import { describe, expect, test } from 'vitest';
import { findForeignName, toAskedNames } from '../../local/asked-names.ts';

const LOOPBACK = toAskedNames('127.0.0.1', ['signet.example.com']);
const EVERYWHERE = toAskedNames('0.0.0.0', []);
const isAsked = (host: string | undefined, names = LOOPBACK): boolean =>
  findForeignName(host === undefined ? {} : { host }, names, false) === undefined;

describe('the name in Host', () => {
  test.each([
    'localhost',
    'localhost:8080',
    'LOCALHOST:1',
    '127.0.0.1:8080',
    '[::1]:8080',
    'signet.example.com',
    'Signet.Example.com:443',
  ])('%s is the service', (host) => {
    expect(isAsked(host)).toBe(true);
  });

  test.each([
    ['none', undefined],
    ['an empty one', ''],
    ['a name that somebody points at loopback', 'rebound.attacker.example'],
    ['the same with the port', 'rebound.attacker.example:8080'],
    ['a name that ends like one of ours', 'evil-signet.example.com'],
    ['a name that begins like one of ours', 'signet.example.com.attacker.example'],
    ['a name below one of ours', 'a.localhost'],
    ['an address that starts like loopback', '127.0.0.1.attacker.example'],
    ['another address', '192.0.2.1:8080'],
    ['one of ours as a user', 'localhost@attacker.example'],
    ['one of ours as a path', 'attacker.example/localhost'],
    ['one of ours behind a backslash', 'attacker.example\\localhost'],
    ['one of ours as a fragment', 'attacker.example#localhost'],
    ['two names', 'localhost, attacker.example'],
    ['a port that is none', 'localhost:x'],
  ])('%s is foreign', (_, host) => {
    expect(isAsked(host)).toBe(false);
  });

  test.each<[host: string, isOurs: boolean]>([
    ['192.0.2.1:8080', true],
    ['[2001:db8::1]:8080', true],
    ['localhost', true],
    ['signet.example.com', false],
    ['192.0.2.1.attacker.example', false],
  ])('on every address, %s is ours: %s', (host, isOurs) => {
    expect([isAsked(host, EVERYWHERE), isAsked(host, toAskedNames('::', []))]).toEqual([isOurs, isOurs]);
  });

  test('an address that is listened on is the only one', () => {
    const names = toAskedNames('192.0.2.7', []);
    expect(['192.0.2.7:8080', '192.0.2.8:8080', 'localhost'].map((host) => isAsked(host, names))).toEqual([
      true,
      false,
      false,
    ]);
  });
});

describe('the page in Origin', () => {
  const ask = (origin: string, isPublic = false): string | undefined =>
    findForeignName({ host: 'localhost:8080', origin }, LOOPBACK, isPublic);

  test.each(['http://localhost:8080', 'https://localhost:8080', 'HTTP://LOCALHOST:8080'])('%s is our own', (origin) => {
    expect(ask(origin)).toBeUndefined();
  });

  test.each([
    'null',
    '',
    'https://attacker.example',
    'http://localhost:3000',
    'http://localhost',
    'http://127.0.0.1:8080',
    'file://localhost:8080',
    'http://localhost:8080.attacker.example',
  ])('%j is foreign', (origin) => {
    expect(ask(origin)).toMatch(/^a page of /);
    expect(ask(origin, true)).toBeUndefined();
  });
});

describe('--public-name', () => {
  test.each(['', 'http://signet.example.com', 'signet.example.com:8080', 'signet.example.com/', 'a b', 'x@y'])(
    '%j is no host name',
    (name) => {
      expect(() => toAskedNames('127.0.0.1', [name])).toThrow(/--public-name takes a host name/);
    },
  );
});
