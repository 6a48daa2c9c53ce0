import { describe, expect, test } from 'vitest';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import { parsePullspec } from '../../../lib/base/names/reference.ts';
import { BUNDLE_TYPE, formatSignatureBlob } from '../../../lib/crypto/sigstore/signature-blob.ts';
import { createPolicyStore } from '../../../lib/stores/port/composites.ts';
import type { SignatureStore } from '../../../lib/stores/port/signature-store.ts';
import { prepareTrust } from '../../../lib/trust/prepare/prepare-trust.ts';
import type { PreparedTrust } from '../../../lib/trust/prepared/prepared-trust.ts';
import { type ReadyTrust, toReadyTrust } from '../../../lib/trust/source/trust-source.ts';
import { MAX_MESSAGE_LENGTH } from '../../../lib/verdict/judge/requirement.ts';
import { decideAndRecord } from '../../../lib/verdict/records/decide-and-record.ts';
import { parseRecord } from '../../../lib/verdict/records/parse-record.ts';
import { readStoredRecord } from '../../../lib/verdict/records/read-records.ts';
import { recheckRecord } from '../../../lib/verdict/records/recheck-record.ts';
import { toAsked, toRecord, writeRecord } from '../../../lib/verdict/records/write-record.ts';
import { makeBundle, toStatement } from '../../crypto/sigstore/make-bundle.ts';
import type { KeyPair } from '../../crypto/sigstore/make-certificate.ts';
import { makeSignature, OTHER_SIGNER, SIGNER, toPayload, toPem } from '../../crypto/sigstore/make-signature.ts';
import { NAME, NOW } from '../../registry/images/image-setup.ts';
import { createMemoryLookaside, type MemoryLookaside } from '../../support/memory-lookaside.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import { createMemorySignatureStore } from '../../support/memory-signature-store.ts';
import { untouchedStore } from '../../support/untouched-store.ts';
import { file, profile } from '../../trust/sample-documents.ts';
import {
  anything,
  bySigner,
  decideBy,
  IMAGE,
  imageManifests,
  KEYS,
  MIRROR_IMAGE,
  OTHER_NAME,
  releaseSigner,
  signer,
} from './policy-setup.ts';

const DIGEST = IMAGE.slice(IMAGE.indexOf('@') + 1);
const OTHER = `sha256:${'b'.repeat(64)}`;

const toKeyData = ({ publicKey }: KeyPair): string => Buffer.from(toPem(publicKey)).toString('base64');

/** A ClusterImagePolicy of one key. */
function policyDocument(name: string, scopes: readonly string[], key: KeyPair, identity?: object): string {
  return JSON.stringify({
    apiVersion: 'config.openshift.io/v1',
    kind: 'ClusterImagePolicy',
    metadata: { name },
    spec: {
      scopes,
      policy: {
        rootOfTrust: { policyType: 'PublicKey', publicKey: { keyData: toKeyData(key) } },
        ...(identity === undefined ? {} : { signedIdentity: identity }),
      },
    },
  });
}

interface Parts {
  readonly policies?: Readonly<Record<string, string>>;
  readonly policyJson?: object;
  readonly spec?: Readonly<Record<string, unknown>> & { readonly require?: PreparedTrust['require'] };
  readonly hasKeyring?: boolean;
}

async function readTrust({ policies = {}, policyJson, spec = {}, hasKeyring = false }: Parts): Promise<ReadyTrust> {
  const { require = 'configured', ...others } = spec;
  const prepared = await prepareTrust('acme', [
    file('profile.yaml', profile({ canonicalRepositories: [NAME], ...others })),
    ...Object.entries(policies).map(([name, text]) => file(name, text)),
    ...(policyJson === undefined ? [] : [file('policy.json', JSON.stringify(policyJson))]),
    ...Object.entries(KEYS).map(([name, bytes]) => ({ name, bytes })),
  ]);
  const keyrings = hasKeyring
    ? { keyrings: [releaseSigner.keyring], stores: [{ url: 'https://signatures.example', origin: 'store' }] }
    : {};
  return toReadyTrust({ ...prepared, ...keyrings, require }, NOW);
}

const sign = (keys: KeyPair, reference = `${NAME}:1`, digest: string = DIGEST): Uint8Array =>
  formatSignatureBlob(makeSignature({ keys, payload: toPayload(reference, digest) }));
const good = sign(SIGNER);
const bundle = (keys: KeyPair, digest: string = DIGEST): Uint8Array =>
  formatSignatureBlob({
    mimeType: BUNDLE_TYPE,
    payload: Buffer.from(makeBundle({ keys, statement: toStatement([digest]) })),
    annotations: new Map(),
  });
const holding = (...signatures: readonly Uint8Array[]): MemoryLookaside =>
  createMemoryLookaside({ [IMAGE]: signatures });
const registryOf = (...signatures: readonly Uint8Array[]): MemoryLookaside =>
  createMemoryLookaside({ [IMAGE]: signatures }, { description: 'registry' });
const one = { 'one.json': policyDocument('one', [NAME], SIGNER) };
const codesOf = (reasons: readonly { readonly code: string }[]): readonly string[] => reasons.map(({ code }) => code);

describe('a ClusterImagePolicy', async () => {
  const trust = await readTrust({ policies: one });

  test.each<[string, readonly Uint8Array[], string, readonly string[]]>([
    ['a signature by its key', [good], 'accepted', []],
    ['one behind what does not hold', [sign(OTHER_SIGNER), Buffer.from('\0x'), good], 'accepted', []],
    ['another key', [sign(OTHER_SIGNER)], 'rejected', ['SignatureInvalid']],
    ['the repository without tag or digest', [sign(SIGNER, NAME)], 'rejected', ['IdentityMismatch']],
    ['another digest', [sign(SIGNER, `${NAME}:1`, OTHER)], 'rejected', ['DigestMismatch']],
    ['another repository', [sign(SIGNER, 'quay.io/other/app:1')], 'rejected', ['IdentityMismatch']],
    ['no signature', [], 'rejected', ['SignatureNotFound']],
    ['an OpenPGP signature alone', [signer.sign()], 'rejected', ['SignatureNotFound']],
    ['a bundle, which names no repository', [bundle(SIGNER)], 'rejected', ['IdentityMismatch']],
    [
      'a payload that was swapped',
      [formatSignatureBlob({ ...makeSignature({ keys: SIGNER }), payload: toPayload(`${NAME}:1`, DIGEST) })],
      'rejected',
      ['SignatureInvalid'],
    ],
  ])('%s', async (_, signatures, outcome, codes) => {
    const { verdict } = await decideBy(trust, { lookaside: holding(...signatures) });
    expect([verdict.outcome, codesOf(verdict.reasons)]).toEqual([outcome, codes]);
    expect(verdict.policies).toEqual([
      expect.objectContaining({ document: 'one.json', image: IMAGE, scope: `docker:${NAME}`, outcome }),
    ]);
  });

  test.each<[string, string, number]>([
    ['as long as may be', 'x', MAX_MESSAGE_LENGTH + 1],
    ['cut within a pair of surrogates', '\u{1f600}', MAX_MESSAGE_LENGTH + 1],
  ])('what nobody signed is not quoted at length in the evidence: %s', async (_, character, length) => {
    const name = character.repeat(6000);
    const payload = Buffer.from(`{"${name}":1,"${name}":1}`);
    const blob = formatSignatureBlob({ mimeType: BUNDLE_TYPE, payload, annotations: new Map() });
    const decision = await decideBy(trust, { lookaside: holding(...Array.from({ length: 100 }, () => blob)) });
    const [attempt] = decision.verdict.attempts;
    expect([attempt?.code, attempt?.message.length]).toEqual(['SignatureMalformed', length]);
    const objects = createMemoryObjectStore();
    const record = toRecord(toAsked('cli', IMAGE), decision);
    expect(await writeRecord(objects, record, async () => 'unconfirmed')).toMatchObject({ kind: 'created' });
    const read = await readStoredRecord(objects, record.id);
    expect(read === undefined ? undefined : await recheckRecord(read.record, trust.prepared)).toMatchObject({
      outcome: 'confirmed',
    });
  });

  test('a registry that does not answer leaves it open', async () => {
    const lookaside = createMemoryLookaside({}, { failing: [IMAGE] });
    const { verdict } = await decideBy(trust, { lookaside });
    expect([verdict.outcome, codesOf(verdict.reasons)]).toEqual(['indeterminate', ['StoreUnavailable']]);
  });

  test('the registry is asked, and no lookaside of OpenPGP signatures', async () => {
    const sigstore = holding(good);
    const lookaside = createPolicyStore({ openpgp: untouchedStore, sigstore });
    expect((await decideBy(trust, { lookaside })).verdict.outcome).toBe('accepted');
    expect(sigstore.asked).toEqual([IMAGE]);
  });

  test('nothing is asked of the mirror for it, which holds no Sigstore signatures', async () => {
    const { prepared } = trust;
    const both = toReadyTrust(
      {
        ...prepared,
        keyrings: [releaseSigner.keyring],
        stores: [{ url: 'https://signatures.example', origin: 'store' }],
      },
      NOW,
    );
    const released = new Map([[parseDigest(DIGEST), [releaseSigner.sign(parseDigest(DIGEST), NAME)]]]);
    const { verdict, unmirrored } = await decideAndRecord(
      { pullspec: parsePullspec(IMAGE) },
      toAsked('api', IMAGE),
      both,
      {
        mirror: { release: createMemorySignatureStore(new Map()), lookaside: createMemoryLookaside({}) },
        upstream: {
          release: createMemorySignatureStore(released, { description: 'up' }),
          lookaside: registryOf(good),
          manifests: imageManifests,
        },
        objects: createMemoryObjectStore(),
        acceptances: undefined,
        questions: undefined,
        now: () => NOW,
        signal: new AbortController().signal,
      },
    );
    expect([verdict.outcome, unmirrored]).toEqual(['accepted', [{ digest: DIGEST }]]);
  });

  test('its record is confirmed, and one with another signature differs', async () => {
    const record = toRecord(toAsked('cli', IMAGE), await decideBy(trust, { lookaside: holding(good) }));
    const read = (text: string) => parseRecord('record', Buffer.from(text));
    const text = JSON.stringify(record);
    expect(await recheckRecord(read(text), trust.prepared)).toMatchObject({ outcome: 'confirmed', differences: [] });
    const swapped = text.replaceAll(
      Buffer.from(good).toString('base64'),
      Buffer.from(sign(OTHER_SIGNER)).toString('base64'),
    );
    expect(swapped).not.toBe(text);
    expect((await recheckRecord(read(swapped), trust.prepared)).outcome).toBe('differs');
  });
});

describe('several image policies count as on a node', () => {
  test.each<[string, Readonly<Record<string, string>>, readonly Uint8Array[], string]>([
    [
      'the most specific scope alone',
      { 'wide.json': policyDocument('wide', ['quay.io'], OTHER_SIGNER), ...one },
      [good],
      'accepted',
    ],
    [
      'the wide one where no other covers the image',
      { 'wide.json': policyDocument('wide', ['quay.io'], OTHER_SIGNER) },
      [good],
      'rejected',
    ],
    [
      'two of one scope, one met',
      { ...one, 'two.json': policyDocument('two', [NAME], OTHER_SIGNER) },
      [good],
      'rejected',
    ],
    [
      'two of one scope, both met',
      { ...one, 'two.json': policyDocument('two', [NAME], OTHER_SIGNER) },
      [good, sign(OTHER_SIGNER)],
      'accepted',
    ],
    [
      'one that covers another image: nothing vouches',
      { 'x.json': policyDocument('x', ['quay.io/x'], SIGNER) },
      [good],
      'rejected',
    ],
    [
      'an identity of its own',
      {
        'one.json': policyDocument('one', [NAME], SIGNER, {
          matchPolicy: 'ExactRepository',
          exactRepository: { repository: 'quay.io/signed/as' },
        }),
      },
      [sign(SIGNER, 'quay.io/signed/as')],
      'accepted',
    ],
  ])('%s', async (_, policies, signatures, outcome) => {
    const trust = await readTrust({ policies });
    expect((await decideBy(trust, { lookaside: holding(...signatures) })).verdict.outcome).toBe(outcome);
  });
});

test('the evidence names the documents that have the say, and no other', async () => {
  const trust = await readTrust({
    policies: {
      'a.json': policyDocument('a', ['quay.io'], OTHER_SIGNER),
      'b.json': policyDocument('b', [NAME], SIGNER),
      'c.json': policyDocument('c', [NAME], OTHER_SIGNER),
      'd.json': policyDocument('d', ['quay.io/d'], SIGNER),
    },
  });
  const { verdict } = await decideBy(trust, { lookaside: holding(good, sign(OTHER_SIGNER)) });
  expect(verdict.policies).toMatchObject([{ document: 'b.json, c.json', outcome: 'accepted' }]);
});

/** The policy of {@link policyDocument} for the pods of one namespace. */
const namespaced = (namespace: string, scopes: readonly string[], key: KeyPair): string =>
  policyDocument('own', scopes, key)
    .replace('ClusterImagePolicy', 'ImagePolicy')
    .replace('"metadata":{', `"metadata":{"namespace":"${namespace}",`);

describe('whoever owns a namespace adds to what the cluster asks for, and replaces none of it', () => {
  const cluster = policyDocument('cluster', ['quay.io/signet'], SIGNER);
  const byOther = sign(OTHER_SIGNER);
  test.each<[string, Readonly<Record<string, string>>, readonly Uint8Array[], string]>([
    [
      'a scope nested in the cluster’s is left out: its key does not do',
      { 'cluster.json': cluster, 'own.json': namespaced('a', [NAME], OTHER_SIGNER) },
      [byOther],
      'rejected',
    ],
    [
      'a scope nested in the cluster’s is left out: its key is not needed',
      { 'cluster.json': cluster, 'own.json': namespaced('a', [NAME], OTHER_SIGNER) },
      [good],
      'accepted',
    ],
    [
      'the cluster’s own scope',
      { 'cluster.json': cluster, 'own.json': namespaced('a', ['quay.io/signet'], OTHER_SIGNER) },
      [good],
      'accepted',
    ],
    [
      'a scope nested in a wildcard of the cluster’s',
      {
        'cluster.json': policyDocument('cluster', ['*.io'], SIGNER),
        'own.json': namespaced('a', [NAME], OTHER_SIGNER),
      },
      [byOther],
      'rejected',
    ],
    [
      'a wider scope than the cluster’s',
      { 'cluster.json': cluster, 'own.json': namespaced('a', ['quay.io'], OTHER_SIGNER) },
      [good],
      'accepted',
    ],
    [
      'the image by its digest, which nodes do not leave out: the cluster’s key alone',
      { 'cluster.json': policyDocument('cluster', [NAME], SIGNER), 'own.json': namespaced('a', [IMAGE], OTHER_SIGNER) },
      [good],
      'rejected',
    ],
    [
      'the image by its digest, which nodes do not leave out: its own key alone',
      { 'cluster.json': policyDocument('cluster', [NAME], SIGNER), 'own.json': namespaced('a', [IMAGE], OTHER_SIGNER) },
      [byOther],
      'rejected',
    ],
    [
      'the image by its digest: both',
      { 'cluster.json': policyDocument('cluster', [NAME], SIGNER), 'own.json': namespaced('a', [IMAGE], OTHER_SIGNER) },
      [byOther, good],
      'accepted',
    ],
    [
      'another namespace’s narrower scope does not replace a wider one',
      { 'a.json': namespaced('a', ['quay.io/signet'], SIGNER), 'b.json': namespaced('b', [NAME], OTHER_SIGNER) },
      [byOther],
      'rejected',
    ],
    [
      'of one namespace the narrower scope counts',
      { 'a.json': namespaced('a', ['quay.io/signet'], SIGNER), 'b.json': namespaced('a', [NAME], OTHER_SIGNER) },
      [byOther],
      'accepted',
    ],
    ['a namespace’s alone', { 'a.json': namespaced('a', [NAME], SIGNER) }, [byOther], 'rejected'],
  ])('%s', async (_, policies, signatures, outcome) => {
    const trust = await readTrust({ policies });
    expect((await decideBy(trust, { lookaside: holding(...signatures) })).verdict.outcome).toBe(outcome);
  });
});

describe('what is configured is required', () => {
  const release = releaseSigner.sign(parseDigest(DIGEST), NAME);
  const stores = new Map([[parseDigest(DIGEST), [release]]]);

  test.each<[string, Parts, readonly Uint8Array[], boolean, string]>([
    ['both there', { policies: one, hasKeyring: true }, [good], true, 'accepted'],
    ['no Sigstore one', { policies: one, hasKeyring: true }, [], true, 'rejected'],
    ['no OpenPGP one', { policies: one, hasKeyring: true }, [good], false, 'rejected'],
    [
      'require: sigstore',
      { policies: one, hasKeyring: true, spec: { require: 'sigstore' } },
      [good],
      false,
      'accepted',
    ],
    ['require: openpgp', { policies: one, hasKeyring: true, spec: { require: 'openpgp' } }, [], true, 'accepted'],
    [
      'policy.json and an image policy, both met',
      { policies: one, policyJson: { default: [bySigner] } },
      [good, signer.sign()],
      false,
      'accepted',
    ],
    ['policy.json not met', { policies: one, policyJson: { default: [bySigner] } }, [good], false, 'rejected'],
    [
      'sigstoreSigned of a policy.json',
      { policyJson: { default: [{ type: 'sigstoreSigned', keyData: toKeyData(SIGNER) }] } },
      [sign(SIGNER, `${NAME}:1`)],
      false,
      'accepted',
    ],
    [
      'a bundle, where the profile takes its digest',
      { policies: one, spec: { bundleIdentity: 'digest' } },
      [bundle(SIGNER)],
      false,
      'accepted',
    ],
    [
      'a bundle for another digest',
      { policies: one, spec: { bundleIdentity: 'digest' } },
      [bundle(SIGNER, OTHER)],
      false,
      'rejected',
    ],
  ])('%s', async (_, parts, signatures, isReleased, outcome) => {
    const store = createMemorySignatureStore(isReleased ? stores : new Map());
    const trust = await readTrust(parts);
    const { verdict } = await decideBy(trust, { store, lookaside: holding(...signatures) });
    expect(verdict.outcome).toBe(outcome);
  });
});

describe('a policy.json beside an image policy', async () => {
  const parts: Parts = { policies: one, policyJson: { default: [bySigner] } };
  const trust = await readTrust(parts);
  const bySigstoreToo = await readTrust({
    policies: one,
    policyJson: { default: [{ type: 'sigstoreSigned', keyData: toKeyData(OTHER_SIGNER) }] },
  });
  const places = (openpgp: MemoryLookaside, sigstore: MemoryLookaside) => createPolicyStore({ openpgp, sigstore });
  const failing = createMemoryLookaside({}, { failing: [IMAGE] });

  test.each<[string, ReadyTrust, SignatureStore, string]>([
    ['both met', trust, places(holding(signer.sign()), holding(good)), 'accepted'],
    [
      'both met, behind what does not hold',
      trust,
      places(holding(sign(SIGNER), signer.sign()), holding(good)),
      'accepted',
    ],
    ['the policy.json alone', trust, places(holding(signer.sign()), holding(sign(OTHER_SIGNER))), 'rejected'],
    ['the image policy alone', trust, places(holding(), holding(sign(OTHER_SIGNER), good)), 'rejected'],
    ['neither', trust, places(holding(), holding()), 'rejected'],
    ['a registry that fails', trust, places(holding(signer.sign()), failing), 'indeterminate'],
    ['two of Sigstore, both met', bySigstoreToo, holding(sign(OTHER_SIGNER), good), 'accepted'],
    ['two of Sigstore, one met', bySigstoreToo, holding(good, sign(OTHER_SIGNER, NAME)), 'rejected'],
  ])('%s: decided, and confirmed from the record', async (_, ready, lookaside, outcome) => {
    const decision = await decideBy(ready, { lookaside });
    expect(decision.verdict.outcome).toBe(outcome);
    const record = parseRecord('record', Buffer.from(JSON.stringify(toRecord(toAsked('cli', IMAGE), decision))));
    expect(await recheckRecord(record, ready.prepared)).toMatchObject({ outcome: 'confirmed', differences: [] });
  });

  test('the image is asked for once, however many policies cover it', async () => {
    const lookaside = holding(good, sign(OTHER_SIGNER));
    await decideBy(bySigstoreToo, { lookaside });
    expect(lookaside.asked).toEqual([IMAGE]);
  });

  test('one name that a mirror could stand for has to satisfy all of them', async () => {
    const mixed = await readTrust({
      policies: { 'one.json': policyDocument('one', [OTHER_NAME], SIGNER) },
      policyJson: { default: [anything], transports: { docker: { [NAME]: [bySigner] } } },
      spec: { mode: 'warn', canonicalRepositories: [NAME, OTHER_NAME] },
      hasKeyring: true,
    });
    const store = createMemorySignatureStore(
      new Map([[parseDigest(DIGEST), [releaseSigner.sign(parseDigest(DIGEST), NAME)]]]),
    );
    const { verdict } = await decideBy(mixed, { pullspec: MIRROR_IMAGE, store, lookaside: createMemoryLookaside({}) });
    expect([verdict.outcome, codesOf(verdict.reasons)]).toEqual(['rejected', ['SignatureNotFound']]);
  });
});
