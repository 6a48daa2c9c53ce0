import { beforeAll, describe, expect, test } from 'vitest';
import { parseDockerReference } from '../../../lib/base/names/docker-reference.ts';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import type { PreparedKeyring } from '../../../lib/crypto/openpgp/keys/keyring.ts';
import { prepareKeyring } from '../../../lib/crypto/openpgp/keys/prepare-keyring.ts';
import {
  describeRequirement,
  keySourceName,
  type PolicyRequirement,
  type SignedByRequirement,
} from '../../../lib/trust/policy/policy-requirement.ts';
import type { PolicyKeyrings } from '../../../lib/trust/policy/prepare-check.ts';
import { collectEvidence } from '../../../lib/verdict/decide/collect-evidence.ts';
import { type Judgement, judgeRequirement } from '../../../lib/verdict/judge/judge.ts';
import { allOf } from '../../../lib/verdict/judge/outcome.ts';
import { toPolicyRequirement } from '../../../lib/verdict/judge/policy-requirement.ts';
import { isSigned } from '../../../lib/verdict/judge/requirement.ts';
import { DIGEST, makeImageSigner, NAME, NOW } from '../../registry/images/image-setup.ts';
import { createMemoryLookaside } from '../../support/memory-lookaside.ts';

const signer = makeImageSigner();
const image = { reference: parseDockerReference(`${NAME}:1`), digest: DIGEST };
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

interface Found {
  readonly signatures?: readonly Uint8Array[];
  readonly storeFailed?: boolean;
  readonly fault?: Judgement;
}

async function judge(given: readonly PolicyRequirement[], { signatures = [signer.sign()], storeFailed, fault }: Found) {
  const requirements = given.map((one) => toPolicyRequirement(one, { keyrings, sigstore: undefined }));
  const failing = storeFailed === true ? [`${NAME}@${DIGEST}`] : [];
  const store = createMemoryLookaside({ [`${NAME}@${DIGEST}`]: signatures }, { failing });
  const { signal } = new AbortController();
  const read = () => store.fetchSignatures({ digest: DIGEST, repository: parseRepository(NAME) }, signal);
  const collected = await collectEvidence(requirements.filter(isSigned), image, read, NOW);
  return requirements.map((requirement) => judgeRequirement(requirement, { ...collected, fault }));
}

async function evaluate(given: readonly PolicyRequirement[], found: Found = {}) {
  const results = await judge(given, found);
  return [allOf(results.map(({ outcome }) => outcome)), ...results.map(({ reasons }) => reasons[0]?.code ?? 'none')];
}

describe('a policy against what was read', () => {
  const good = byPaths('/good');
  test.each<[string, readonly PolicyRequirement[], Found, readonly string[]]>([
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
      { fault: { outcome: 'indeterminate', reasons: [{ code: 'StoreUnavailable', message: 'x' }] } },
      ['indeterminate', 'StoreUnavailable', 'StoreUnavailable'],
    ],
  ])('%s', async (_, requirements, found, expected) => {
    expect(await evaluate(requirements, found)).toEqual(expected);
  });

  test('a requirement that is satisfied looks at no further signature', async () => {
    const signatures = [Buffer.from('junk'), signer.sign(), signer.sign()];
    const [result] = await judge([good], { signatures });
    expect(result?.attempts.map(({ code }) => code)).toEqual(['SignatureMalformed', 'Verified']);
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
