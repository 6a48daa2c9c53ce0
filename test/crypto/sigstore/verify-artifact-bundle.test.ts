import { constants, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import {
  type Artifact,
  type ArtifactTrust,
  verifyArtifactBundle,
} from '../../../lib/crypto/sigstore/verify-artifact-bundle.ts';
import { toKeyName } from '../../../lib/crypto/sigstore/x509/public-key.ts';
import { codeOf } from './code-of.ts';
import {
  ARTIFACT,
  ARTIFACT_DIGEST,
  type ArtifactBundlePlan,
  type LogEntry,
  makeArtifactBundle,
  OTHER_ARTIFACT,
  signNote,
} from './make-artifact-bundle.ts';
import { der, extension, type KeyPair, makeKeys, oid } from './make-certificate.ts';
import { IDENTITY, INSTANCE, LOGIN, makeLog, makeRoot, type RootPlan } from './make-instance.ts';
import { makePrehashed } from './make-prehashed.ts';
import { NOW, SIGNER } from './make-signature.ts';

const content: Artifact = { kind: 'content', bytes: ARTIFACT };
const digest: Artifact = { kind: 'digest', digest: parseDigest(ARTIFACT_DIGEST) };
const root = makeRoot();
const byLogin: ArtifactTrust = { kind: 'identity', identity: IDENTITY, issuer: LOGIN, root };
const byKey: ArtifactTrust = { kind: 'key', key: SIGNER.publicKey, root };
const withRoot = (plan: RootPlan): ArtifactTrust => ({ ...byLogin, root: makeRoot(plan) });

function verify(plan: ArtifactBundlePlan, trust = byLogin, artifact = content) {
  return verifyArtifactBundle(makeArtifactBundle({ keys: SIGNER, ...plan }), trust, artifact, NOW);
}

const witness = makeLog('witness.example.com', generateKeyPairSync('ed25519'));
const rootOnly = makeRoot({ authorities: [[INSTANCE.ca]] });

const accepted: [name: string, plan: ArtifactBundlePlan, trust?: ArtifactTrust][] = [
  ['version 0.1, log of version 1', { version: '0.1' }],
  ['version 0.2, log of version 1', { version: '0.2', logVersion: 1 }],
  ['version 0.3 in its older spelling', { version: '0.3 of old', logVersion: 1 }],
  ['version 0.3, log of version 1', { logVersion: 1 }],
  ['version 0.3, log of version 2', {}],
  ['a statement, log of version 1', { content: 'statement', logVersion: 1 }],
  ['a statement in an entry of the kind intoto', { content: 'statement', logVersion: 1, kind: 'intoto' }],
  ['a statement in an entry of the kind hashedrekord', { content: 'statement', logVersion: 1, kind: 'hashedrekord' }],
  ['a statement, log of version 2', { content: 'statement' }],
  ['a statement in an entry of the kind dsse, version 2', { content: 'statement', kind: 'dsse' }],
  ['log of version 1 and a timestamp', { logVersion: 1, stamp: {} }],
  ['a timestamp by SHA-512', { stamp: { hash: 'sha512' } }],
  ['a timestamp that brings its certificate along', { stamp: { sent: [INSTANCE.stamp] } }],
  [
    'a timestamp whose certificate is not in the root',
    { stamp: { sent: [INSTANCE.stamp] } },
    withRoot({ stamps: [[INSTANCE.stampRoot]] }),
  ],
  ['a timestamp that was granted with changes', { stamp: { status: 1 } }],
  ['a checkpoint that a witness signed as well', { witnesses: [witness] }],
  [
    'a checkpoint that a witness signed first',
    {
      changeEntry: (entry) =>
        withCheckpoint(entry, (note) => signNote(note, witness) + signNote(note, INSTANCE.rekor2)),
    },
  ],
  ['a promise of a certificate log with extensions', { leaf: { sctExtensions: Buffer.from('x') } }],
  ['a root without certificate logs', { leaf: { log: undefined } }, withRoot({ certificateLogs: [] })],
  ['a chain in version 0.3', { chain: [INSTANCE.issuing] }, { ...byLogin, root: rootOnly }],
  ['a log that names its key by another kind', {}, withRoot({ logs: [INSTANCE.rekor2] })],
  ['by a key', { byKey: true }, byKey],
  ['by a key, log of version 1', { byKey: true, logVersion: 1 }, byKey],
  ['by a key, without a timestamp', { byKey: true, stamp: undefined }, byKey],
  [
    'by a key and no root: not logged',
    { byKey: true, log: undefined, stamp: undefined },
    { ...byKey, root: undefined },
  ],
  ['by the key of a certificate', { leaf: {} }, byKey],
  [
    'version 0.1, with a proof that has no checkpoint',
    {
      version: '0.1',
      changeEntry: (entry) => ({ ...entry, inclusionProof: { ...entry.inclusionProof, checkpoint: undefined } }),
    },
  ],
];

describe('what holds', () => {
  test.each(accepted)('%s', (_, plan, trust = byLogin) => {
    const proven = verify(plan, trust);
    expect(proven).toMatchObject({ signer: toKeyName(SIGNER.publicKey), logged: trust.root !== undefined });
    expect(verify(plan, trust, digest)).toEqual(proven);
  });

  test('times are those that log and timestamp authority state', () => {
    const plan = { logVersion: 1, integratedTime: NOW - 60, stamp: { time: NOW + 60 } } as const;
    expect(verify(plan).times).toEqual([NOW + 60, NOW - 60]);
  });

  test('a statement is told with its kind', () => {
    expect(verify({ content: 'statement' })).toMatchObject({
      content: 'statement',
      predicateType: 'https://slsa.dev/provenance/v1',
    });
  });
});

const makeRsa = (): KeyPair => generateKeyPairSync('rsa', { modulusLength: 2048 });
const makeMlDsa = (kind: 'ml-dsa-44' | 'ml-dsa-65' | 'ml-dsa-87') => (): KeyPair => {
  switch (kind) {
    case 'ml-dsa-44':
      return generateKeyPairSync(kind);
    case 'ml-dsa-65':
      return generateKeyPairSync(kind);
    case 'ml-dsa-87':
      return generateKeyPairSync(kind);
    default:
      return kind satisfies never;
  }
};
const kinds: [name: string, make: () => KeyPair, plan: ArtifactBundlePlan, byDigest: string][] = [
  ['P-256', () => makeKeys(), {}, 'accept'],
  ['P-384 with SHA-256', () => makeKeys('P-384'), {}, 'accept'],
  ['P-384 with its own hash', () => makeKeys('P-384'), { hash: 'sha384' }, 'SignatureUnsupported'],
  ['P-521 with its own hash', () => makeKeys('P-521'), { hash: 'sha512' }, 'SignatureUnsupported'],
  ['RSA', makeRsa, {}, 'accept'],
  ['RSA-PSS', makeRsa, { pss: true }, 'accept'],
  ['RSA-PSS of 2049 bits', () => generateKeyPairSync('rsa', { modulusLength: 2049 }), { pss: true }, 'accept'],
  ['RSA-PSS of 3080 bits', () => generateKeyPairSync('rsa', { modulusLength: 3080 }), { pss: true }, 'accept'],
  ['Ed25519', () => generateKeyPairSync('ed25519'), {}, 'SignatureUnsupported'],
  ['ML-DSA-44', makeMlDsa('ml-dsa-44'), {}, 'SignatureUnsupported'],
  ['ML-DSA-65', makeMlDsa('ml-dsa-65'), {}, 'SignatureUnsupported'],
  ['ML-DSA-87', makeMlDsa('ml-dsa-87'), {}, 'SignatureUnsupported'],
];

describe.each(kinds)('a key of the kind %s', (_, makeOther, kind, byDigest) => {
  const plan = { ...kind, keys: makeOther() };
  const trust: ArtifactTrust = { kind: 'key', key: plan.keys.publicKey, root };
  const other: ArtifactTrust = { ...trust, root: undefined };

  test('verifies', () => {
    expect(codeOf(() => verify({ ...plan, byKey: true }, trust))).toBe('accept');
    expect(codeOf(() => verify({ ...plan, byKey: true, content: 'statement' }, trust))).toBe('accept');
  });

  test(`by the digest alone: ${byDigest}`, () => {
    expect(codeOf(() => verify({ ...plan, byKey: true }, trust, digest))).toBe(byDigest);
  });

  test('does not verify what another key signed, nor a changed signature', () => {
    const keys = makeOther();
    expect(codeOf(() => verify({ ...plan, keys, byKey: true }, other))).toBe('SignatureInvalid');
    expect(codeOf(() => verify({ ...plan, keys, byKey: true, content: 'statement' }, other))).toBe('SignatureInvalid');
  });
});

test('Ed25519ph verifies, which logs ask of Ed25519 keys', () => {
  const other = generateKeyPairSync('ed25519');
  const { keys: pair, sign: signBy } = makePrehashed();
  const plan: ArtifactBundlePlan = { keys: pair, byKey: true, signBy };
  const trust: ArtifactTrust = { kind: 'key', key: pair.publicKey, root };
  expect(codeOf(() => verify(plan, trust))).toBe('accept');
  expect(codeOf(() => verify(plan, { ...trust, key: other.publicKey }))).toBe('SignatureInvalid');
  expect(codeOf(() => verify(plan, trust, { kind: 'content', bytes: OTHER_ARTIFACT }))).toBe('DigestMismatch');
});

test('without the digest, as cosign 3 writes it for Ed25519, the file decides', () => {
  const keys = generateKeyPairSync('ed25519');
  const trust: ArtifactTrust = { kind: 'key', key: keys.publicKey, root: undefined };
  const change = (text: string) => text.replace(/"messageDigest":\{[^}]*\}/, '"messageDigest":{}');
  const plan: ArtifactBundlePlan = { keys, byKey: true, log: undefined, stamp: undefined, change };
  const other = generateKeyPairSync('ed25519').publicKey;
  expect(codeOf(() => verify(plan, trust))).toBe('accept');
  expect(codeOf(() => verify(plan, trust, { kind: 'content', bytes: OTHER_ARTIFACT }))).toBe('SignatureInvalid');
  expect(codeOf(() => verify(plan, { ...trust, key: other }))).toBe('SignatureInvalid');
  expect(codeOf(() => verify(plan, trust, digest))).toBe('SignatureUnsupported');
  const half = {
    ...plan,
    change: (text: string) => text.replace(/"messageDigest":\{[^}]*\}/, '"messageDigest":{"algorithm":"SHA2_256"}'),
  };
  expect(codeOf(() => verify(half, trust))).toBe('SignatureMalformed');
});

describe('by the digest alone, RSA-PSS', () => {
  const keys = makeRsa();
  const trust: ArtifactTrust = { kind: 'key', key: keys.publicKey, root: undefined };
  const signWith = (options: { readonly saltLength?: number; readonly hash?: string }) => (bytes: Uint8Array) =>
    sign(options.hash ?? 'sha256', bytes, {
      key: keys.privateKey,
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: options.saltLength ?? 32,
    });

  test.each<[name: string, expected: string, signBy: (bytes: Uint8Array) => Uint8Array]>([
    ['a salt of the length of the hash', 'accept', signWith({})],
    ['no salt', 'accept', signWith({ saltLength: 0 })],
    ['the longest salt', 'accept', signWith({ saltLength: 222 })],
    ['another hash', 'SignatureInvalid', signWith({ hash: 'sha512' })],
    ['over another file', 'SignatureInvalid', () => signWith({})(OTHER_ARTIFACT)],
    [
      'a byte changed',
      'SignatureInvalid',
      (bytes) => signWith({})(bytes).map((octet, at) => (at === 9 ? octet ^ 1 : octet)),
    ],
    ['cut short', 'SignatureInvalid', (bytes) => signWith({})(bytes).subarray(1)],
    ['zeros', 'SignatureInvalid', () => Buffer.alloc(256)],
    ['one', 'SignatureInvalid', () => Buffer.alloc(256, 0).fill(1, 255)],
  ])('%s: %s', (_, expected, signBy) => {
    const plan: ArtifactBundlePlan = { keys, byKey: true, log: undefined, stamp: undefined, signBy };
    expect(codeOf(() => verify(plan, trust, digest))).toBe(expected);
    expect(codeOf(() => verify(plan, trust))).toBe(expected);
  });
});

test('a login by a username is compared whole', () => {
  const names = otherName('1.3.6.1.4.1.57264.1.7', 'bot!example.com');
  const by = (identity: string): ArtifactTrust => ({ ...byLogin, identity });
  expect(codeOf(() => verify({ leaf: { names } }, by('bot!example.com')))).toBe('accept');
  expect(codeOf(() => verify({ leaf: { names } }, by('bot')))).toBe('IdentityMismatch');
  const other = otherName('1.3.6.1.4.1.57264.1.99', 'bot!example.com');
  expect(codeOf(() => verify({ leaf: { names: other } }, by('bot!example.com')))).toBe('IdentityMismatch');
});

function otherName(kind: string, text: string): Buffer {
  const value = der(0xa0, der(0x0c, Buffer.from(text)));
  return extension('2.5.29.17', der(0x30, der(0xa0, oid(kind), value)));
}

function withCheckpoint(entry: LogEntry, signBy: (note: string) => string): object {
  const [note = ''] = entry.inclusionProof.checkpoint.envelope.split('\n\n');
  const envelope = `${note}\n\n${signBy(`${note}\n`)}`;
  return { ...entry, inclusionProof: { ...entry.inclusionProof, checkpoint: { envelope } } };
}
