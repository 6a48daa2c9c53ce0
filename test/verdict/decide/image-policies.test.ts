import { describe, expect, test } from 'vitest';
import { prepareTrust } from '../../../lib/trust/prepare/prepare-trust.ts';
import { toReadyTrust } from '../../../lib/trust/source/trust-source.ts';
import type { Verdict } from '../../../lib/verdict/judge/verdict.ts';
import { toDigest } from '../../registry/client/registry-setup.ts';
import { DIGEST, makeImageSigner, NAME, NOW } from '../../registry/images/image-setup.ts';
import { FIXTURE_TIME } from '../../support/fixture-releases.ts';
import { createMemoryLookaside } from '../../support/memory-lookaside.ts';
import { createMemorySignatureStore } from '../../support/memory-signature-store.ts';
import { untouchedStore } from '../../support/untouched-store.ts';
import {
  type Asking,
  anything,
  byPath,
  bySecond,
  bySigner,
  decideBy,
  documentsOf,
  IMAGE,
  KEYS,
  MIRROR_IMAGE,
  MIRROR_NAME,
  OTHER_NAME,
  type PolicyProfile,
  policyOf,
  readPolicyTrust,
  reject,
  releaseSigner,
  second,
  signer,
  sigstore,
  stranger,
} from './policy-setup.ts';

const good = signer.sign();
const junk = Buffer.from('junk');
const OTHER_IMAGE = `${OTHER_NAME}@${DIGEST}`;
const forMirror = signer.sign({ reference: `${MIRROR_NAME}:1` });
const forOther = signer.sign({ reference: `${OTHER_NAME}:1` });
const released = createMemorySignatureStore(new Map([[DIGEST, [releaseSigner.sign(DIGEST, NAME)]]]));
const unreleased = createMemorySignatureStore(new Map());
const of = (name: string, ...signatures: readonly Uint8Array[]) => createMemoryLookaside({ [name]: signatures });
const holding = (...signatures: readonly Uint8Array[]) => of(IMAGE, ...signatures);
const failing = (...signatures: readonly Uint8Array[]) =>
  createMemoryLookaside({ [IMAGE]: signatures }, { failing: [IMAGE] });
const codes = ({ outcome, reasons }: Verdict): readonly string[] => [outcome, ...reasons.map(({ code }) => code)];
const warnings = (verdict: Verdict): readonly string[] => verdict.warnings.map(({ code }) => code);

interface Row extends Asking, PolicyProfile {
  readonly name: string;
  readonly expected: readonly string[];
  readonly warned?: readonly string[];
  /** Outcome of each policy's requirements. */
  readonly requirements?: readonly (readonly string[])[];
}

/** Codes of reasons and warnings, and each requirement's outcome where the row has them. */
function summarise(verdict: Verdict, { requirements }: Row) {
  const results = (verdict.policies ?? []).map((policy) => policy.requirements.map(({ outcome }) => outcome));
  return [codes(verdict), warnings(verdict), requirements === undefined ? undefined : results];
}

async function answer(row: Row) {
  return summarise((await decideBy(await readPolicyTrust(row), row)).verdict, row);
}

const wanted = ({ expected, warned = [], requirements }: Row) => [expected, warned, requirements];

describe('by signatures of the lookaside', () => {
  const rows: readonly Row[] = [
    { name: 'signed', policy: policyOf([bySigner]), lookaside: holding(good), expected: ['accepted'] },
    {
      name: 'signed, behind junk',
      policy: policyOf([bySigner]),
      lookaside: holding(junk, stranger.sign(), good),
      expected: ['accepted'],
    },
    {
      name: 'not signed',
      policy: policyOf([bySigner]),
      lookaside: holding(),
      expected: ['rejected', 'SignatureNotFound'],
      requirements: [['rejected']],
    },
    {
      name: 'by another key',
      policy: policyOf([bySigner]),
      lookaside: holding(stranger.sign()),
      expected: ['rejected', 'KeyUnknown'],
    },
    {
      name: 'of another digest',
      policy: policyOf([bySigner]),
      lookaside: holding(signer.sign({ digest: toDigest('other') })),
      expected: ['rejected', 'DigestMismatch'],
    },
    {
      name: 'for another repository',
      policy: policyOf([bySigner]),
      lookaside: holding(forOther),
      expected: ['rejected', 'IdentityMismatch'],
    },
    {
      name: 'two requirements, both met',
      policy: policyOf([bySigner, bySecond]),
      lookaside: holding(good, second.sign()),
      expected: ['accepted'],
      requirements: [['accepted', 'accepted']],
    },
    {
      name: 'two requirements, one met: each has its own result',
      policy: policyOf([bySigner, bySecond]),
      lookaside: holding(good),
      expected: ['rejected', 'KeyUnknown'],
      requirements: [['accepted', 'rejected']],
    },
    {
      name: 'a lookaside that fails leaves it open',
      policy: policyOf([bySigner]),
      lookaside: failing(junk),
      expected: ['indeterminate', 'StoreUnavailable', 'SignatureMalformed'],
      requirements: [['indeterminate']],
    },
    {
      name: 'a lookaside that fails once all is met changes nothing',
      policy: policyOf([bySigner]),
      lookaside: failing(good),
      expected: ['accepted'],
    },
    {
      name: 'a tag beside the digest is left out',
      policy: policyOf([reject], { [`${NAME}:evil`]: [anything], [NAME]: [bySigner] }),
      pullspec: IMAGE.replace('@', ':evil@'),
      lookaside: holding(good),
      expected: ['accepted'],
    },
    {
      name: 'the host’s letter case and default port do not lead out of a scope',
      policy: policyOf([anything], { [NAME]: [bySigner] }),
      pullspec: IMAGE.replace('quay.io', 'QUAY.io:443'),
      lookaside: holding(),
      expected: ['rejected', 'SignatureNotFound'],
    },
    {
      name: 'the scope of the digest counts before its repository’s',
      policy: policyOf([reject], { [NAME]: [reject], [IMAGE]: [bySigner] }),
      lookaside: holding(good),
      expected: ['accepted'],
    },
    {
      name: 'a wildcard of the host’s domain',
      policy: policyOf([reject], { '*.io': [bySigner] }),
      lookaside: holding(good),
      expected: ['accepted'],
    },
  ];
  test.each(rows)('$name: $expected', async (row: Row) => {
    expect(await answer(row)).toEqual(wanted(row));
  });

  test('attempts say for which image they were made, and the policy which scope it went by', async () => {
    const trust = await readPolicyTrust({ policy: policyOf([reject], { 'quay.io/signet': [bySigner] }) });
    const { verdict } = await decideBy(trust, { lookaside: holding(junk, good) });
    expect(verdict.attempts.map(({ code, image }) => [code, image])).toEqual([
      ['SignatureMalformed', IMAGE],
      ['Verified', IMAGE],
    ]);
    expect(verdict.policies).toMatchObject([
      { document: 'policy.json', image: IMAGE, scope: 'docker:quay.io/signet', outcome: 'accepted' },
    ]);
    expect(verdict.policies?.[0]?.requirements[0]?.requirement).toContain('/etc/pki/rpm-gpg/signer.gpg');
  });
});

describe('nothing is contacted', () => {
  const rows: readonly Row[] = [
    { name: 'rejected', policy: policyOf([reject]), expected: ['rejected', 'PolicyRejects'] },
    {
      name: 'rejected beside a signature that is asked for: that one was not looked at',
      policy: policyOf([bySigner, reject]),
      expected: ['rejected', 'PolicyRejects'],
      requirements: [['indeterminate', 'rejected']],
    },
    {
      name: 'a base layer requirement, which no node implements',
      policy: policyOf([bySigner, { type: 'signedBaseLayer', baseLayerIdentity: { type: 'matchExact' } }]),
      expected: ['rejected', 'PolicyRejects'],
    },
    {
      name: 'rejected, and the profile has keyrings',
      policy: policyOf([reject]),
      hasKeyring: true,
      expected: ['rejected', 'PolicyRejects'],
    },
    {
      name: 'rejected at a mirror, whatever it mirrors',
      policy: policyOf([bySigner], { 'mirror.example.com': [reject] }),
      pullspec: MIRROR_IMAGE,
      spec: { mode: 'warn' },
      expected: ['rejected', 'PolicyRejects'],
      warned: ['RepositoryNotCanonical'],
    },
    {
      name: 'rejected under every name that a mirror could stand for',
      policy: policyOf([bySigner], { 'quay.io': [reject] }),
      pullspec: MIRROR_IMAGE,
      spec: { mode: 'warn', canonicalRepositories: [NAME, OTHER_NAME] },
      expected: ['rejected', 'PolicyRejects'],
      warned: ['RepositoryNotCanonical'],
    },
    {
      name: 'a repository that is not canonical',
      policy: policyOf([bySigner]),
      pullspec: MIRROR_IMAGE,
      expected: ['rejected', 'RepositoryNotCanonical'],
      requirements: [],
    },
    {
      name: 'no digest',
      policy: policyOf([bySigner]),
      pullspec: `${NAME}:1`,
      expected: ['rejected', 'DigestMissing'],
    },
    {
      name: 'accepts anything: no signature vouches',
      policy: policyOf([anything]),
      expected: ['rejected', 'PolicyRejects'],
      warned: ['PolicyNotEvaluated'],
      requirements: [['accepted']],
    },
    {
      name: 'verification: disabled',
      policy: policyOf([reject]),
      spec: { verification: 'disabled' },
      expected: ['accepted'],
      warned: ['PolicyNotEvaluated'],
      requirements: [],
    },
  ];
  test.each(rows)('$name', async (row: Row) => {
    expect(await answer(row)).toEqual(wanted(row));
  });

  test('of a lookaside, where a policy of another kind covers other images', async () => {
    const imagePolicies = [
      {
        kind: 'ClusterImagePolicy',
        name: 'x',
        document: 'x.yaml',
        coverage: { kind: 'scopes', scopes: ['quay.io/elsewhere'] },
        content: {},
      },
    ] as const;
    const trust = await readPolicyTrust({
      policy: policyOf([bySigner]),
      hasKeyring: true,
      change: { imagePolicies },
    });
    const { verdict } = await decideBy(trust, { store: released });
    expect([...codes(verdict), verdict.policies]).toEqual(['accepted', undefined]);
  });
});

describe('beside keyrings', () => {
  const rows: readonly Row[] = [
    {
      name: 'both hold',
      policy: policyOf([bySigner]),
      store: released,
      lookaside: holding(good),
      expected: ['accepted'],
    },
    {
      name: 'the policy alone',
      policy: policyOf([bySigner]),
      store: unreleased,
      lookaside: holding(good),
      expected: ['rejected', 'SignatureNotFound'],
    },
    {
      name: 'the keyring alone',
      policy: policyOf([bySigner]),
      store: released,
      lookaside: holding(),
      expected: ['rejected', 'SignatureNotFound'],
    },
    {
      name: 'a release signature in the lookaside, an image’s in the release store: neither counts',
      policy: policyOf([bySigner]),
      store: createMemorySignatureStore(new Map([[DIGEST, [good]]])),
      lookaside: holding(releaseSigner.sign(DIGEST, NAME)),
      expected: ['rejected', 'KeyUnknown', 'KeyUnknown'],
    },
    {
      name: 'the keyring, and a lookaside that fails',
      policy: policyOf([bySigner]),
      store: released,
      lookaside: failing(),
      expected: ['indeterminate', 'StoreUnavailable'],
    },
    {
      name: 'the keyring’s no, and a lookaside that fails',
      policy: policyOf([bySigner]),
      store: unreleased,
      lookaside: failing(),
      expected: ['rejected', 'StoreUnavailable', 'SignatureNotFound'],
    },
    {
      name: 'a policy that accepts anything has no say, for a yes',
      policy: policyOf([anything]),
      store: released,
      expected: ['accepted'],
      warned: ['PolicyNotEvaluated'],
    },
    {
      name: 'a policy that accepts anything has no say, for a no',
      policy: policyOf([anything]),
      store: unreleased,
      expected: ['rejected', 'SignatureNotFound'],
      warned: ['PolicyNotEvaluated'],
    },
    {
      name: 'the keyring, and no Sigstore signature where the policy asks for one',
      policy: policyOf([sigstore]),
      store: released,
      lookaside: holding(),
      expected: ['rejected', 'SignatureNotFound'],
    },
    {
      name: 'the keyring, and a place that fails where the policy asks for a Sigstore signature',
      policy: policyOf([sigstore]),
      store: released,
      lookaside: failing(),
      expected: ['indeterminate', 'StoreUnavailable'],
    },
    {
      name: 'require: openpgp leaves the policy out',
      policy: policyOf([reject]),
      change: { require: 'openpgp' },
      store: released,
      expected: ['accepted'],
      requirements: [],
    },
    {
      name: 'require: sigstore leaves the keyrings out, and OpenPGP signatures of a policy do not do',
      policy: policyOf([bySigner]),
      spec: { require: 'sigstore' },
      lookaside: holding(good),
      expected: ['rejected', 'PolicyRejects'],
      warned: ['PolicyNotEvaluated'],
    },
    {
      name: 'require: sigstore, and a policy that asks for both: the OpenPGP signature does not do',
      policy: policyOf([bySigner, sigstore]),
      spec: { require: 'sigstore' },
      lookaside: holding(good),
      expected: ['rejected', 'SignatureNotFound'],
      requirements: [['accepted', 'rejected']],
    },
  ];
  test.each(rows.map((row) => ({ ...row, hasKeyring: true })))('$name: $expected', async (row: Row) => {
    expect(await answer(row)).toEqual(wanted(row));
  });
});

describe('a mirror in warn mode', () => {
  const at = { pullspec: MIRROR_IMAGE, warned: ['RepositoryNotCanonical'] };
  const spec = { mode: 'warn', canonicalRepositories: [OTHER_NAME, NAME] };
  const rows: readonly Row[] = [
    {
      name: 'under its own name and one that it could stand for',
      policy: policyOf([bySigner]),
      lookaside: createMemoryLookaside({ [MIRROR_IMAGE]: [forMirror], [IMAGE]: [good] }),
      expected: ['accepted'],
      requirements: [['accepted'], ['rejected'], ['accepted']],
    },
    {
      name: 'under its own name alone',
      policy: policyOf([bySigner]),
      lookaside: of(MIRROR_IMAGE, forMirror),
      expected: ['rejected', 'SignatureNotFound'],
    },
    {
      name: 'under the name that it could stand for alone',
      policy: policyOf([bySigner]),
      lookaside: holding(good),
      expected: ['rejected', 'SignatureNotFound'],
    },
    {
      name: 'its own scope accepts anything: the yes is the other name’s',
      policy: policyOf([bySigner], { 'mirror.example.com': [anything] }),
      lookaside: of(OTHER_IMAGE, forOther),
      expected: ['accepted'],
      warned: ['RepositoryNotCanonical', 'PolicyNotEvaluated'],
    },
    {
      name: 'its own scope accepts anything, and the other name is not signed',
      policy: policyOf([bySigner], { 'mirror.example.com': [anything] }),
      lookaside: of(OTHER_IMAGE),
      expected: ['rejected', 'SignatureNotFound'],
      warned: ['RepositoryNotCanonical', 'PolicyNotEvaluated'],
    },
    {
      name: 'every name is accepted whatever it is: nothing vouches',
      policy: policyOf([anything]),
      expected: ['rejected', 'PolicyRejects'],
      warned: ['RepositoryNotCanonical', 'PolicyNotEvaluated', 'PolicyNotEvaluated'],
    },
    {
      name: 'one name is not signed, the other’s lookaside fails: open, not a no',
      policy: policyOf([bySigner], { 'mirror.example.com': [anything] }),
      lookaside: createMemoryLookaside({}, { failing: [IMAGE] }),
      expected: ['indeterminate', 'StoreUnavailable'],
      warned: ['RepositoryNotCanonical', 'PolicyNotEvaluated'],
    },
    {
      name: 'one name is rejected whatever it is, the other is signed',
      policy: policyOf([bySigner], { 'mirror.example.com': [anything], [OTHER_NAME]: [reject] }),
      lookaside: holding(good),
      expected: ['accepted'],
      warned: ['RepositoryNotCanonical', 'PolicyNotEvaluated'],
    },
  ];
  test.each(rows.map((row) => ({ ...at, spec, ...row })))('$name: $expected', async (row: Row) => {
    expect(await answer(row)).toEqual(wanted(row));
  });
});

describe('attacks', () => {
  test('trust that was published before policies were evaluated stays open: no keyring stands in for a missing one', async () => {
    const parts = { policy: policyOf([bySigner, bySecond]) };
    const { prepared } = await readPolicyTrust(parts);
    for (const change of [{ policyKeyrings: [] }, { policyKeyrings: prepared.policyKeyrings.slice(1) }]) {
      const { verdict } = await decideBy(await readPolicyTrust({ ...parts, change }), {});
      expect([...codes(verdict), verdict.policies]).toEqual(['indeterminate', 'PolicyNotEvaluated', undefined]);
    }
  });

  test('so does a policy that an earlier version carried unread and that breaks a rule', async () => {
    const { prepared } = await readPolicyTrust({ policy: policyOf([anything]) });
    const imagePolicies = prepared.imagePolicies.map((one) => ({ ...one, content: { default: [], evil: 1 } }));
    const trust = await readPolicyTrust({ policy: policyOf([anything]), change: { imagePolicies } });
    expect(codes((await decideBy(trust, {})).verdict)).toEqual(['indeterminate', 'PolicyNotEvaluated']);
  });

  test('another revision with the same policy object does not go by the keys of the first', async () => {
    const first = await readPolicyTrust({ policy: policyOf([bySigner]) });
    expect((await decideBy(first, { lookaside: holding(good) })).verdict.outcome).toBe('accepted');
    const [keyring] = (await readPolicyTrust({ policy: policyOf([bySecond]) })).prepared.policyKeyrings;
    const [name] = first.prepared.policyKeyrings.map((one) => one.name);
    if (keyring === undefined || name === undefined) throw new Error('both have a keyring');
    const swapped = { ...first.prepared, policyKeyrings: [{ ...keyring, name }] };
    const { verdict } = await decideBy(toReadyTrust(swapped, FIXTURE_TIME), { lookaside: holding(good) });
    expect(codes(verdict)).toEqual(['rejected', 'KeyUnknown']);
  });

  test('a key file that is swapped under its name is another revision, and its signatures alone count', async () => {
    const parts = { policy: policyOf([bySigner]) };
    const before = await prepareTrust('acme', documentsOf(parts));
    const files = { ...KEYS, 'keys/signer.gpg': second.certificate };
    const after = await prepareTrust('acme', documentsOf({ ...parts, files }));
    expect(after.revision).not.toBe(before.revision);
    const { verdict } = await decideBy(toReadyTrust(after, FIXTURE_TIME), { lookaside: holding(good) });
    expect(codes(verdict)).toEqual(['rejected', 'KeyUnknown']);
  });

  test.each(['quay.io:443', 'Quay.io'])(
    'a scope of %s that an earlier version published leaves the verdict open: nodes ask for another key',
    async (host) => {
      const policy = policyOf([bySigner], { [NAME.replace('quay.io', host)]: [bySecond] });
      const { prepared } = await readPolicyTrust({ policy: policyOf([bySigner, bySecond]) });
      const imagePolicies = prepared.imagePolicies.map((configured) => ({ ...configured, content: policy }));
      const trust = toReadyTrust({ ...prepared, imagePolicies }, NOW);
      const pullspec = IMAGE.replace('quay.io', host);
      const { verdict } = await decideBy(trust, { pullspec, lookaside: holding(good) });
      expect(codes(verdict)).toEqual(['indeterminate', 'PolicyNotEvaluated']);
    },
  );

  test('a signature in another image’s place is not asked for', async () => {
    const lookaside = of(OTHER_IMAGE, good);
    const { verdict } = await decideBy(await readPolicyTrust({ policy: policyOf([bySigner]) }), { lookaside });
    expect([lookaside.asked, codes(verdict)]).toEqual([[IMAGE], ['rejected', 'SignatureNotFound']]);
  });

  test('a key that was revoked in the key file signs nothing', async () => {
    const revocation = { reason: 2, revokedAt: 1_767_225_600 };
    const files = { 'keys/signer.gpg': signer.certify({ revocation }) };
    const trust = await readPolicyTrust({ policy: policyOf([bySigner]), files });
    expect(codes((await decideBy(trust, { lookaside: holding(good) })).verdict)).toEqual(['rejected', 'KeyRevoked']);
  });

  test('any key of keyPaths may have signed, and keyData counts as a file does', async () => {
    const inline = makeImageSigner();
    const keyPaths = ['/a/signer.gpg', '/a/second.gpg'];
    const any = { type: 'signedBy', keyType: 'GPGKeys', keyPaths };
    const data = { type: 'signedBy', keyType: 'GPGKeys', keyData: Buffer.from(inline.certificate).toString('base64') };
    const trust = await readPolicyTrust({ policy: policyOf([any, data]) });
    const { verdict } = await decideBy(trust, { lookaside: holding(second.sign(), inline.sign()) });
    expect(codes(verdict)).toEqual(['accepted']);
    expect(codes((await decideBy(trust, { lookaside: holding(second.sign()) })).verdict)[0]).toBe('rejected');
  });

  test('force covers a policy’s no and keeps its reason, and stale trust reads nothing', async () => {
    const trust = await readPolicyTrust({ policy: policyOf([reject]) });
    const { verdict } = await decideBy(trust, { force: true, store: untouchedStore });
    expect([verdict.forced, ...codes(verdict)]).toEqual([true, 'accepted', 'PolicyRejects']);
    const stale = toReadyTrust(trust.prepared, new Date(FIXTURE_TIME.getTime() - 48 * 3600 * 1000));
    expect(codes((await decideBy(stale, {})).verdict)).toEqual(['indeterminate', 'TrustStale']);
  });

  test('a key by a path that ends like another’s is not taken for it', async () => {
    const policy = policyOf([byPath('signer.gpg'), byPath('../other/signer.gpg')]);
    await expect(prepareTrust('acme', documentsOf({ policy }))).rejects.toThrow('would both be keys/signer.gpg');
  });
});
