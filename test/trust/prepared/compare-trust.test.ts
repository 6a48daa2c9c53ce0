import { describe, expect, test } from 'vitest';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import { compareTrust } from '../../../lib/trust/prepared/compare-trust.ts';
import type { PreparedTrust } from '../../../lib/trust/prepared/prepared-trust.ts';
import { readFixtureTrust } from '../../support/fixture-releases.ts';
import { makeSigner } from '../../support/make-signer.ts';

const { prepared: base } = await readFixtureTrust();
const signer = await makeSigner('added');
const policy = {
  kind: 'ClusterImagePolicy',
  name: 'p',
  document: 'p.yaml',
  coverage: { kind: 'scopes', scopes: ['quay.io/a'] },
  content: { spec: 1 },
} as const;

const shown = (from: PreparedTrust, to: PreparedTrust): readonly string[] =>
  compareTrust(from, to).map(({ what, change, name, before, after }) =>
    [what, change, name.replaceAll(/[0-9A-F]{40}/g, 'FPR'), before ?? '-', after ?? '-'].join(' | '),
  );

describe('what changed between two revisions', () => {
  test('nothing, where they are the same', () => {
    expect(shown(base, structuredClone(base))).toEqual([]);
  });

  test.each<[name: string, change: Partial<PreparedTrust>, expected: readonly string[]]>([
    ['a setting', { mode: 'warn' }, ['setting | changed | mode | "enforce" | "warn"']],
    ['a setting that was not there', { componentImages: 'warn' }, ['setting | added | componentImages | - | "warn"']],
    [
      'what verifies at all',
      { verification: 'disabled' },
      ['setting | changed | verification | "enabled" | "disabled"'],
    ],
    [
      'a store',
      { stores: [...base.stores, { url: 'https://s.example', origin: 'store-x' }] },
      ['store | added | https://s.example | - | store-x'],
    ],
    [
      'a repository that may be asked for',
      { canonicalRepositories: [...base.canonicalRepositories, parseRepository('q.example/r')] },
      ['repository | added | canonical q.example/r | - | q.example/r'],
    ],
    [
      'a keyring with its key',
      { keyrings: [...base.keyrings, signer.keyring] },
      [
        `keyring | added | ${signer.keyring.name} | - | 1 certificate`,
        `key | added | FPR in ${signer.keyring.name} | - | may sign, never expires`,
      ],
    ],
    [
      'a document',
      { documents: [{ name: 'a', sha256: 'b' }] },
      base.documents.map(({ name, sha256 }) => `document | removed | ${name} | ${sha256} | -`),
    ],
    [
      'an image policy',
      { imagePolicies: [policy] },
      [
        'policy | added | ClusterImagePolicy/p | - | {"coverage":{"kind":"scopes","scopes":["quay.io/a"]},"content":{"spec":1}}',
      ],
    ],
  ])('%s', (_, change, expected) => {
    expect(shown(base, { ...base, ...change })).toEqual(expect.arrayContaining([...expected]));
  });

  test('a key that expires or is revoked is a changed one, not another', async () => {
    const revoked = structuredClone(base);
    const [first] = base.keyrings;
    const key = first?.certificates[0]?.keys[0];
    const to = JSON.parse(
      JSON.stringify(revoked).replace(JSON.stringify(key), JSON.stringify({ ...key, expiresAt: 1_800_000_000 })),
    ) as PreparedTrust;
    expect(shown(base, to)).toEqual([
      expect.stringMatching(/^key \| changed \| FPR in \S+ \| may sign, never expires \| may sign, expires 2027-/),
    ]);
  });

  test('content of a policy that is longer than is shown still differs', () => {
    const long = (end: string) => ({ ...base, imagePolicies: [{ ...policy, content: { a: 'x'.repeat(2000) + end } }] });
    expect(shown(long('1'), long('2'))).toEqual([
      expect.stringMatching(/^policy \| changed \| .* \| sha256:\w+ \| sha256:\w+$/),
    ]);
  });

  test('no member is left out: each one that differs is told', () => {
    const silent = Object.keys(base).filter((member) => {
      const changed = { ...base, [member]: Array.isArray(Reflect.get(base, member)) ? [] : 'changed' } as PreparedTrust;
      const isEmpty = JSON.stringify(Reflect.get(base, member)) === '[]';
      return !isEmpty && compareTrust(base, changed).length === 0;
    });
    expect(silent.toSorted()).toEqual(['profile', 'revision', 'schema']);
  });
});
