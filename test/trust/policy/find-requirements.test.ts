import { describe, expect, test } from 'vitest';
import { InputError } from '../../../lib/base/errors/input-error.ts';
import { parseDockerReference } from '../../../lib/base/names/docker-reference.ts';
import { findRequirements, listScopes, type PolicyImage } from '../../../lib/trust/policy/image-policy.ts';
import { parsePolicyContent } from '../../../lib/trust/policy/parse-policy-json.ts';

const DIGEST = `sha256:${'0'.repeat(64)}`;

/** A policy whose scopes accept anything, each on its own. */
function policyWith(transports: Readonly<Record<string, readonly string[]>>) {
  const accept = [{ type: 'insecureAcceptAnything' }];
  return parsePolicyContent({
    default: [{ type: 'reject' }],
    transports: Object.fromEntries(
      Object.entries(transports).map(([name, scopes]) => [
        name,
        Object.fromEntries(scopes.map((scope) => [scope, accept])),
      ]),
    ),
  });
}

const docker = (text: string): PolicyImage => ({ transport: 'docker', reference: parseDockerReference(text) });

function scopeOf(scopes: readonly string[], image: PolicyImage): string {
  const { scope, requirements } = findRequirements(policyWith({ [image.transport]: scopes }), image);
  expect(requirements).toEqual([{ type: scope === 'default' ? 'reject' : 'insecureAcceptAnything' }]);
  return scope === 'default' ? 'default' : `${scope.transport}:${scope.scope}`;
}

describe('the most specific scope counts', () => {
  const all = [
    '',
    '*.com',
    '*.example.com',
    'r.example.com',
    'r.example.com/a',
    'r.example.com/a/b',
    'r.example.com/a/b:t',
  ];
  test.each([
    ['the tag', all, 'r.example.com/a/b:t', 'docker:r.example.com/a/b:t'],
    ['another tag', all, 'r.example.com/a/b:u', 'docker:r.example.com/a/b'],
    ['a digest', all, `r.example.com/a/b@${DIGEST}`, 'docker:r.example.com/a/b'],
    ['its own digest', [`a.b/c@${DIGEST}`], `a.b/c@${DIGEST}`, `docker:a.b/c@${DIGEST}`],
    ['a sibling', all, 'r.example.com/a/c:t', 'docker:r.example.com/a'],
    ['a longer name', all, 'r.example.com/ab/c:t', 'docker:r.example.com'],
    ['another host', all, 's.example.com/a/b:t', 'docker:*.example.com'],
    ['two labels more', all, 's.t.example.com/a/b:t', 'docker:*.example.com'],
    ['the domain itself', all, 'example.com/a:t', 'docker:*.com'],
    ['a host that ends alike', all, 'notexample.com/a:t', 'docker:*.com'],
    ['another top-level domain', all, 'example.org/a:t', 'docker:'],
    ['another port', all, 'r.example.com:5000/a/b:t', 'docker:*.example.com'],
    ['the port', ['r.example.com:5000', '*.example.com'], 'r.example.com:5000/a:t', 'docker:r.example.com:5000'],
    ['no transport default', ['quay.io'], 'example.org/a:t', 'default'],
    ['Docker Hub in full', ['docker.io/library'], 'busybox:1', 'docker:docker.io/library'],
    ['Docker Hub, short', ['busybox', 'library/busybox'], 'busybox:1', 'default'],
    ['a host in upper case', ['quay.io'], 'QUAY.io/a:t', 'default'],
    ['a path in upper case', ['quay.io/A'], 'quay.io/a:t', 'default'],
    ['a scope from a prototype', ['x'], 'constructor:t', 'default'],
    ['__proto__', ['__proto__'], 'a.b/c:t', 'default'],
  ])('%s', (_name, scopes, image, expected) => {
    expect(scopeOf(scopes, docker(image))).toBe(expected);
  });
});

describe('paths', () => {
  const scopes = ['', '/srv', '/srv/images/a'];
  test.each([
    ['the directory', '/srv/images/a', '/srv/images/a'],
    ['one below', '/srv/images/a/b', '/srv/images/a'],
    ['a sibling', '/srv/images/ab', '/srv'],
    ['a parent', '/srv/images', '/srv'],
    ['elsewhere', '/var/images', ''],
    ['a longer name', '/srvs/a', ''],
    ['the root', '/', ''],
  ])('%s', (_name, path, expected) => {
    for (const transport of ['dir', 'oci', 'oci-archive'] as const) {
      expect(scopeOf(scopes, { transport, path })).toBe(`${transport}:${expected}`);
    }
  });

  test('a transport does not look at another one’s scopes', () => {
    const policy = policyWith({ oci: ['/srv', ''], docker: [''] });
    expect(findRequirements(policy, { transport: 'dir', path: '/srv/a' }).scope).toBe('default');
  });
});

describe('what no scope can be told of', () => {
  test.each<[string, PolicyImage, string]>([
    ['neither tag nor digest', docker('quay.io/a'), 'PullspecInvalid'],
    ['tag and digest', docker(`quay.io/a:t@${DIGEST}`), 'PullspecInvalid'],
    ['a relative path', { transport: 'dir', path: 'srv/images' }, 'ArgumentInvalid'],
    ['no path', { transport: 'oci', path: '' }, 'ArgumentInvalid'],
    ['a path that goes up', { transport: 'dir', path: '/srv/../etc' }, 'ArgumentInvalid'],
    ['a final slash', { transport: 'dir', path: '/srv/' }, 'ArgumentInvalid'],
    ['two slashes', { transport: 'dir', path: '//srv' }, 'ArgumentInvalid'],
  ])('%s', (_name, image, code) => {
    const caught = [() => listScopes(image), () => findRequirements(policyWith({}), image)].map((ask) => {
      try {
        return ask();
      } catch (error) {
        return error instanceof InputError ? error.code : error;
      }
    });
    expect(caught).toEqual([code, code]);
  });
});

test('the scopes of a reference, in order', () => {
  expect(listScopes(docker('r.example.com:8443/a/b:t'))).toEqual([
    'r.example.com:8443/a/b:t',
    'r.example.com:8443/a/b',
    'r.example.com:8443/a',
    'r.example.com:8443',
    '*.example.com',
    '*.com',
  ]);
});
