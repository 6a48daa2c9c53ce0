import { describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import type { Digest } from '../../../lib/base/names/digest.ts';
import { parsePlatform } from '../../../lib/base/names/platform.ts';
import type { ManifestMediaType } from '../../../lib/registry/client/registry-answers.ts';
import { MAX_JUDGED_MANIFEST_BYTES } from '../../../lib/registry/images/read-index.ts';
import { findAttestFault } from '../../../lib/verdict/attest/statement.ts';
import type { Verdict } from '../../../lib/verdict/judge/verdict.ts';
import { parseRecord } from '../../../lib/verdict/records/parse-record.ts';
import { recheckRecord } from '../../../lib/verdict/records/recheck-record.ts';
import type { VerdictRecord } from '../../../lib/verdict/records/verdict-record.ts';
import { toAsked, toRecord } from '../../../lib/verdict/records/write-record.ts';
import { OCI_INDEX, OCI_MANIFEST, toDigest } from '../../registry/client/registry-setup.ts';
import { NAME } from '../../registry/images/image-setup.ts';
import { createMemoryLookaside } from '../../support/memory-lookaside.ts';
import { createMemoryManifests } from '../../support/memory-manifests.ts';
import { createMemorySignatureStore } from '../../support/memory-signature-store.ts';
import { untouchedManifests, untouchedStore } from '../../support/untouched-store.ts';
import {
  anything,
  bySecond,
  bySigner,
  decideBy,
  OTHER_NAME,
  policyOf,
  readPolicyTrust,
  reject,
  releaseSigner,
  signer,
} from './policy-setup.ts';

const DOCKER_LIST: ManifestMediaType = 'application/vnd.docker.distribution.manifest.list.v2+json';

interface Made {
  readonly bytes: Buffer;
  readonly digest: Digest;
  readonly mediaType: ManifestMediaType;
}

function make(content: object, mediaType: ManifestMediaType): Made {
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...content }));
  return { bytes, digest: toDigest(bytes), mediaType };
}

const makeImage = (note: string): Made => make({ config: {}, layers: [], annotations: { note } }, OCI_MANIFEST);
const [amd64, arm64, s390x, attestation] = ['amd64', 'arm64', 's390x', 'attestation'].map(makeImage) as [
  Made,
  Made,
  Made,
  Made,
];

function entry({ digest, mediaType }: Made, platform: string | undefined, more: object = {}): object {
  const [os, architecture, variant] = platform?.split('/') ?? [];
  const named = platform === undefined ? {} : { platform: { os, architecture, ...(variant && { variant }) } };
  return { mediaType, digest, size: 1, ...named, ...more };
}

const index = (...manifests: readonly object[]): Made => make({ manifests }, OCI_INDEX);
const whole = index(
  entry(amd64, 'linux/amd64'),
  entry(arm64, 'linux/arm64'),
  entry(attestation, 'unknown/unknown', { annotations: { 'vnd.docker.reference.type': 'attestation-manifest' } }),
);

/** What a registry has: every manifest of these tests, and more. */
function holding(...more: readonly Made[]) {
  const held = [whole, amd64, arm64, s390x, attestation, ...more];
  return createMemoryManifests(Object.fromEntries(held.map((one) => [one.digest, one])));
}

const signed = (...digests: readonly Digest[]) =>
  createMemoryLookaside(Object.fromEntries(digests.map((digest) => [`${NAME}@${digest}`, [signer.sign({ digest })]])));
const trust = await readPolicyTrust({ policy: policyOf([bySigner]) });
const codes = ({ outcome, reasons }: Verdict): readonly string[] => [outcome, ...reasons.map(({ code }) => code)];

describe('an index by a policy', () => {
  const list = make({ manifests: [entry(amd64, 'linux/amd64'), entry(arm64, 'linux/arm64')] }, DOCKER_LIST);
  const nested = index(entry(whole, 'linux/amd64'));
  const lying = index({ ...entry(amd64, 'linux/amd64'), digest: whole.digest });
  const elsewhere = index(entry(amd64, 'windows/amd64'));
  const empty = index();
  const repeated = index(entry(amd64, 'linux/amd64'), entry(amd64, 'linux/arm64'));
  const shadowed = index(entry(amd64, 'linux/amd64'), entry(s390x, 'linux/amd64'), entry(arm64, 'linux/arm64'));
  const compressed = index(
    entry(amd64, 'linux/amd64'),
    entry(s390x, 'linux/amd64', { annotations: { 'io.github.containers.compression.zstd': 'true' } }),
  );
  const unnamed = index(entry(amd64, undefined));
  const spelled = make(
    { manifests: [entry(amd64, 'linux/amd64')], Manifests: [entry(s390x, 'linux/amd64')] },
    OCI_INDEX,
  );
  const long = index(
    ...Array.from({ length: 3000 }, () => entry(amd64, 'linux/amd64', { annotations: { a: 'x'.repeat(64) } })),
  );
  const crowded = index(...Array.from({ length: 257 }, () => entry(amd64, 'linux/amd64')));

  interface Row {
    readonly name: string;
    readonly asked: Made;
    readonly signed: readonly Made[];
    readonly expected: readonly string[];
    readonly platforms?: readonly string[];
  }
  test.each<Row>([
    { name: 'its images signed', asked: whole, signed: [amd64, arm64], expected: ['accepted'] },
    { name: 'the index alone signed', asked: whole, signed: [whole], expected: ['rejected', 'SignatureNotFound'] },
    { name: 'one image not signed', asked: whole, signed: [amd64, whole], expected: ['rejected', 'SignatureNotFound'] },
    { name: 'nothing signed', asked: whole, signed: [], expected: ['rejected', 'SignatureNotFound'] },
    {
      name: 'the signed platform alone',
      asked: whole,
      signed: [amd64],
      platforms: ['linux/amd64'],
      expected: ['accepted'],
    },
    {
      name: 'the unsigned platform alone',
      asked: whole,
      signed: [amd64],
      platforms: ['linux/arm64'],
      expected: ['rejected', 'SignatureNotFound'],
    },
    {
      name: 'a platform that it has no image for',
      asked: whole,
      signed: [amd64, arm64],
      platforms: ['linux/s390x'],
      expected: ['rejected', 'PolicyRejects'],
    },
    { name: 'a Docker list', asked: list, signed: [amd64, arm64], expected: ['accepted'] },
    {
      name: 'a Docker list that is signed alone',
      asked: list,
      signed: [list],
      expected: ['rejected', 'SignatureNotFound'],
    },
    {
      name: 'an index in it',
      asked: nested,
      signed: [whole, amd64, arm64, nested],
      expected: ['rejected', 'PolicyRejects'],
    },
    {
      name: 'an index called an image',
      asked: lying,
      signed: [whole, amd64, lying],
      expected: ['rejected', 'PolicyRejects'],
    },
    { name: 'no Linux image', asked: elsewhere, signed: [amd64, elsewhere], expected: ['rejected', 'PolicyRejects'] },
    { name: 'no entry', asked: empty, signed: [empty], expected: ['rejected', 'PolicyRejects'] },
    { name: 'one image for two platforms', asked: repeated, signed: [amd64], expected: ['accepted'] },
    {
      name: 'a second image of a platform, which no node chooses',
      asked: shadowed,
      signed: [amd64, arm64],
      expected: ['accepted'],
    },
    {
      name: 'zstd, which nodes prefer, not signed',
      asked: compressed,
      signed: [amd64],
      expected: ['rejected', 'SignatureNotFound'],
    },
    { name: 'zstd signed', asked: compressed, signed: [s390x], expected: ['accepted'] },
    {
      name: 'an entry without platform, not signed',
      asked: unnamed,
      signed: [unnamed],
      expected: ['rejected', 'SignatureNotFound'],
    },
    { name: 'an entry without platform, signed', asked: unnamed, signed: [amd64], expected: ['accepted'] },
    {
      name: 'a member in two spellings',
      asked: spelled,
      signed: [amd64, spelled],
      expected: ['rejected', 'PolicyRejects'],
    },
    {
      name: 'more entries than are read',
      asked: crowded,
      signed: [amd64, crowded],
      expected: ['indeterminate', 'LimitExceeded'],
    },
    {
      name: 'more bytes than are kept',
      asked: long,
      signed: [amd64, long],
      expected: ['indeterminate', 'LimitExceeded'],
    },
    { name: 'an image in no index', asked: amd64, signed: [amd64], expected: ['accepted'] },
    {
      name: 'an image in no index, not signed',
      asked: amd64,
      signed: [arm64],
      expected: ['rejected', 'SignatureNotFound'],
    },
  ])('$name: $expected', async ({ asked, signed: by, platforms, expected }) => {
    const { verdict } = await decideBy(trust, {
      pullspec: `${NAME}@${asked.digest}`,
      lookaside: signed(...by.map(({ digest }) => digest)),
      manifests: holding(asked),
      ...(platforms === undefined ? {} : { platforms: platforms.map(parsePlatform) }),
    });
    expect(codes(verdict)).toEqual(expected);
    expect(long.bytes.length).toBeGreaterThan(MAX_JUDGED_MANIFEST_BYTES);
  });

  test('the verdict lists every entry, with the outcome of those that nodes run', async () => {
    const pullspec = `${NAME}@${whole.digest}`;
    const { verdict } = await decideBy(trust, { pullspec, lookaside: signed(amd64.digest), manifests: holding() });
    expect(verdict.images).toEqual([
      { digest: amd64.digest, platforms: ['linux/amd64'], outcome: 'accepted' },
      { digest: arm64.digest, platforms: ['linux/arm64'], outcome: 'rejected' },
      { digest: attestation.digest, platforms: ['unknown/unknown'] },
    ]);
    expect(verdict.reasons[0]?.message).toContain(`linux/arm64 (${arm64.digest})`);
  });

  test('of an index with an image that nobody signed is attested nothing, whatever platforms are asked for', async () => {
    const asking = { pullspec: `${NAME}@${whole.digest}`, lookaside: signed(amd64.digest), manifests: holding() };
    const decision = await decideBy(trust, { ...asking, platforms: [parsePlatform('linux/amd64')] });
    const record = toRecord(toAsked('api', asking.pullspec), decision);
    expect(record.verdict.outcome).toBe('accepted');
    expect(findAttestFault(record)).toBe(
      'whoever asked chose the platforms: other images of the index were not judged',
    );
    const whollySigned = { ...asking, lookaside: signed(amd64.digest, arm64.digest) };
    const all = toRecord(toAsked('api', asking.pullspec), await decideBy(trust, whollySigned));
    expect(findAttestFault(all)).toBeUndefined();
  });

  test('platforms of the profile, which the caller may replace', async () => {
    const spec = { platforms: ['linux/amd64'] };
    const profile = await readPolicyTrust({ policy: policyOf([bySigner]), spec });
    const asking = { pullspec: `${NAME}@${whole.digest}`, lookaside: signed(amd64.digest), manifests: holding() };
    expect((await decideBy(profile, asking)).verdict.outcome).toBe('accepted');
    const platforms = ['linux/arm64'].map(parsePlatform);
    const { verdict } = await decideBy(profile, { ...asking, platforms });
    expect([verdict.outcome, verdict.platforms]).toEqual(['rejected', ['linux/arm64']]);
  });

  test('every policy has to be satisfied by every image', async () => {
    const both = await readPolicyTrust({ policy: policyOf([bySigner, bySecond]) });
    const asking = { pullspec: `${NAME}@${whole.digest}`, manifests: holding() };
    const { verdict } = await decideBy(both, { ...asking, lookaside: signed(amd64.digest, arm64.digest) });
    expect(verdict.outcome).toBe('rejected');
  });
});

describe('a manifest that is not read', () => {
  const asking = { pullspec: `${NAME}@${whole.digest}`, lookaside: signed(whole.digest, amd64.digest, arm64.digest) };
  test.each([
    ['absent', new StoreError('NotFound', 'no such manifest'), ['indeterminate', 'StoreUnavailable']],
    ['out of reach', new StoreError('ConnectionFailed', 'refused'), ['indeterminate', 'StoreUnavailable']],
    [
      'of a host that the profile does not name',
      new StoreError('NotAllowed', 'no'),
      ['indeterminate', 'StoreUnavailable'],
    ],
    ['of other bytes', new StoreError('ContentMismatch', 'another digest'), ['rejected', 'ContentMismatch']],
    ['that is none', new StoreError('BodyInvalid', 'HTML'), ['rejected', 'PolicyRejects']],
  ])('%s: %j', async (_, error, expected) => {
    const manifests = createMemoryManifests({ [whole.digest]: error });
    expect(codes((await decideBy(trust, { ...asking, manifests })).verdict)).toEqual(expected);
    const child = createMemoryManifests({ [whole.digest]: whole, [amd64.digest]: amd64, [arm64.digest]: error });
    expect(codes((await decideBy(trust, { ...asking, manifests: child })).verdict)).toEqual(expected);
  });
});

describe('what contacts no registry', () => {
  const pullspec = `${NAME}@${whole.digest}`;
  const released = createMemorySignatureStore(new Map([[whole.digest, [releaseSigner.sign(whole.digest, NAME)]]]));

  test('keyrings alone: the digest that was asked for is compared, as by the cluster-version operator', async () => {
    const keyrings = await readPolicyTrust({ policy: policyOf([anything]), hasKeyring: true });
    const { verdict } = await decideBy(keyrings, { pullspec, store: released, manifests: untouchedManifests });
    expect(verdict.outcome).toBe('accepted');
  });

  test.each([
    ['a policy that accepts anything', policyOf([anything]), 'rejected'],
    ['a policy that rejects', policyOf([reject]), 'rejected'],
    ['a policy that rejects beside one signature', policyOf([bySigner, reject]), 'rejected'],
  ])('%s', async (_, policy, expected) => {
    const profile = await readPolicyTrust({ policy });
    const { verdict } = await decideBy(profile, { pullspec, lookaside: untouchedStore, manifests: untouchedManifests });
    expect(verdict.outcome).toBe(expected);
  });

  test('a pullspec that the pullspec policy rejects', async () => {
    const asked = `${OTHER_NAME}@${whole.digest}`;
    const { verdict } = await decideBy(trust, { pullspec: asked, manifests: untouchedManifests });
    expect(codes(verdict)).toEqual(['rejected', 'RepositoryNotCanonical']);
  });

  test('by keyring and policy, the index is compared with the one and its images with the other', async () => {
    const both = await readPolicyTrust({ policy: policyOf([bySigner]), hasKeyring: true });
    const asking = { pullspec, store: released, manifests: holding() };
    const outcomeOf = async (...digests: readonly Digest[]) =>
      (await decideBy(both, { ...asking, lookaside: signed(...digests) })).verdict.outcome;
    expect(await outcomeOf(amd64.digest, arm64.digest)).toBe('accepted');
    expect(await outcomeOf(whole.digest)).toBe('rejected');
  });
});

describe('the record of a decision about an index', async () => {
  const pullspec = `${NAME}@${whole.digest}`;
  const lookaside = signed(amd64.digest, arm64.digest);
  const decision = await decideBy(trust, { pullspec, lookaside, manifests: holding() });
  const record = toRecord(toAsked('api', pullspec), decision);

  test('holds the manifests of the index and of its images, is read back and confirmed', async () => {
    expect(record.manifests.map(({ digest }) => digest)).toEqual([whole.digest, amd64.digest, arm64.digest]);
    const stored = parseRecord('a record', Buffer.from(JSON.stringify(record)));
    expect(await recheckRecord(stored, trust.prepared)).toMatchObject({ outcome: 'confirmed', differences: [] });
  });

  test.each<[string, Partial<VerdictRecord>]>([
    ['without its manifests', { manifests: [] }],
    ['without the manifest of an image', { manifests: record.manifests.slice(0, 2) }],
    [
      'with another index under the digest',
      { manifests: record.manifests.map((one) => ({ ...one, bytes: amd64.bytes.toString('base64') })) },
    ],
    ['with another platform', { verdict: { ...record.verdict, platforms: ['linux/s390x'] } }],
    ['with fewer images', { verdict: { ...record.verdict, images: record.verdict.images?.slice(1) } }],
    ['said to be of before per-image rules', { schema: 1, verdict: { ...record.verdict, schema: 1 } }],
  ])('differs %s', async (_, change) => {
    expect(await recheckRecord({ ...record, ...change }, trust.prepared)).toMatchObject({ outcome: 'differs' });
  });
});
