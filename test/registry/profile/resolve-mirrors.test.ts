import { describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../../lib/base/errors/configuration-error.ts';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import { resolveMirrors } from '../../../lib/registry/profile/mirrored-reader.ts';
import type { MirrorRule } from '../../../lib/trust/prepared/prepared-trust.ts';

const rule = (source: string, mirrors: readonly string[], more: Partial<MirrorRule> = {}): MirrorRule => ({
  source,
  mirrors,
  neverContactSource: false,
  origin: 'ImageDigestMirrorSet/x',
  ...more,
});

describe('where a pull is read from, in order', () => {
  const of = 'quay.io/ns/app';
  const rows: readonly { name: string; rules: readonly MirrorRule[]; of?: string; expected: readonly string[] }[] = [
    { name: 'no rule', rules: [], expected: [of] },
    { name: 'a rule for another', rules: [rule('quay.io/ns/app2', ['m.test/a'])], expected: [of] },
    {
      name: 'the mirrors, then the source',
      rules: [rule(of, ['m.test/a', 'n.test/b'])],
      expected: ['m.test/a', 'n.test/b', of],
    },
    {
      name: 'NeverContactSource',
      rules: [rule(of, ['m.test/a'], { neverContactSource: true })],
      expected: ['m.test/a'],
    },
    { name: 'a namespace', rules: [rule('quay.io/ns', ['m.test/x/y'])], expected: ['m.test/x/y/app', of] },
    { name: 'a host', rules: [rule('quay.io', ['m.test:5000'])], expected: ['m.test:5000/ns/app', of] },
    {
      name: 'the most specific alone',
      rules: [rule('quay.io', ['m.test']), rule('quay.io/ns', ['n.test/b']), rule('*.io', ['w.test'])],
      expected: ['n.test/b/app', of],
    },
    {
      name: 'several for one source, each mirror once',
      rules: [rule(of, ['m.test/a', 'n.test/b']), rule(of, ['n.test/b', 'o.test/c'], { neverContactSource: true })],
      expected: ['m.test/a', 'n.test/b', 'o.test/c'],
    },
    { name: 'the source as its own mirror', rules: [rule(of, [of, 'm.test/a'])], expected: ['m.test/a', of] },
    { name: 'sets for tags say nothing', rules: [rule(of, ['m.test/a'], { tagsOnly: true })], expected: [of] },
    { name: 'a wildcard', rules: [rule('*.io', ['m.test/a'])], expected: ['m.test/a/ns/app', of] },
    {
      name: 'the longer wildcard',
      rules: [rule('*.test', ['m.test/a']), rule('*.b.test', ['n.test'])],
      of: 'c.b.test:5000/app',
      expected: ['n.test/app', 'c.b.test:5000/app'],
    },
    { name: 'not the domain itself', rules: [rule('*.quay.io', ['m.test/a'])], expected: [of] },
    { name: 'no mirror, and no source', rules: [rule(of, [], { neverContactSource: true })], expected: [] },
  ];
  test.each(rows)('$name', ({ rules, of: asked = of, expected }) => {
    expect(resolveMirrors(parseRepository(asked), rules)).toEqual(expected);
  });

  test('by tag, the sets for tags count and no other', () => {
    const rules = [rule(of, ['m.test/a']), rule(of, ['t.test/a'], { tagsOnly: true })];
    expect(resolveMirrors(parseRepository(of), rules, 'tag')).toEqual(['t.test/a', of]);
  });

  test.each([rule('quay.io/ns/app', ['m.test']), rule('quay.io', ['*.wild.test'])])(
    'a mirror that makes no repository: DocumentInvalid, with its set',
    (broken) => {
      const resolve = () => resolveMirrors(parseRepository(of), [broken]);
      expect(resolve).toThrow(ConfigurationError);
      expect(resolve).toThrow('ImageDigestMirrorSet/x');
    },
  );
});
