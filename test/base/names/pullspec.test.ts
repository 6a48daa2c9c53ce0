import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../../lib/base/errors/input-error.ts';
import {
  MAX_PULLSPEC_LENGTH,
  parsePullspec,
  parseRepository,
  repositoryHost,
  repositoryPath,
  toCanonicalPullspec,
} from '../../../lib/base/names/reference.ts';

const HEX = 'a'.repeat(64);

function codeOf(parse: () => unknown): string {
  try {
    parse();
    return 'none';
  } catch (error) {
    if (error instanceof InputError) return error.code;
    throw error;
  }
}

describe('parsePullspec accepts', () => {
  test.each([
    ['tag and digest', `quay.io/a/b:4.1@sha256:${HEX}`, `quay.io/a/b@sha256:${HEX}`],
    ['upper-case host', `QUAY.IO/a/b@sha256:${HEX}`, `quay.io/a/b@sha256:${HEX}`],
    ['the default port', `quay.io:443/a/b@sha256:${HEX}`, `quay.io/a/b@sha256:${HEX}`],
    ['another port', `quay.io:5000/a/b@sha256:${HEX}`, `quay.io:5000/a/b@sha256:${HEX}`],
    ['localhost', `localhost/a@sha256:${HEX}`, `localhost/a@sha256:${HEX}`],
    ['a host without a dot at the default port', `a:443/b@sha256:${HEX}`, `a:443/b@sha256:${HEX}`],
    ['a port with zeros', `quay.io:00443/a@sha256:${HEX}`, `quay.io/a@sha256:${HEX}`],
    ['LOCALHOST', `LOCALHOST/a@sha256:${HEX}`, `localhost/a@sha256:${HEX}`],
    ['an IPv6 host', `[::1]:5000/a@sha256:${HEX}`, `[::1]:5000/a@sha256:${HEX}`],
    ['a Docker Hub short name', `busybox@sha256:${HEX}`, `docker.io/library/busybox@sha256:${HEX}`],
    ['a Docker Hub user name', `me/busybox@sha256:${HEX}`, `docker.io/me/busybox@sha256:${HEX}`],
    ['Docker Hub written out', `index.docker.io/busybox@sha256:${HEX}`, `docker.io/library/busybox@sha256:${HEX}`],
    ['sha512', `q.io/a@sha512:${'b'.repeat(128)}`, `q.io/a@sha512:${'b'.repeat(128)}`],
    ['sha384', `q.io/a@sha384:${'b'.repeat(96)}`, `q.io/a@sha384:${'b'.repeat(96)}`],
    ['separators', `q.io/a__b/c-d.e_f---g@sha256:${HEX}`, `q.io/a__b/c-d.e_f---g@sha256:${HEX}`],
    ['a tag alone', 'quay.io/a/b:latest', undefined],
    ['neither tag nor digest', 'quay.io/a/b', undefined],
  ])('%s', (_, text, canonical) => {
    expect(toCanonicalPullspec(parsePullspec(text))).toBe(canonical);
  });
});

describe('parsePullspec refuses', () => {
  test.each([
    ['nothing', '', 'PullspecInvalid'],
    ['a digest alone', `@sha256:${HEX}`, 'PullspecInvalid'],
    ['upper case in the repository', `quay.io/A/b@sha256:${HEX}`, 'PullspecInvalid'],
    ['an empty component', `quay.io//b@sha256:${HEX}`, 'PullspecInvalid'],
    ['a parent directory', `quay.io/../b@sha256:${HEX}`, 'PullspecInvalid'],
    ['a trailing slash', `quay.io/a/@sha256:${HEX}`, 'PullspecInvalid'],
    ['white space', ` quay.io/a@sha256:${HEX}`, 'PullspecInvalid'],
    ['a line feed at the end', `quay.io/a@sha256:${HEX}\n`, 'DigestInvalid'],
    ['a NUL', `quay.io/a\0@sha256:${HEX}`, 'PullspecInvalid'],
    ['a look-alike letter', `quаy.io/a@sha256:${HEX}`, 'PullspecInvalid'],
    ['a user', `user@quay.io/a@sha256:${HEX}`, 'DigestInvalid'],
    ['a transport', `docker://quay.io/a@sha256:${HEX}`, 'PullspecInvalid'],
    ['a host in capitals without a dot: in lower case it is none', `A/b@sha256:${HEX}`, 'PullspecInvalid'],
    ['an image ID', HEX, 'PullspecInvalid'],
    ['an empty tag', `quay.io/a:@sha256:${HEX}`, 'PullspecInvalid'],
    ['a tag that is none', `quay.io/a:-x@sha256:${HEX}`, 'PullspecInvalid'],
    ['a short digest', 'quay.io/a@sha256:abc', 'DigestInvalid'],
    ['an upper-case digest', `quay.io/a@sha256:${HEX.toUpperCase()}`, 'DigestInvalid'],
    ['an unknown algorithm', `quay.io/a@md5:${'a'.repeat(32)}`, 'DigestInvalid'],
    ['two digests', `quay.io/a@sha256:${HEX}@sha256:${HEX}`, 'DigestInvalid'],
    ['a port without digits', `quay.io:/a@sha256:${HEX}`, 'PullspecInvalid'],
    ['a repository of 256 characters', `quay.io/${'a'.repeat(248)}@sha256:${HEX}`, 'PullspecInvalid'],
  ])('%s', (_, text, code) => {
    expect(codeOf(() => parsePullspec(text))).toBe(code);
  });

  test('a character more than the limit, and not one less', () => {
    const longest = `quay.io/a:${'t'.repeat(128)}@sha256:${HEX}`;
    expect(codeOf(() => parsePullspec(longest))).toBe('none');
    expect(() => parsePullspec('a'.repeat(MAX_PULLSPEC_LENGTH + 1))).toThrow(/at most 1024/);
    expect(() => parsePullspec('a'.repeat(MAX_PULLSPEC_LENGTH))).not.toThrow(/at most 1024/);
  });
});

test('a repository takes neither tag nor digest', () => {
  expect(parseRepository('QUAY.io:443/a/b')).toBe('quay.io/a/b');
  expect(codeOf(() => parseRepository('quay.io/a/b:x'))).toBe('PullspecInvalid');
  const repository = parseRepository('quay.io:5000/a/b');
  expect([repositoryHost(repository), repositoryPath(repository)]).toEqual(['quay.io:5000', 'a/b']);
});

test('whatever the text, there is a parsed value or an InputError, and parsing its canonical form changes nothing', () => {
  const near = fc.stringMatching(/^[a-zA-Z0-9.:/@_-]{0,40}(@sha256:[a-f0-9]{62,66})?$/);
  fc.assert(
    fc.property(fc.oneof(fc.string(), near, fc.string({ unit: 'binary' })), (text) => {
      const code = codeOf(() => parsePullspec(text));
      if (code !== 'none') return;
      const parsed = parsePullspec(text);
      expect(parseRepository(parsed.repository)).toBe(parsed.repository);
    }),
    { numRuns: 10_000 },
  );
});
