import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../../lib/base/errors/input-error.ts';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { type Digest, parseDigest } from '../../../lib/base/names/digest.ts';
import { parsePullspec } from '../../../lib/base/names/reference.ts';
import { prepareKeyring } from '../../../lib/crypto/openpgp/keys/prepare-keyring.ts';
import { createDirectoryReleaseStore } from '../../../lib/stores/directory-stores.ts';
import { createFallbackStore, createParallelStore } from '../../../lib/stores/port/composites.ts';
import type { SignatureStore } from '../../../lib/stores/port/signature-store.ts';
import type { ConfiguredImagePolicy, PreparedTrust } from '../../../lib/trust/prepared/prepared-trust.ts';
import { MAX_CLOCK_STEP_MS, MAX_TRUST_AGE_MS } from '../../../lib/trust/prepared/profiles.ts';
import { type ReadyTrust, toReadyTrust } from '../../../lib/trust/source/trust-source.ts';
import { decideImage, type ImageRequest } from '../../../lib/verdict/decide/decide-image.ts';
import type { Verdict } from '../../../lib/verdict/judge/verdict.ts';
import { FIXTURE_STORE, FIXTURE_TIME, fixtureReleases, readFixtureTrust } from '../../support/fixture-releases.ts';
import { createMemorySignatureStore } from '../../support/memory-signature-store.ts';
import { untouchedManifests, untouchedStore } from '../../support/untouched-store.ts';

const OCP = 'quay.io/openshift-release-dev/ocp-release';
const GOOD = fixtureReleases[0]?.pullspec ?? '';
const GOOD_DIGEST = parseDigest(GOOD.slice(GOOD.indexOf('@') + 1));
const KEYS = path.join(import.meta.dirname, '../../fixtures/openpgp/keys');

/** A store that must not be touched. */
const untouchable: SignatureStore = {
  description: 'untouchable',
  fetchSignatures() {
    throw new Error('a store was contacted');
  },
};
const fixtureStore = createDirectoryReleaseStore(FIXTURE_STORE);
const empty = createMemorySignatureStore(new Map());
const broken = createMemorySignatureStore(new Map(), {
  description: 'broken',
  failure: new StoreError('ConnectionFailed', 'refused'),
});

async function decide(
  text: string,
  store: SignatureStore,
  trust: ReadyTrust,
  request: Partial<ImageRequest> = {},
): Promise<Verdict> {
  const dependencies = {
    store,
    lookaside: untouchedStore,
    manifests: untouchedManifests,
    now: () => FIXTURE_TIME,
    signal: new AbortController().signal,
  };
  return (await decideImage({ pullspec: parsePullspec(text), ...request }, trust, dependencies)).verdict;
}

const codes = ({ reasons }: Verdict): readonly string[] => reasons.map(({ code }) => code);

describe('the fixture releases', async () => {
  const trust = await readFixtureTrust();
  test.each(fixtureReleases)('$why: $expected', async ({ pullspec, expected }) => {
    const verdict = await decide(pullspec, fixtureStore, trust);
    expect(verdict.outcome).toBe(expected === 'accept' ? 'accepted' : 'rejected');
    expect(codes(verdict)).toEqual(expected === 'accept' ? [] : [expected]);
    expect(verdict.attempts.length).toBeGreaterThan(0);
  });
});

describe('before any contact', async () => {
  const trust = await readFixtureTrust();
  test.each([
    ['another repository', `quay.io/evil/ocp-release@${GOOD_DIGEST}`, ['RepositoryNotCanonical']],
    ['a prefix of the canonical one', `quay.io/openshift-release-dev/ocp@${GOOD_DIGEST}`, ['RepositoryNotCanonical']],
    ['an extension of it', `${OCP}/x@${GOOD_DIGEST}`, ['RepositoryNotCanonical']],
    [
      'its name at another host',
      `quay.io.example.com/openshift-release-dev/ocp-release@${GOOD_DIGEST}`,
      ['RepositoryNotCanonical'],
    ],
    ['another port', `quay.io:8443/openshift-release-dev/ocp-release@${GOOD_DIGEST}`, ['RepositoryNotCanonical']],
    ['a tag', `${OCP}:4.99.1-x86_64`, ['DigestMissing']],
    ['a tag elsewhere', 'quay.io/evil/x:1', ['DigestMissing', 'RepositoryNotCanonical']],
  ])('%s is rejected', async (_, text, expected) => {
    const verdict = await decide(text, untouchable, trust);
    expect(verdict.outcome).toBe('rejected');
    expect(codes(verdict)).toEqual(expected);
    for (const reason of verdict.reasons) expect(reason.remedy).toBeTruthy();
  });

  test('a tag is rejected in warn mode too: there is nothing to verify', async () => {
    const verdict = await decide('quay.io/evil/x:1', untouchable, trust, { mode: 'warn' });
    expect([verdict.outcome, ...codes(verdict)]).toEqual(['rejected', 'DigestMissing']);
  });

  test('warn mode warns of the repository and goes on to verify', async () => {
    const verdict = await decide(`mirror.example.com/r@${GOOD_DIGEST}`, fixtureStore, trust, { mode: 'warn' });
    expect(verdict.outcome).toBe('accepted');
    expect(verdict.warnings.map(({ code }) => code)).toEqual(['RepositoryNotCanonical']);
    expect(verdict.canonicalPullspec).toBeUndefined();
  });

  test('a host in capitals and the default port mean the same repository', async () => {
    const verdict = await decide(`QUAY.IO:443/openshift-release-dev/ocp-release@${GOOD_DIGEST}`, fixtureStore, trust);
    expect(verdict).toMatchObject({ outcome: 'accepted', canonicalPullspec: GOOD });
  });
});

describe('stores', async () => {
  const trust = await readFixtureTrust();
  const good = readFileSync(path.join(FIXTURE_STORE, `sha256=${GOOD_DIGEST.slice(7)}`, 'signature-1'));
  const holding = (...signatures: readonly Uint8Array[]): SignatureStore =>
    createMemorySignatureStore(new Map<Digest, readonly Uint8Array[]>([[GOOD_DIGEST, signatures]]));
  test.each<[string, SignatureStore, string, readonly string[]]>([
    ['none at all', createParallelStore([]), 'rejected', ['SignatureNotFound']],
    ['all answer that there is nothing', createParallelStore([empty, empty]), 'rejected', ['SignatureNotFound']],
    ['one is broken, none has it', createParallelStore([empty, broken]), 'indeterminate', ['StoreUnavailable']],
    ['one is broken, another has it', createParallelStore([broken, holding(good)]), 'accepted', []],
    ['the mirror is broken, the store has it', createFallbackStore([broken, holding(good)]), 'accepted', []],
    ['junk before the good one', holding(Buffer.from('junk'), good), 'accepted', []],
    ['junk alone', holding(Buffer.from('junk')), 'rejected', ['SignatureMalformed']],
    [
      'junk, and a broken one',
      createParallelStore([holding(Buffer.from('junk')), broken]),
      'indeterminate',
      ['StoreUnavailable', 'SignatureMalformed'],
    ],
    [
      'nine junk signatures before the good one',
      holding(...Array.from({ length: 9 }, () => Buffer.from('x')), good),
      'rejected',
      ['SignatureMalformed'],
    ],
    ['an empty signature', holding(Buffer.alloc(0)), 'rejected', ['SignatureMalformed']],
  ])('%s', async (_, store, outcome, expected) => {
    const verdict = await decide(GOOD, store, trust);
    expect([verdict.outcome, ...codes(verdict)]).toEqual([outcome, ...expected]);
  });

  test('reading stops once every keyring is satisfied', async () => {
    const store = createMemorySignatureStore(new Map([[GOOD_DIGEST, [good, good, good]]]));
    await decide(GOOD, store, trust);
    expect(store.contacts).toHaveLength(1);
  });
});

describe('keyrings', async () => {
  const trust = await readFixtureTrust();
  const other = (await prepareKeyring('verifier-public-key-other', readFileSync(path.join(KEYS, 'p256.asc')))).keyring;
  const withKeyrings = (keyrings: PreparedTrust['keyrings'], change: Partial<PreparedTrust> = {}): ReadyTrust =>
    toReadyTrust({ ...trust.prepared, keyrings, ...change }, FIXTURE_TIME);

  test('every keyring must be satisfied', async () => {
    const verdict = await decide(GOOD, fixtureStore, withKeyrings([...trust.prepared.keyrings, other]));
    expect(verdict.outcome).toBe('rejected');
    expect(codes(verdict)).toEqual(['KeyringUnsatisfied', 'KeyUnknown']);
    expect(verdict.reasons[0]?.message).toContain('verifier-public-key-other');
  });

  test.each<[string, Partial<PreparedTrust>]>([
    ['no keyring and no policy', { keyrings: [] }],
    ['no keyring, and OpenPGP required', { keyrings: [], require: 'openpgp' }],
    ['no policy, and sigstore required', { require: 'sigstore' }],
    ['a keyring without certificates', { keyrings: [{ name: 'verifier-public-key-empty', certificates: [] }] }],
    ['no canonical repository', { canonicalRepositories: [] }],
    ['no signed repository', { signedRepositories: [] }],
  ])('%s accepts nothing', async (_, change) => {
    const changed = toReadyTrust({ ...trust.prepared, ...change }, FIXTURE_TIME);
    expect((await decide(GOOD, fixtureStore, changed)).outcome).toBe('rejected');
  });
});

describe('image policies', async () => {
  const policy = (scopes: readonly string[]): ConfiguredImagePolicy => ({
    kind: 'ClusterImagePolicy',
    name: 'openshift',
    document: 'openshift.yaml',
    coverage: { kind: 'scopes', scopes },
    content: {},
  });
  const everything = (type: string): ConfiguredImagePolicy => ({
    ...policy([]),
    kind: 'policy.json',
    coverage: { kind: 'everything' },
    content: { default: [{ type, ...(type === 'signedBy' ? { keyType: 'GPGKeys', keyPath: '/x' } : {}) }] },
  });
  test.each<[string, Partial<PreparedTrust>, string, readonly string[]]>([
    [
      'one that covers the pullspec leaves it open',
      { imagePolicies: [policy([OCP])] },
      'indeterminate',
      ['PolicyNotEvaluated'],
    ],
    [
      'so does a policy.json without the keys that it names',
      { imagePolicies: [everything('signedBy')] },
      'indeterminate',
      ['PolicyNotEvaluated'],
    ],
    ['a policy.json that rejects', { imagePolicies: [everything('reject')] }, 'rejected', ['PolicyRejects']],
    [
      'one that accepts anything, without keyrings',
      { imagePolicies: [everything('insecureAcceptAnything')], keyrings: [] },
      'rejected',
      ['PolicyRejects'],
    ],
    [
      'a policy.json that rejects and another policy that is not evaluated: a no is a no',
      { imagePolicies: [policy([OCP]), everything('reject')] },
      'rejected',
      ['PolicyRejects', 'PolicyNotEvaluated'],
    ],
    ['one that does not cover it has no say', { imagePolicies: [policy(['quay.io/other'])] }, 'accepted', []],
    ['require: openpgp leaves them out', { imagePolicies: [policy([OCP])], require: 'openpgp' }, 'accepted', []],
    [
      'require: sigstore needs one that covers',
      { imagePolicies: [policy(['quay.io/other'])], require: 'sigstore' },
      'rejected',
      ['PolicyRejects'],
    ],
    [
      'require: sigstore with one that covers',
      { imagePolicies: [policy([OCP])], require: 'sigstore' },
      'indeterminate',
      ['PolicyNotEvaluated'],
    ],
    [
      'without keyrings, one that covers',
      { imagePolicies: [policy([OCP])], keyrings: [] },
      'indeterminate',
      ['PolicyNotEvaluated'],
    ],
  ])('%s', async (_, change, outcome, expected) => {
    const verdict = await decide(GOOD, fixtureStore, await readFixtureTrust(change));
    expect([verdict.outcome, ...codes(verdict)]).toEqual([outcome, ...expected]);
  });

  test('a no by OpenPGP outweighs what a policy leaves open', async () => {
    const verdict = await decide(GOOD, empty, await readFixtureTrust({ imagePolicies: [policy([OCP])] }));
    expect([verdict.outcome, ...codes(verdict)]).toEqual(['rejected', 'PolicyNotEvaluated', 'SignatureNotFound']);
  });

  test('in warn mode a mirror’s pullspec does not slip out of the policy’s scope', async () => {
    const trust = await readFixtureTrust({ imagePolicies: [policy([OCP])] });
    const verdict = await decide(`mirror.example.com/r@${GOOD_DIGEST}`, fixtureStore, trust, { mode: 'warn' });
    expect(verdict.outcome).toBe('indeterminate');
  });
});

describe('force', async () => {
  const trust = await readFixtureTrust();
  test.each<[string, string, SignatureStore, string]>([
    ['a rejection', GOOD, empty, 'SignatureNotFound'],
    ['an indeterminate verdict', GOOD, broken, 'StoreUnavailable'],
    [
      'another repository, still without contact',
      `quay.io/evil/x@${GOOD_DIGEST}`,
      untouchable,
      'RepositoryNotCanonical',
    ],
  ])('covers %s and keeps its reasons', async (_, text, store, code) => {
    const verdict = await decide(text, store, trust, { force: true });
    expect(verdict).toMatchObject({ outcome: 'accepted', forced: true });
    expect(codes(verdict)).toContain(code);
    expect(verdict.warnings.at(-1)?.message).toMatch(
      /cannot be verified, but continuing anyway because the update was forced: /,
    );
  });

  test('does not mark what is accepted anyway', async () => {
    expect(await decide(GOOD, fixtureStore, trust, { force: true })).toMatchObject({
      outcome: 'accepted',
      forced: false,
    });
  });

  test('may be forbidden', async () => {
    const denying = await readFixtureTrust({ force: 'deny' });
    await expect(decide(GOOD, fixtureStore, denying, { force: true })).rejects.toThrow(InputError);
  });
});

describe('trust', () => {
  test('not refreshed for more than 24 hours decides nothing, and asks no store', async () => {
    const { prepared } = await readFixtureTrust();
    const refreshed = (age: number): ReadyTrust => toReadyTrust(prepared, new Date(FIXTURE_TIME.getTime() - age));
    const verdict = await decide(GOOD, untouchable, refreshed(MAX_TRUST_AGE_MS + 1));
    expect([verdict.outcome, ...codes(verdict)]).toEqual(['indeterminate', 'TrustStale']);
    expect((await decide(GOOD, fixtureStore, refreshed(MAX_TRUST_AGE_MS))).outcome).toBe('accepted');
  });

  test('refreshed ahead of a clock that was set back decides nothing, and asks no store', async () => {
    const { prepared } = await readFixtureTrust();
    const ahead = toReadyTrust(prepared, new Date(FIXTURE_TIME.getTime() + MAX_CLOCK_STEP_MS + 1));
    const verdict = await decide(GOOD, untouchable, ahead);
    expect([verdict.outcome, ...codes(verdict)]).toEqual(['indeterminate', 'TrustStale']);
  });

  test('refreshed a moment ahead, as clocks are corrected, still decides', async () => {
    const { prepared } = await readFixtureTrust();
    const ahead = toReadyTrust(prepared, new Date(FIXTURE_TIME.getTime() + MAX_CLOCK_STEP_MS));
    expect((await decide(GOOD, fixtureStore, ahead)).outcome).toBe('accepted');
  });

  test('verification: disabled accepts with a warning, and still wants a canonical pullspec', async () => {
    const trust = await readFixtureTrust({ verification: 'disabled' });
    const verdict = await decide(GOOD, untouchable, trust);
    expect(verdict.outcome).toBe('accepted');
    expect(verdict.warnings[0]?.message).toContain('nothing was verified');
    expect((await decide(`quay.io/evil/x@${GOOD_DIGEST}`, untouchable, trust)).outcome).toBe('rejected');
  });

  test('signedRepository: off takes a signature for any repository, as clusters do', async () => {
    const forOther = fixtureReleases.find(({ expected }) => expected === 'RepositoryMismatch')?.pullspec ?? '';
    const trust = await readFixtureTrust({ signedRepository: 'off' });
    expect((await decide(forOther, fixtureStore, trust)).outcome).toBe('accepted');
  });
});

test('the caller’s abort ends a decision that hangs', async () => {
  const hanging: SignatureStore = {
    description: 'hanging',
    async *fetchSignatures(_, signal) {
      yield* [];
      signal.throwIfAborted();
      await new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      });
    },
  };
  const abort = new AbortController();
  const decision = decideImage({ pullspec: parsePullspec(GOOD) }, await readFixtureTrust(), {
    store: createParallelStore([hanging]),
    lookaside: untouchedStore,
    manifests: untouchedManifests,
    now: () => FIXTURE_TIME,
    signal: abort.signal,
  });
  abort.abort(new Error('enough'));
  await expect(decision).rejects.toThrow('enough');
});
