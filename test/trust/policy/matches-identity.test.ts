import { describe, expect, test } from 'vitest';
import { InputError } from '../../../lib/base/errors/input-error.ts';
import { parseDockerReference } from '../../../lib/base/names/docker-reference.ts';
import { matchesIdentity, remapReference, type SignedIdentity } from '../../../lib/trust/policy/signed-identity.ts';

const D1 = `sha256:${'1'.repeat(64)}`;
const D2 = `sha256:${'2'.repeat(64)}`;

const EXACT: SignedIdentity = { type: 'matchExact' };
const DEFAULT: SignedIdentity = { type: 'matchRepoDigestOrExact' };
const REPOSITORY: SignedIdentity = { type: 'matchRepository' };
const reference = (dockerReference: string): SignedIdentity => ({ type: 'exactReference', dockerReference });
const repository = (dockerRepository: string): SignedIdentity => ({ type: 'exactRepository', dockerRepository });
const remap = (prefix: string, signedPrefix: string): SignedIdentity => ({
  type: 'remapIdentity',
  prefix,
  signedPrefix,
});

describe('identities', () => {
  test.each<[string, SignedIdentity, string | undefined, string, boolean]>([
    ['exact, the same', EXACT, 'q.io/a:t', 'q.io/a:t', true],
    ['exact, a short name', EXACT, 'docker.io/library/a:t', 'a:t', true],
    ['exact, another tag', EXACT, 'q.io/a:t', 'q.io/a:u', false],
    ['exact, by digest, signed by tag', EXACT, `q.io/a@${D1}`, 'q.io/a:t', false],
    ['exact, names alone', EXACT, 'q.io/a', 'q.io/a', false],
    ['exact, host in another case', EXACT, 'q.io/a:t', 'Q.io/a:t', false],
    ['exact, host with the default port', EXACT, 'q.io/a:t', 'q.io:443/a:t', false],
    ['default, the tag', DEFAULT, 'q.io/a:t', 'q.io/a:t', true],
    ['default, another tag', DEFAULT, 'q.io/a:t', 'q.io/a:u', false],
    ['default, by digest, any tag', DEFAULT, `q.io/a@${D1}`, 'q.io/a:u', true],
    ['default, by digest, another digest is the manifest’s matter', DEFAULT, `q.io/a@${D1}`, `q.io/a@${D2}`, true],
    ['default, by digest, signed name alone', DEFAULT, `q.io/a@${D1}`, 'q.io/a', false],
    ['default, by digest, another repository', DEFAULT, `q.io/a@${D1}`, 'q.io/b:t', false],
    ['default, tag and digest, another tag', DEFAULT, `q.io/a:t@${D1}`, 'q.io/a:u', false],
    ['default, tag and digest, the tag alone', DEFAULT, `q.io/a:t@${D1}`, 'q.io/a:t', false],
    ['repository, any tag', REPOSITORY, 'q.io/a:t', 'q.io/a:u', true],
    ['repository, name alone', REPOSITORY, 'q.io/a:t', 'q.io/a', true],
    ['repository, below it', REPOSITORY, 'q.io/a:t', 'q.io/a/b:t', false],
    ['reference', reference('q.io/a:t'), 'r.io/b:u', 'q.io/a:t', true],
    ['reference, another tag', reference('q.io/a:t'), 'r.io/b:u', 'q.io/a:u', false],
    ['reference, without image', reference('q.io/a:t'), undefined, 'q.io/a:t', true],
    ['reference, a name alone', reference('q.io/a'), undefined, 'q.io/a', false],
    ['exact repository', repository('q.io/a:t'), 'r.io/b:u', 'q.io/a:u', true],
    ['exact repository, without image', repository('q.io/a'), undefined, 'q.io/a:u', true],
    ['exact repository, not a reference', repository('q.io/A'), undefined, 'q.io/A', false],
    ['remap', remap('m.example', 'q.io'), 'm.example/a:t', 'q.io/a:t', true],
    ['remap, unchanged name', remap('m.example', 'q.io'), 'm.example/a:t', 'm.example/a:t', false],
    ['remap, another prefix', remap('m.example', 'q.io'), 'n.example/a:t', 'n.example/a:t', true],
    ['remap, by digest', remap('m.example/q', 'q.io'), `m.example/q/a@${D1}`, 'q.io/a:t', true],
    ['remap, within a part', remap('m.example/q', 'q.io'), 'm.example/qq/a:t', 'q.io/q/a:t', false],
    ['remap, a whole repository', remap('m.example/a', 'q.io/b'), 'm.example/a:t', 'q.io/b:t', true],
    ['remap, to a short name', remap('m.example', 'library'), 'm.example/a:t', 'a:t', false],
    ['remap, a prefix with a port', remap('m.example', 'q.io'), 'm.example:5000/a:t', 'q.io:5000/a:t', false],
    ['exact, no image', EXACT, undefined, 'q.io/a:t', false],
    ['default, no image', DEFAULT, undefined, 'q.io/a:t', false],
    ['repository, no image', REPOSITORY, undefined, 'q.io/a:t', false],
    ['remap, no image', remap('m.example', 'q.io'), undefined, 'q.io/a:t', false],
    ['signed for nothing', REPOSITORY, 'q.io/a:t', '', false],
    ['signed for what is no reference', REPOSITORY, 'q.io/a:t', 'q.io/a:t ', false],
    ['signed for an image ID', REPOSITORY, 'q.io/a:t', '1'.repeat(64), false],
  ])('%s', (_name, identity, image, signed, expected) => {
    expect(matchesIdentity(identity, image === undefined ? undefined : parseDockerReference(image), signed)).toBe(
      expected,
    );
  });

  test('an identity of a kind that nobody knows matches nothing', () => {
    const identity = JSON.parse('{"type":"matchAnything"}') as SignedIdentity;
    expect(matchesIdentity(identity, parseDockerReference('q.io/a:t'), 'q.io/a:t')).toBe(false);
  });
});

describe('remapping to what is not a reference in full', () => {
  test.each([
    ['a host for a repository', 'm.example/a', 'q.io:5000', 'm.example/a:t'],
    ['a label', 'm.example/a', 'nolocalhost', 'm.example/a:t'],
    ['a short name', 'm.example', 'library', 'm.example/a:t'],
    ['Docker Hub without its namespace', 'm.example', 'docker.io', 'm.example/a:t'],
  ])('%s', (_name, prefix, signedPrefix, text) => {
    expect(() => remapReference({ prefix, signedPrefix }, parseDockerReference(text))).toThrow(InputError);
  });
});
