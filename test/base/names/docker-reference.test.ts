import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../../lib/base/errors/input-error.ts';
import {
  formatDockerReference,
  isNameOnly,
  parseDockerReference,
  withDefaultTag,
} from '../../../lib/base/names/docker-reference.ts';

const DIGEST = `sha256:${'0'.repeat(64)}`;

/** The reference in full, or the error's code. */
function outcomeOf(text: string): string {
  try {
    return formatDockerReference(parseDockerReference(text));
  } catch (error) {
    if (error instanceof InputError) return error.code;
    throw error;
  }
}

describe('references', () => {
  test.each([
    ['a short name', 'busybox', 'docker.io/library/busybox'],
    ['a short name with tag', 'busybox:1', 'docker.io/library/busybox:1'],
    ['a user name', 'me/busybox', 'docker.io/me/busybox'],
    ['Docker Hub’s older host', 'index.docker.io/busybox', 'docker.io/library/busybox'],
    ['localhost', 'localhost/a', 'localhost/a'],
    ['a name that looks like a port', 'localhost:5000', 'docker.io/library/localhost:5000'],
    ['a host in upper case stays', 'QUAY.io/a/b:T', 'QUAY.io/a/b:T'],
    ['Docker Hub in upper case is another host', 'Docker.io/busybox', 'Docker.io/busybox'],
    ['the default port stays', 'quay.io:443/a', 'quay.io:443/a'],
    ['tag and digest', `q.io/a:t@${DIGEST}`, `q.io/a:t@${DIGEST}`],
    ['sha512', `q.io/a@sha512:${'b'.repeat(128)}`, `q.io/a@sha512:${'b'.repeat(128)}`],
    ['a first part that is no host', 'a_b.c/d', 'a_b.c/d'],
    ['separators', 'q.io/a__b/c-d.e_f---g', 'q.io/a__b/c-d.e_f---g'],
    ['63 hex digits', 'a'.repeat(63), `docker.io/library/${'a'.repeat(63)}`],
    ['255 characters', `q.io/${'a'.repeat(250)}`, `q.io/${'a'.repeat(250)}`],
    ['a tag of 128', `q.io/a:${'t'.repeat(128)}`, `q.io/a:${'t'.repeat(128)}`],
    ['256 characters', `q.io/${'a'.repeat(251)}`, 'PullspecInvalid'],
    ['a tag of 129', `q.io/a:${'t'.repeat(129)}`, 'PullspecInvalid'],
    ['an image ID', 'a'.repeat(64), 'PullspecInvalid'],
    ['nothing', '', 'PullspecInvalid'],
    ['a host alone with slash', 'quay.io/', 'PullspecInvalid'],
    ['a slash in front', '/a', 'PullspecInvalid'],
    ['a user name in upper case', 'ME/busybox', 'PullspecInvalid'],
    ['upper case', 'q.io/A', 'PullspecInvalid'],
    ['an empty tag', 'q.io/a:', 'PullspecInvalid'],
    ['an empty digest', 'q.io/a@', 'PullspecInvalid'],
    ['a tag with a slash', 'q.io/a:b/c', 'PullspecInvalid'],
    ['a short digest', 'q.io/a@sha256:abc', 'PullspecInvalid'],
    ['a digest in upper case', `q.io/a@sha256:${'A'.repeat(64)}`, 'PullspecInvalid'],
    ['another algorithm', `q.io/a@sha1:${'a'.repeat(40)}`, 'PullspecInvalid'],
    ['two digests', `q.io/a@${DIGEST}@${DIGEST}`, 'PullspecInvalid'],
    ['a tag behind the digest', `q.io/a@${DIGEST}:t`, 'PullspecInvalid'],
    ['IPv6', '[::1]:5000/a', 'PullspecInvalid'],
    ['a scheme', 'https://q.io/a', 'PullspecInvalid'],
    ['a transport', 'docker://q.io/a', 'PullspecInvalid'],
    ['a port without digits', 'q.io:/a', 'PullspecInvalid'],
    ['a part that goes up', 'q.io/../a', 'PullspecInvalid'],
    ['three underscores', 'q.io/a___b', 'PullspecInvalid'],
    ['a final line end', 'q.io/a\n', 'PullspecInvalid'],
    ['a line end behind the host', 'q.io\n/a', 'PullspecInvalid'],
    ['a letter that looks like one', 'q.io/\u0430', 'PullspecInvalid'],
    ['half a surrogate pair', 'q.io/a\ud800', 'PullspecInvalid'],
    ['__proto__', '__proto__', 'PullspecInvalid'],
  ])('%s', (_name, text, expected) => {
    expect(outcomeOf(text)).toBe(expected);
  });

  test('the default tag is for a name alone', () => {
    expect(['a', 'a:t', `a@${DIGEST}`].map((text) => withDefaultTag(parseDockerReference(text)))).toEqual(
      ['a:latest', 'a:t', `a@${DIGEST}`].map(parseDockerReference),
    );
    expect(isNameOnly(parseDockerReference('a'))).toBe(true);
  });

  test('what comes out comes out again, and a text of any length is read in time', () => {
    const text = fc.stringMatching(/^[a-zA-Z0-9.:/@_-]{0,40}$/);
    fc.assert(
      fc.property(fc.oneof(text, fc.string({ unit: 'binary' })), (reference) => {
        const once = outcomeOf(reference);
        expect(once === 'PullspecInvalid' ? once : outcomeOf(once)).toBe(once);
      }),
      { numRuns: 1000 },
    );
    expect(outcomeOf(`${'a-'.repeat(200_000)}!`)).toBe('PullspecInvalid');
    expect(outcomeOf(`${'a.'.repeat(200_000)}/a`)).toBe('PullspecInvalid');
  });
});
