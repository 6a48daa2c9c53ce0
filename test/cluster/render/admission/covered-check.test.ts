import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { parsePullspec } from '../../../../lib/base/names/reference.ts';
import { toCoveredCheck } from '../../../../lib/cluster/render/admission/covered-check.ts';
import { isCovered } from '../../../../lib/verdict/decide/policies-at-name.ts';
import { anything, policyOf, readPolicyTrust, reject, sigstore } from '../../../verdict/decide/policy-setup.ts';

const DIGEST = `sha256:${'4'.repeat(64)}`;
const OTHER_DIGEST = `sha256:${'5'.repeat(64)}`;
const at = (name: string): string => `${name}@${DIGEST}`;

/** What an expression says of an image: this part of CEL is read by JavaScript alike. */
function evaluate(expression: string, text: string): unknown {
  const image = { matches: (pattern: string): boolean => new RegExp(pattern).test(text) };
  return runInNewContext(expression, { image, size: (): number => text.length });
}

type Scopes = Readonly<Record<string, readonly object[]>>;
type Row = readonly [name: string, scopes: Scopes, image: string, isAllowed: boolean];

/** What the policy in CEL says, beside what the webhook says. */
async function ask(scopes: Scopes, image: string, change: object = {}) {
  const { prepared } = await readPolicyTrust({ policy: policyOf([anything], scopes), change });
  return [evaluate(toCoveredCheck('image', prepared), image), isCovered(prepared, parsePullspec(image))];
}

const HOST = { 'r.example.com': [sigstore] };
const OPEN = { ...HOST, 'r.example.com/open': [anything] };
const DEEP = { ...OPEN, 'r.example.com/open/signed': [sigstore] };
const HUB = { 'docker.io': [sigstore], 'docker.io/library/open': [anything] };

const rows: readonly Row[] = [
  ['what is below a scope', HOST, at('r.example.com/a/b'), true],
  ['another host', HOST, at('r.example.com.evil.example/a'), false],
  ['a tag beside the digest', HOST, at('r.example.com/a:1'), true],
  ['a narrower scope that accepts anything', OPEN, at('r.example.com/open'), false],
  ['what is below it', OPEN, at('r.example.com/open/a'), false],
  ['what is named alike', OPEN, at('r.example.com/opener'), true],
  ['what is signed below what is open', DEEP, at('r.example.com/open/signed/a'), true],
  ['what is beside that', DEEP, at('r.example.com/open/a'), false],
  [
    'a host that is open under a wildcard',
    { '*.example.com': [sigstore], 'r.example.com': [anything] },
    at('r.example.com/a'),
    false,
  ],
  ['another host under it', { '*.example.com': [sigstore], 'r.example.com': [anything] }, at('q.example.com/a'), true],
  [
    'a wildcard that is open within another',
    { '*.example.com': [sigstore], '*.r.example.com': [anything] },
    at('a.r.example.com/a'),
    false,
  ],
  [
    'a host that is signed under an open wildcard',
    { ...HOST, '*.example.com': [anything] },
    at('r.example.com/a'),
    true,
  ],
  ['a scope of a tag', { 'r.example.com/a:1': [sigstore] }, at('r.example.com/a'), false],
  ['a scope of a tag, with that tag', { 'r.example.com/a:1': [sigstore] }, at('r.example.com/a:1'), false],
  ['a scope of this digest', { [at('r.example.com/a')]: [sigstore] }, at('r.example.com/a'), true],
  ['a scope of another digest', { [`r.example.com/a@${OTHER_DIGEST}`]: [sigstore] }, at('r.example.com/a'), false],
  ['a digest that is open', { ...HOST, [at('r.example.com/a')]: [anything] }, at('r.example.com/a'), false],
  ['a short name of Docker Hub', HUB, at('docker.io/open'), false],
  ['its whole name', HUB, at('docker.io/library/open'), false],
];

describe('the policy in CEL says what the webhook says of', () => {
  test.each(rows)('%s', async (_, scopes, image, isAllowed) => {
    expect(await ask(scopes, image)).toEqual([isAllowed, isAllowed]);
  });
});

describe('the policy in CEL is stricter', () => {
  test('where a policy refuses whatever is pulled: no signature would help', async () => {
    const scopes = { ...HOST, 'r.example.com/closed': [reject], 'r.example.com/never': [sigstore, reject] };
    for (const name of ['closed', 'never']) {
      expect(await ask(scopes, at(`r.example.com/${name}`))).toEqual([false, true]);
    }
  });

  test('without a digest', async () => {
    expect(await ask(HOST, 'r.example.com/a:1')).toEqual([false, true]);
  });
});

test('image policies cover nothing of a profile that asks releases for OpenPGP alone', async () => {
  expect(await ask(HOST, at('r.example.com/a'), { require: 'openpgp' })).toEqual([false, false]);
});
