import { describe, expect, test } from 'vitest';
import { parsePullspec, parseRepository } from '../../../lib/base/names/reference.ts';
import { evaluatePullspec, type PullspecPolicy } from '../../../lib/verdict/judge/pullspec-policy.ts';

const DIGEST = `sha256:${'1'.repeat(64)}`;
const CANONICAL = 'quay.io/openshift-release-dev/ocp-release';
const policy: PullspecPolicy = {
  canonicalRepositories: [parseRepository(CANONICAL)],
  mode: 'enforce',
  mirrorRules: [
    {
      source: 'quay.io/openshift-release-dev',
      mirrors: ['m.example/all'],
      neverContactSource: false,
      origin: 'ImageDigestMirrorSet/all',
    },
    {
      source: CANONICAL,
      mirrors: ['m.example/releases'],
      neverContactSource: false,
      origin: 'ImageDigestMirrorSet/rel',
    },
    {
      source: CANONICAL,
      mirrors: ['tags.example/r'],
      neverContactSource: false,
      tagsOnly: true,
      origin: 'ImageTagMirrorSet/t',
    },
  ],
};

const remedyFor = (text: string, given = policy): string | undefined =>
  evaluatePullspec(parsePullspec(text), given).reasons.at(-1)?.remedy;

const ANOTHER =
  'use the profile of its publisher, if it is of another publisher or stream; if it is a copy, put the mirror set that says so into the profile';

describe('remedies', () => {
  test.each([
    [
      'a mirror’s pullspec',
      `m.example/releases@${DIGEST}`,
      `use ${CANONICAL}@${DIGEST}; your ImageDigestMirrorSet/rel already redirects it to m.example/releases`,
    ],
    [
      'a mirror of a namespace',
      `m.example/all/ocp-release@${DIGEST}`,
      `use ${CANONICAL}@${DIGEST}; your ImageDigestMirrorSet/rel already redirects it to m.example/releases`,
    ],
    ['a repository of nobody', `evil.example/x@${DIGEST}`, ANOTHER],
    ['a mirror of tags alone', `tags.example/r@${DIGEST}`, ANOTHER],
    ['the same path at another host', `m.example/${CANONICAL.slice(CANONICAL.indexOf('/') + 1)}@${DIGEST}`, ANOTHER],
    ['a name that only begins as a mirror does', `m.example/releases2@${DIGEST}`, ANOTHER],
    [
      'a mirror’s tag',
      'm.example/releases:4.16',
      `use ${CANONICAL}@sha256:…; your ImageDigestMirrorSet/rel already redirects it to m.example/releases`,
    ],
  ])('%s', (_, text, remedy) => {
    expect(remedyFor(text)).toBe(remedy);
  });

  test('without mirror sets nothing shows that it is a copy', () => {
    expect(remedyFor(`m.example/releases@${DIGEST}`, { ...policy, mirrorRules: [] })).toBe(ANOTHER);
  });
});

test('mirror sets widen nothing: a mirror’s pullspec is rejected all the same', () => {
  const judged = evaluatePullspec(parsePullspec(`m.example/releases@${DIGEST}`), policy);
  expect(judged.reasons.map(({ code }) => code)).toEqual(['RepositoryNotCanonical']);
});

test('no canonical repository accepts nothing', () => {
  const judged = evaluatePullspec(parsePullspec(`${CANONICAL}@${DIGEST}`), { ...policy, canonicalRepositories: [] });
  expect(judged.reasons).toHaveLength(1);
});

test('a canonical pullspec with a tag beside its digest is in order', () => {
  const judged = evaluatePullspec(parsePullspec(`${CANONICAL}:4.16.37-x86_64@${DIGEST}`), policy);
  expect(judged).toEqual({ reasons: [], warnings: [] });
});
