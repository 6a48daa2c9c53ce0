import { describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../../lib/base/errors/configuration-error.ts';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import { parseReference } from '../../../lib/base/names/reference.ts';
import { readRegistriesD } from '../../../lib/trust/registries-d/read-registries-d.ts';
import { findLookaside, usesSigstoreAttachments } from '../../../lib/trust/registries-d/registries-d.ts';

const DIGEST = parseDigest(`sha256:${'a1'.repeat(32)}`);

/** One section for each namespace, whose lookaside is at `https://l.test/<number>`. */
function configure(namespaces: readonly string[], more: object = {}) {
  const docker = Object.fromEntries(namespaces.map((key, index) => [key, { lookaside: `https://l.test/${index}` }]));
  return readRegistriesD([{ document: 'a.yaml', content: { docker, ...more } }]);
}

describe('the most specific section counts', () => {
  const namespaces = [
    'a.test',
    'a.test/ns',
    'a.test/ns/repo',
    'a.test/ns/repo:v1',
    `a.test/ns/repo@${DIGEST}`,
    'a.test:5000',
    '*.test',
    '*.b.test',
    'c.b.test:5000',
    'docker.io/library/busybox:latest',
  ];
  const rows: readonly { reference: string; expected: string }[] = [
    { reference: 'a.test/ns/repo:v1', expected: 'https://l.test/3/ns/repo' },
    { reference: `a.test/ns/repo@${DIGEST}`, expected: 'https://l.test/4/ns/repo' },
    { reference: `a.test/ns/repo:v1@${DIGEST}`, expected: 'https://l.test/4/ns/repo' },
    { reference: 'a.test/ns/repo:v2', expected: 'https://l.test/2/ns/repo' },
    { reference: 'a.test/ns/repo', expected: 'https://l.test/2/ns/repo' },
    { reference: 'a.test/ns/repository', expected: 'https://l.test/1/ns/repository' },
    { reference: 'a.test/nsx/repo', expected: 'https://l.test/0/nsx/repo' },
    { reference: 'A.test:443/x', expected: 'https://l.test/0/x' },
    { reference: 'a.test:5000/ns/repo', expected: 'https://l.test/5/ns/repo' },
    { reference: 'a.test:5001/ns/repo', expected: 'https://l.test/6/ns/repo' },
    { reference: 'b.test/x', expected: 'https://l.test/6/x' },
    { reference: 'x.b.test:80/x', expected: 'https://l.test/7/x' },
    { reference: 'c.b.test:5000/x', expected: 'https://l.test/8/x' },
    { reference: 'evil-b.test/x', expected: 'https://l.test/6/x' },
    { reference: 'busybox', expected: 'https://l.test/9/library/busybox' },
    { reference: 'busybox:musl', expected: 'file:///var/lib/containers/sigstore/library/busybox' },
    { reference: 'a.test.example/x', expected: 'file:///var/lib/containers/sigstore/x' },
  ];
  test.each(rows)('$reference: $expected', ({ reference, expected }) => {
    expect(findLookaside(configure(namespaces), parseReference(reference)).base).toBe(expected);
  });

  test('and tells where it is configured', () => {
    const registriesD = configure(['a.test'], { 'default-docker': { 'lookaside-staging': 'file:///w' } });
    expect(findLookaside(registriesD, parseReference('a.test/x'))).toEqual({
      base: 'https://l.test/0/x',
      root: 'https://l.test/0',
      place: 'a.yaml: docker.a.test',
    });
    expect(findLookaside(registriesD, parseReference('b.test/x')).place).toBeUndefined();
    expect(findLookaside(registriesD, parseReference('b.test/x'), 'write').base).toBe('file:///w/x');
  });
});

describe('the address', () => {
  const baseOf = (lookaside: string): string => {
    const registriesD = readRegistriesD([{ document: 'a.yaml', content: { 'default-docker': { lookaside } } }]);
    return findLookaside(registriesD, parseReference('a.test/b')).base;
  };

  test.each([
    { lookaside: 'https://l.test', expected: 'https://l.test/b' },
    { lookaside: 'https://l.test/', expected: 'https://l.test//b' },
    { lookaside: 'https://l.test/x?a=/b#c', expected: 'https://l.test/x/b?a=/b#c' },
    { lookaside: 'x/y:z', expected: 'x/y:z/b' },
  ])('$lookaside: $expected', ({ lookaside, expected }) => {
    expect(baseOf(lookaside)).toBe(expected);
  });

  test.each([
    ':x',
    'https://',
    'https://[::1',
    'https://u:secret@h:99999',
    '1a:b',
    'file://u:secret@h/',
    'https://a b',
    'https://a\n',
  ])('%j: DocumentInvalid, with its place and nothing of it', (lookaside) => {
    expect(() => baseOf(lookaside)).toThrow(ConfigurationError);
    expect(() => baseOf(lookaside)).toThrow(/^a\.yaml: default-docker: its lookaside is not a URL$/);
  });
});

describe('attachments', () => {
  const registriesD = readRegistriesD([
    {
      document: 'a.yaml',
      content: {
        'default-docker': { 'use-sigstore-attachments': true },
        docker: { 'a.test': { 'use-sigstore-attachments': false }, 'a.test/b': { lookaside: 'https://l.test' } },
      },
    },
  ]);
  test.each([
    { reference: 'c.test/x', expected: true },
    { reference: 'a.test/b', expected: false },
  ])('$reference: $expected', ({ reference, expected }) => {
    expect(usesSigstoreAttachments(registriesD, parseReference(reference))).toBe(expected);
  });

  test('are not used unless a section says so', () => {
    expect(usesSigstoreAttachments(readRegistriesD([]), parseReference('a.test/b'))).toBe(false);
  });
});
