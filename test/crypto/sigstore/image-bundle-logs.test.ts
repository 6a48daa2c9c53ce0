import { describe, expect, test } from 'vitest';
import type { SigstoreTrust } from '../../../lib/crypto/sigstore/sigstore-trust.ts';
import { verifyBundle } from '../../../lib/crypto/sigstore/verify-bundle.ts';
import { codeOf } from './code-of.ts';
import { type ArtifactBundlePlan, makeArtifactBundle } from './make-artifact-bundle.ts';
import {
  alternativeNames,
  authority,
  CODE_SIGNING,
  HOSTNAME_TAG,
  makeCertificate,
  makeKeys,
  purposes,
} from './make-certificate.ts';
import { INSTANCE, LOGIN, makeLog } from './make-instance.ts';
import { NOW, OTHER_SIGNER, SIGNER, trustKeys } from './make-signature.ts';

/**
 * Which proofs of a bundle count for an image: policies name keys of logs, and no authority of timestamps. The
 * statements here are provenance, so what would be accepted ends as `PayloadInvalid`: all before it has held.
 */
const REACHED = 'PayloadInvalid';
const own = makeLog('log.example.com', makeKeys());

const logs = [INSTANCE.rekor1.keys, own.keys];
const fulcio: SigstoreTrust = {
  kind: 'fulcio',
  authorities: [INSTANCE.issuing.parsed],
  oidcIssuer: LOGIN,
  subjectEmail: 'signer@example.com',
  rekorKeys: logs.map(({ publicKey }) => publicKey),
};
const old = { logVersion: 1 } as const;

describe('the logs of a policy', () => {
  test.each<[name: string, expected: string, plan: ArtifactBundlePlan, trust: SigstoreTrust]>([
    ['keys, no log named, log of version 2', REACHED, { byKey: true }, trustKeys([SIGNER])],
    ['keys, an ECDSA log of version 2', REACHED, { byKey: true, log: own }, trustKeys([SIGNER], logs)],
    ['keys, another log of version 2', 'LogEntryInvalid', { byKey: true }, trustKeys([SIGNER], logs)],
    ['keys, log of version 1', REACHED, { byKey: true, ...old }, trustKeys([SIGNER], logs)],
    ['keys, a timestamp beside the log', REACHED, { byKey: true, ...old, stamp: {} }, trustKeys([SIGNER], logs)],
    [
      'keys, an entry about another key',
      'LogEntryInvalid',
      { byKey: true, ...old, loggedPem: INSTANCE.ca.pem },
      trustKeys([SIGNER], logs),
    ],
    [
      'keys, signed by another one',
      'SignatureInvalid',
      { byKey: true, ...old, keys: OTHER_SIGNER },
      trustKeys([SIGNER], logs),
    ],
    ['Fulcio, log of version 2 and a timestamp: nothing states a time', 'LogEntryInvalid', { log: own }, fulcio],
    ['Fulcio, log of version 1, but for another name', 'IdentityMismatch', old, fulcio],
  ])('%s: %s', (_, expected, plan, trust) => {
    const bundle = makeArtifactBundle({ keys: SIGNER, content: 'statement', ...plan });
    expect(codeOf(() => verifyBundle(bundle, trust, NOW))).toBe(expected);
  });
});

describe('a private authority', () => {
  const root = makeCertificate({ name: 'root', extensions: [authority()] });
  const middle = makeCertificate({ name: 'middle', issuer: root, extensions: [authority(0)] });
  const pki: SigstoreTrust = {
    kind: 'pki',
    roots: [root.parsed],
    intermediates: [],
    subjectEmail: undefined,
    subjectHostname: 'builder.example.com',
  };
  const leaf = makeCertificate({
    name: 'leaf',
    issuer: middle,
    keys: SIGNER,
    extensions: [purposes(CODE_SIGNING), alternativeNames([HOSTNAME_TAG, 'builder.example.com'])],
  });

  test.each<[name: string, expected: string, chain: readonly (typeof leaf)[]]>([
    ['with the chain that cosign writes into version 0.3', REACHED, [leaf, middle]],
    ['with its root in the chain', REACHED, [leaf, middle, root]],
    ['without the intermediate', 'KeyUnknown', [leaf]],
  ])('%s: %s', (_, expected, chain) => {
    const certificates = chain.map(({ parsed }) => ({ rawBytes: parsed.der.toString('base64') }));
    const signer = JSON.stringify({ x509CertificateChain: { certificates } }).slice(1, -1);
    const bundle = makeArtifactBundle({
      keys: SIGNER,
      byKey: true,
      content: 'statement',
      log: undefined,
      stamp: undefined,
      change: (text) => text.replace('"publicKey":{"hint":"any"}', signer),
    });
    expect(codeOf(() => verifyBundle(bundle, pki, NOW))).toBe(expected);
  });
});
