import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../../lib/base/errors/input-error.ts';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import { coversRepository, parseScope } from '../../../lib/base/names/scope.ts';
import type { ConfiguredImagePolicy } from '../../../lib/trust/prepared/prepared-trust.ts';

function policyFor(coverage: ConfiguredImagePolicy['coverage']): ConfiguredImagePolicy {
  return { kind: 'ClusterImagePolicy', name: 'p', document: 'p.yaml', coverage, content: {} };
}

function covers(scopes: readonly string[], repository: string): boolean {
  return coversRepository(policyFor({ kind: 'scopes', scopes }), parseRepository(repository));
}

function outcomeOf(text: string): 'another error' | 'refused' | 'scope' {
  try {
    parseScope(text);
    return 'scope';
  } catch (error) {
    return error instanceof InputError ? 'refused' : 'another error';
  }
}

const DIGEST = `sha256:${'0'.repeat(64)}`;

describe('scopes', () => {
  test.each([
    ['the repository', 'quay.io/a/b', 'quay.io/a/b', true],
    ['with a tag', 'quay.io/a/b:c', 'quay.io/a/b', true],
    ['with a digest', `quay.io/a/b@${DIGEST}`, 'quay.io/a/b', true],
    ['another spelling of the host', 'QUAY.io:443/a/b', 'quay.io/a/b', true],
    ['a repository below', 'quay.io/a/b', 'quay.io/a/b/c', true],
    ['a namespace', 'quay.io/a', 'quay.io/a/b', true],
    ['a host', 'quay.io', 'quay.io/a/b', true],
    ['a host with a port', 'r.example:5000', 'r.example:5000/a', true],
    ['a longer name', 'quay.io/a/b', 'quay.io/a/bc', false],
    ['a longer namespace', 'quay.io/a', 'quay.io/ab/c', false],
    ['a shorter name', 'quay.io/a/b', 'quay.io/a', false],
    ['a host that goes on', 'quay.io', 'quay.io.example/a', false],
    ['a host that begins earlier', 'quay.io', 'evilquay.io/a', false],
    ['a host below without a wildcard', 'example.com', 'a.example.com/b', false],
    ['the host without the port', 'r.example', 'r.example:5000/a', false],
    ['another port', 'r.example:5000', 'r.example:5001/a', false],
    ['a wildcard', '*.example.com', 'a.example.com/b', true],
    ['a wildcard, two labels', '*.example.com', 'a.b.example.com/c', true],
    ['a wildcard in another case', '*.EXAMPLE.com', 'a.example.com/b', true],
    ['a wildcard and its own domain', '*.example.com', 'example.com/b', false],
    ['a wildcard, and a registry with a port', '*.example.com', 'reg.example.com:5000/c', true],
    ['a wildcard with a port', '*.example.com:5000', 'reg.example.com:5000/c', true],
    ['a wildcard with another port', '*.example.com:5001', 'reg.example.com:5000/c', false],
    ['a wildcard within a label', '*.example.com', 'evilexample.com/b', false],
    ['a wildcard and a path', '*.example.com', 'quay.io/a.example.com', false],
    ['a wildcard on a top-level domain', '*.com', 'example.com/b', true],
    ['Docker Hub, written out', 'docker.io/library/busybox', 'busybox', true],
    ['Docker Hub, a namespace', 'docker.io/library', 'busybox', true],
    ['a scope that cannot be read', 'not a scope', 'quay.io/a/b', true],
  ])('%s', (_name, scope, repository, expected) => {
    expect(covers([scope], repository)).toBe(expected);
    expect(covers(['other.example/x', scope], repository)).toBe(expected);
  });

  test('no scopes cover nothing', () => {
    expect(covers([], 'quay.io/a/b')).toBe(false);
  });

  test('everything', () => {
    expect(coversRepository(policyFor({ kind: 'everything' }), parseRepository('quay.io/a/b'))).toBe(true);
  });
});

describe('what is not a scope', () => {
  test.each([
    ['nothing', ''],
    ['a star', '*'],
    ['a star in front of a label', '*a.example'],
    ['a star within', 'a.*.example'],
    ['two stars', '*.*.example'],
    ['a wildcard with a path', '*.example.com/a'],
    ['a wildcard for nothing', '*.'],
    ['a star in a path', 'quay.io/a/*'],
    ['a final slash', 'quay.io/a/'],
    ['a host and a slash', 'quay.io/'],
    ['a path without a host', 'library/busybox'],
    ['a name without a host', 'busybox'],
    ['upper case in a path', 'quay.io/A'],
    ['a scheme', 'https://quay.io/a'],
    ['a bad digest', 'quay.io/a@sha256:1'],
    ['a space', 'quay.io /a'],
  ])('%s', (_name, text) => {
    expect(() => parseScope(text)).toThrow(InputError);
  });
});

describe('properties', () => {
  const label = fc.stringMatching(/^[a-z0-9]{1,8}$/);
  const path = fc.array(label, { minLength: 1, maxLength: 4 });

  test('a repository is covered by itself and by each of its parents, never by its sibling', () => {
    fc.assert(
      fc.property(label, path, (name, parts) => {
        const pieces = [`${name}.example`, 'ns', ...parts];
        const repository = pieces.join('/');
        const parents = pieces.map((_, index) => pieces.slice(0, index + 1).join('/'));
        expect(parents.map((parent) => covers([parent], repository))).toEqual(parents.map(() => true));
        expect(parents.slice(1).map((parent) => covers([`${parent}x`], repository))).not.toContain(true);
      }),
    );
  });

  test('only an InputError is ever thrown', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(outcomeOf(text)).not.toBe('another error');
      }),
    );
  });
});
