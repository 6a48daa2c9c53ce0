import { beforeAll, describe, expect, test } from 'vitest';
import { parseDockerReference } from '../../../lib/base/names/docker-reference.ts';
import { prepareKeyring } from '../../../lib/crypto/openpgp/keys/prepare-keyring.ts';
import type { PreparedKeyring } from '../../../lib/crypto/openpgp/keys/prepared-keyring.ts';
import { describeRequirement } from '../../../lib/trust/policy/describe-requirement.ts';
import { keySourceName } from '../../../lib/trust/policy/key-source-name.ts';
import type { PolicyRequirement, SignedByRequirement } from '../../../lib/trust/policy/policy-requirement.ts';
import type { PolicyKeyrings } from '../../../lib/trust/policy/requirement-check.ts';
import { evaluateImagePolicy, type ImageEvidence } from '../../../lib/verdict/judge/evaluate-image-policy.ts';
import { DIGEST, makeImageSigner, NAME, NOW } from '../../registry/images/image-setup.ts';

const signer = makeImageSigner();
const SECONDS = NOW.getTime() / 1000;
const image = { reference: parseDockerReference(`${NAME}:1`), digest: DIGEST };
const found = (untrustedBytes: Uint8Array, index = 1) => ({
  store: 'test',
  location: `signature-${index}`,
  untrustedBytes,
});

function byPaths(...paths: readonly string[]): SignedByRequirement {
  const keys = paths.map((path) => ({ kind: 'path', path }) as const);
  return { type: 'signedBy', keyType: 'GPGKeys', keys, signedIdentity: { type: 'matchRepoDigestOrExact' } };
}

let keyring: PreparedKeyring;
let keyrings: PolicyKeyrings;
beforeAll(async () => {
  ({ keyring } = await prepareKeyring('good', signer.certificate));
  keyrings = new Map([[keySourceName({ kind: 'path', path: '/good' }), keyring]]);
});

function evaluate(requirements: readonly PolicyRequirement[], evidence: Partial<ImageEvidence> = {}) {
  const given = { image, signatures: [found(signer.sign())], ...evidence };
  const { outcome, requirements: results } = evaluateImagePolicy(
    { requirements, scope: 'default' },
    given,
    keyrings,
    SECONDS,
  );
  return [outcome, ...results.map(({ reasons }) => reasons[0]?.code ?? 'none')];
}

describe('a policy against what was read', () => {
  const good = byPaths('/good');
  test.each<[string, readonly PolicyRequirement[], Partial<ImageEvidence>, readonly string[]]>([
    ['holds', [good], {}, ['accepted', 'none']],
    ['no requirement', [], {}, ['rejected']],
    ['no keyring for a source', [byPaths('/none')], {}, ['rejected', 'KeyringUnsatisfied']],
    ['no keyring for one source of two', [byPaths('/good', '/none')], {}, ['rejected', 'KeyringUnsatisfied']],
    ['no source', [byPaths()], {}, ['rejected', 'KeyringUnsatisfied']],
    ['no signature', [good], { signatures: [] }, ['rejected', 'SignatureNotFound']],
    [
      'no signature, and a store that failed',
      [good],
      { signatures: [], storeFailed: true },
      ['indeterminate', 'StoreUnavailable'],
    ],
    ['a store that failed, and a signature all the same', [good], { storeFailed: true }, ['accepted', 'none']],
    [
      'open and refused: a no is a no',
      [good, { type: 'reject' }],
      { signatures: [], storeFailed: true },
      ['rejected', 'StoreUnavailable', 'PolicyRejects'],
    ],
    [
      'an image that could not be read',
      [good, { type: 'insecureAcceptAnything' }],
      { image: { outcome: 'indeterminate', reasons: [{ code: 'StoreUnavailable', message: 'x' }] } },
      ['indeterminate', 'StoreUnavailable', 'StoreUnavailable'],
    ],
  ])('%s', (_, requirements, evidence, expected) => {
    expect(evaluate(requirements, evidence)).toEqual(expected);
  });

  test('a signature that was met is not looked at again, and later ones are not', () => {
    const signatures = [found(Buffer.from('junk'), 1), found(signer.sign(), 2), found(signer.sign(), 3)];
    const evidence = { image, signatures };
    const { requirements } = evaluateImagePolicy(
      { requirements: [good], scope: 'default' },
      evidence,
      keyrings,
      SECONDS,
    );
    expect(requirements[0]?.attempts.map(({ code }) => code)).toEqual(['SignatureMalformed', 'Verified']);
  });

  test('a path and bytes of one spelling are two sources', () => {
    const bytes = Buffer.from('x');
    const named = keySourceName({ kind: 'data', bytes });
    expect(keySourceName({ kind: 'path', path: named })).not.toBe(named);
    expect(keySourceName({ kind: 'path', path: named.replace('keyData ', '') })).not.toBe(named);
  });

  const path = { kind: 'path', path: '/k' } as const;
  test.each<[PolicyRequirement, string]>([
    [{ type: 'reject' }, 'reject'],
    [byPaths('/a', '/b'), 'signedBy keyPath /a or keyPath /b, matchRepoDigestOrExact'],
    [
      { ...good, signedIdentity: { type: 'remapIdentity', prefix: 'a.io', signedPrefix: 'b.io' } },
      'signedBy keyPath /good, remapIdentity a.io to b.io',
    ],
    [
      {
        type: 'sigstoreSigned',
        root: { kind: 'fulcio', ca: path, oidcIssuer: 'https://i', subjectEmail: 'a@b', rekorKeys: [path] },
        signedIdentity: { type: 'matchExact' },
      },
      'sigstoreSigned by a@b through https://i, CA keyPath /k, matchExact',
    ],
  ])('%o is said in words', (requirement, text) => {
    expect(describeRequirement(requirement)).toBe(text);
  });
});
