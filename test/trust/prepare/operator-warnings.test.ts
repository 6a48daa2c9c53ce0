import { armor, enums } from 'openpgp';
import { describe, expect, test } from 'vitest';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import { readOpenpgpEvidence } from '../../../lib/mirror/check/openpgp-evidence.ts';
import { prepareTrust } from '../../../lib/trust/prepare/prepare-trust.ts';
import { listOperatorWarnings } from '../../../lib/trust/prepared/prepared-trust.ts';
import { toReadyTrust } from '../../../lib/trust/source/trust-source.ts';
import { writeCertificate } from '../../fixtures/make/certificate-writer.ts';
import { signMessage, writeRelease } from '../../fixtures/make/message-writer.ts';
import { KEY_CREATED, RELEASE_REPOSITORY, writePayload } from '../../fixtures/make/payload.ts';
import { makeEcdsaKey, makeEd25519Key, makeRsaKey, type SigningKey } from '../../fixtures/make/signing-key.ts';
import { createMemorySignatureStore } from '../../support/memory-signature-store.ts';
import { file, profile, trustConfigMap } from '../sample-documents.ts';

const NOW = new Date('2026-11-22T00:00:00Z');
const DIGEST = parseDigest(`sha256:${'7'.repeat(64)}`);
const rsa = makeRsaKey(2048, KEY_CREATED);
const p256 = makeEcdsaKey('P-256', KEY_CREATED);
const ed25519 = makeEd25519Key('legacy', KEY_CREATED);

const write = (primary: SigningKey) => writeCertificate({ primary, userId: 'Signet test' });

async function prepare(keys: readonly SigningKey[]) {
  const text = armor(enums.armor.publicKey, Buffer.concat(keys.map(write)), undefined, undefined, undefined, true);
  const data = { 'store-a': 'https://signatures.example/release', 'verifier-public-key-a': text };
  return await prepareTrust('acme', [
    file('profile.yaml', profile({ canonicalRepositories: [RELEASE_REPOSITORY] })),
    file('trust.yaml', trustConfigMap({ data })),
  ]);
}

describe('what operators do not load of a keyring', () => {
  test.each<{ name: string; keys: readonly SigningKey[]; expected: RegExp | undefined }>([
    { name: 'RSA', keys: [rsa], expected: undefined },
    { name: 'RSA and P-256', keys: [rsa, p256], expected: undefined },
    {
      name: 'Ed25519 alone: the whole ConfigMap',
      keys: [ed25519],
      expected:
        /^trust\.yaml:\d+: verifier-public-key-a: cluster-version operators refuse a trust ConfigMap with this keyring, all of it: .*Ed25519/,
    },
    {
      name: 'Ed25519 beside RSA: that certificate',
      keys: [rsa, ed25519],
      expected: /cluster-version operators refuse certificates of this keyring: .*Ed25519/,
    },
  ])('$name', async ({ keys, expected }) => {
    const { warnings } = await prepare(keys);
    const said = listOperatorWarnings({ warnings });
    if (expected === undefined) expect(said).toEqual([]);
    else expect(said).toEqual([expect.stringMatching(expected)]);
  });

  test.each<{ name: string; signers: readonly SigningKey[]; state: string }>([
    { name: 'by RSA', signers: [rsa], state: 'valid' },
    { name: 'by Ed25519 alone', signers: [ed25519], state: 'unreadable' },
    { name: 'by Ed25519, and by RSA behind it', signers: [ed25519, rsa], state: 'valid' },
  ])('a release signed $name is $state for a report', async ({ signers, state }) => {
    const trust = toReadyTrust(await prepare([rsa, ed25519]), NOW);
    const content = writePayload({ digest: DIGEST, reference: `${RELEASE_REPOSITORY}:4.99.0-x86_64` });
    const store = createMemorySignatureStore(
      new Map([[DIGEST, signers.map((signer) => writeRelease(signMessage(signer, { content })))]]),
    );
    const { signal } = new AbortController();
    const found = await readOpenpgpEvidence(DIGEST, trust, store, NOW, signal);
    expect([found.state, found.reasons.length]).toEqual([state, state === 'valid' ? 0 : 1]);
  });
});
