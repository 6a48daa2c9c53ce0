import { describe, expect, test } from 'vitest';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { parseDigest } from '../../lib/base/names/digest.ts';
import { MAX_BUNDLE_PROOFS } from '../../lib/crypto/sigstore/read-bundle.ts';
import { MAX_SIGSTORE_SIGNATURE_BYTES } from '../../lib/crypto/sigstore/signature-blob.ts';
import {
  type Artifact,
  type ArtifactTrust,
  verifyArtifactBundle,
} from '../../lib/crypto/sigstore/verify-artifact-bundle.ts';
import { verifyBundle } from '../../lib/crypto/sigstore/verify-bundle.ts';
import { verifyCosignSignature } from '../../lib/crypto/sigstore/verify-cosign-signature.ts';
import { codeOf } from '../crypto/sigstore/code-of.ts';
import {
  ARTIFACT,
  type ArtifactBundlePlan,
  makeArtifactBundle,
  OTHER_ARTIFACT,
} from '../crypto/sigstore/make-artifact-bundle.ts';
import { type BundlePlan, makeBundle, toStatement } from '../crypto/sigstore/make-bundle.ts';
import { authority, makeCertificate } from '../crypto/sigstore/make-certificate.ts';
import { IDENTITY, INSTANCE, LOGIN, makeRoot } from '../crypto/sigstore/make-instance.ts';
import {
  DIGEST,
  makeRekorSet,
  makeSignature,
  NOW,
  OTHER_DIGEST,
  OTHER_SIGNER,
  REKOR,
  SIGNER,
  signContent,
  toPayload,
  toPem,
  trustKeys,
  WANTED,
} from '../crypto/sigstore/make-signature.ts';
import { testAdvisories } from './advisory-case.ts';

const root = makeRoot();
const byLogin: ArtifactTrust = { kind: 'identity', identity: IDENTITY, issuer: LOGIN, root };
const content: Artifact = { kind: 'content', bytes: ARTIFACT };

/** A bundle of a file. */
function askFile(plan: ArtifactBundlePlan, trust = byLogin, artifact = content): string {
  return codeOf(() => verifyArtifactBundle(makeArtifactBundle({ keys: SIGNER, ...plan }), trust, artifact, NOW));
}
const GOOD_FILE = (): string => askFile({});

/** A bundle of an image, as cosign 3 writes it. */
const askImage = (plan: BundlePlan, rekor = [REKOR]): string =>
  codeOf(() => verifyBundle(makeBundle({ logs: rekor, ...plan }), trustKeys([SIGNER], rekor), NOW));
const GOOD_IMAGE = (): string => askImage({});

const good = signContent(toPayload(), SIGNER);
const entryOf = (signature: string, payload = toPayload(), pem = toPem(SIGNER.publicKey)): string =>
  makeRekorSet({ rekor: REKOR, pem, signature, payload });

/** An image's signature by a key, which has to be in the log. */
const askLogged = (rekorSet: string | undefined, payload = toPayload()): string =>
  codeOf(() =>
    verifyCosignSignature(
      makeSignature({ keys: SIGNER, payload, ...(rekorSet === undefined ? {} : { rekorSet }) }),
      trustKeys([SIGNER], [REKOR]),
      WANTED,
      NOW,
    ),
  );
/** ECDSA makes another signature each time: the entry has to be about the very one. */
const askSame = (rekorSet: string): string =>
  codeOf(() =>
    verifyCosignSignature(
      makeSignature({ keys: SIGNER, signature: good, rekorSet }),
      trustKeys([SIGNER], [REKOR]),
      WANTED,
      NOW,
    ),
  );
const GOOD_LOGGED = (): string => askSame(entryOf(good));
const otherPayload = toPayload(undefined, OTHER_DIGEST);

const expiredIssuer = makeCertificate({
  name: 'issuing',
  issuer: INSTANCE.ca,
  extensions: [authority(0)],
  notAfter: NOW - 1,
});

testAdvisories('cosign', [
  {
    advisory: 'GHSA-whqx-f9j3-ch6m (CVE-2026-22703)',
    what: 'a bundle with an entry of the log that is about another signature',
    attack: () => askFile({ loggedSignature: signContent(OTHER_ARTIFACT, SIGNER) }),
    expected: 'LogEntryInvalid',
    control: GOOD_FILE,
  },
  {
    advisory: 'GHSA-whqx-f9j3-ch6m (image)',
    what: 'the same beside an image',
    attack: () => askImage({ logged: { payload: Buffer.from('{}'), signature: signContent(OTHER_ARTIFACT, SIGNER) } }),
    expected: 'LogEntryInvalid',
    control: GOOD_IMAGE,
  },
  {
    advisory: 'GHSA-whqx-f9j3-ch6m (key)',
    what: 'an entry of the log about another key',
    attack: () => askFile({ loggedPem: toPem(OTHER_SIGNER.publicKey) }),
    expected: 'LogEntryInvalid',
    control: GOOD_FILE,
  },
  {
    advisory: 'GHSA-w6c6-c85g-mmv6 (CVE-2026-39395)',
    what: 'a signed payload that is no statement verifies',
    attack: () => askImage({ statement: ['no statement'] }),
    expected: 'PayloadInvalid',
    control: GOOD_IMAGE,
  },
  {
    advisory: 'GHSA-w6c6-c85g-mmv6 (type)',
    what: 'a statement with another type of predicate verifies',
    attack: () => askImage({ statement: toStatement([DIGEST], 'https://slsa.dev/provenance/v1') }),
    expected: 'PayloadInvalid',
    control: GOOD_IMAGE,
  },
  {
    advisory: 'GHSA-vjxv-45g9-9296 (CVE-2022-35929)',
    what: 'any attestation stands in for one of the wanted type',
    attack: () => askImage({ statement: toStatement([DIGEST], 'cosign.sigstore.dev/attestation/vuln/v1') }),
    expected: 'PayloadInvalid',
    control: GOOD_IMAGE,
  },
  {
    advisory: 'GHSA-wfqv-66vq-46rm (CVE-2026-24122)',
    what: 'an authority that had expired when its certificate was used',
    attack: () =>
      askFile(
        { leaf: { issuer: expiredIssuer } },
        { ...byLogin, root: makeRoot({ authorities: [[expiredIssuer, INSTANCE.ca]] }) },
      ),
    expected: 'KeyExpired',
    control: GOOD_FILE,
  },
  {
    advisory: 'GHSA-8gw7-4j42-w388 (CVE-2022-36056, first)',
    what: 'an entry that does not name the signature',
    attack: () => askSame(entryOf(signContent(otherPayload, SIGNER), otherPayload)),
    expected: 'LogEntryInvalid',
    control: GOOD_LOGGED,
  },
  {
    advisory: 'GHSA-8gw7-4j42-w388 (CVE-2022-36056, second)',
    what: 'the identity of a certificate is not compared',
    attack: () => askFile({}, { ...byLogin, identity: 'https://ci.example.com/another' }),
    expected: 'IdentityMismatch',
    control: GOOD_FILE,
  },
  {
    advisory: 'GHSA-8gw7-4j42-w388 (CVE-2022-36056, third)',
    what: 'an entry that cannot be read counts as one that is not there',
    attack: () => askSame('{"SignedEntryTimestamp":"","Payload":{}}'),
    expected: 'LogEntryInvalid',
    control: GOOD_LOGGED,
  },
  {
    advisory: 'GHSA-8gw7-4j42-w388 (CVE-2022-36056, fourth)',
    what: 'an entry that the log did not sign',
    attack: () => askSame(makeRekorSet({ rekor: OTHER_SIGNER, pem: toPem(SIGNER.publicKey), signature: good })),
    expected: 'LogEntryInvalid',
    control: GOOD_LOGGED,
  },
  {
    advisory: 'GHSA-ccxc-vr6p-4858 (CVE-2022-23649)',
    what: 'a signature that is in no log is said to be in one',
    attack: () => askLogged(undefined),
    expected: 'SignatureMalformed',
    control: GOOD_LOGGED,
  },
  {
    advisory: 'GHSA-88jx-383q-w4qc (CVE-2024-29902), GHSA-95pr-fxf5-86gv (CVE-2024-29903)',
    what: 'what lies beside an image is read whatever its length',
    attack: () => askImage({ change: (text) => text.padEnd(MAX_SIGSTORE_SIGNATURE_BYTES + 1) }),
    expected: 'LimitExceeded',
    control: GOOD_IMAGE,
  },
]);

testAdvisories('sigstore-go, sigstore-js, sigstore-ruby and gitsign', [
  {
    advisory: 'GHSA-cq38-jh5f-37mq (CVE-2024-45395)',
    what: 'a bundle with ever so many proofs keeps a verifier busy',
    attack: () => askFile({ stamps: MAX_BUNDLE_PROOFS + 1 }),
    expected: 'LimitExceeded',
    control: GOOD_FILE,
  },
  {
    advisory: 'GHSA-wqqc-jjcq-vfxm',
    what: 'a key counts outside of the time for which it is trusted',
    attack: () =>
      askFile(
        {},
        {
          ...byLogin,
          root: makeRoot({ logsValidFor: { start: '2025-01-01T00:00:00Z', end: '2026-05-31T23:59:59.999Z' } }),
        },
      ),
    expected: 'LogEntryInvalid',
    control: GOOD_FILE,
  },
  {
    advisory: 'CVE-2026-31830',
    what: 'a statement about another file',
    attack: () => askFile({ content: 'statement' }, byLogin, { kind: 'content', bytes: OTHER_ARTIFACT }),
    expected: 'DigestMismatch',
    control: () => askFile({ content: 'statement' }),
  },
  {
    advisory: 'GHSA-8pmp-678w-c8xx (CVE-2024-51746)',
    what: 'another entry of the log than the signature’s is taken',
    attack: () => askFile({ logVersion: 1, loggedSignature: signContent(OTHER_ARTIFACT, SIGNER) }),
    expected: 'LogEntryInvalid',
    control: () => askFile({ logVersion: 1 }),
  },
]);

testAdvisories('Rekor', [
  {
    advisory: 'GHSA-frqx-jfcm-6jjr (CVE-2023-33199)',
    what: 'an entry whose body lacks members ends the program',
    attack: () =>
      askFile({
        logVersion: 1,
        changeEntry: (entry) => ({
          ...entry,
          canonicalizedBody: Buffer.from('{"apiVersion":"0.0.2","kind":"intoto","spec":{}}').toString('base64'),
        }),
      }),
    expected: 'LogEntryInvalid',
    control: () => askFile({ logVersion: 1 }),
  },
]);

testAdvisories('containers/image', [
  {
    advisory: 'GHSA-6wvf-f2vw-3425 (CVE-2024-3727)',
    what: 'a signed digest that climbs out of a folder',
    attack: () => {
      const payload = toPayload(undefined, 'sha256:../../../etc/passwd');
      const signature = makeSignature({ keys: SIGNER, payload });
      return codeOf(() => verifyCosignSignature(signature, trustKeys([SIGNER]), WANTED, NOW));
    },
    expected: 'PayloadInvalid',
    control: () =>
      codeOf(() => verifyCosignSignature(makeSignature({ keys: SIGNER }), trustKeys([SIGNER]), WANTED, NOW)),
  },
]);

describe('containers/image', () => {
  test.each(['sha256:../../x', 'sha256:', `sha256:${'a'.repeat(63)}/`, `sha999:${'a'.repeat(64)}`])(
    'GHSA-6wvf-f2vw-3425 (CVE-2024-3727): %s is no digest',
    (text) => {
      expect(() => parseDigest(text)).toThrow(InputError);
    },
  );
});
