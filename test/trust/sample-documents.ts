import { readFileSync } from 'node:fs';
import type { TrustDocument } from '../../lib/trust/prepared/trust-document.ts';

/** An armored test key with one RSA certificate. */
export const KEY = readFileSync(new URL('../fixtures/openpgp/keys/rsa3072.asc', import.meta.url), 'utf8');

/** A certificate whose private key was thrown away. */
export const CA_PEM = `-----BEGIN CERTIFICATE-----
MIIBiDCCAS+gAwIBAgIUaqPRv+1tLq19cDreWqgZwOLreMswCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOU2lnbmV0IHRlc3QgQ0EwIBcNMjYxMTIyMDQyNzI5WhgPMjEy
NjEwMjkwNDI3MjlaMBkxFzAVBgNVBAMMDlNpZ25ldCB0ZXN0IENBMFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAEbltkOTGMxeMowCup9xWoRI3kS/JO3F8NTdIdB3ga
gnLgriZV2VCBQRC9m05oEQvOSl4hk5KQHHIRcP4tgPq+eaNTMFEwHQYDVR0OBBYE
FDTqZUihvsnWJxWNo50W0JmCx8xIMB8GA1UdIwQYMBaAFDTqZUihvsnWJxWNo50W
0JmCx8xIMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgfpdN5MvV
ZhoqyR69hN7lhyDVCRUJ0GKc+eiv5uNIHcUCIHsefSjZ3biJqrTzIEXM73YvVhcB
zPG0Ls6dD1rdOU3W
-----END CERTIFICATE-----
`;

export function file(name: string, text: string): TrustDocument {
  return { name, bytes: new TextEncoder().encode(text) };
}

interface ConfigMapParts {
  readonly name?: string;
  readonly annotated?: boolean;
  readonly data?: Readonly<Record<string, unknown>> | null;
}

export const TRUST_DATA = { 'store-a': 'https://signatures.example/release', 'verifier-public-key-a': KEY };

/** A release-verification ConfigMap in JSON, which is YAML too. */
export function trustConfigMap({
  name = 'release-verification',
  annotated = true,
  data = TRUST_DATA,
}: ConfigMapParts = {}) {
  const annotations = annotated ? { 'release.openshift.io/verification-config-map': '' } : {};
  const metadata = { namespace: 'openshift-config-managed', name, annotations };
  return JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data }, null, 2);
}

export function profile(spec: Readonly<Record<string, unknown>>, name = 'acme'): string {
  return JSON.stringify({ apiVersion: 'signet/v1', kind: 'Profile', metadata: { name }, spec }, null, 2);
}

export const IMAGE_POLICY = `apiVersion: config.openshift.io/v1
kind: ClusterImagePolicy
metadata:
  name: releases
spec:
  scopes:
  - quay.io/acme/release
  policy:
    rootOfTrust:
      policyType: PublicKey
      publicKey: {keyData: LS0tLS1CRUdJTiBQVUJMSUMgS0VZLS0tLS0KTUZrd0V3WUhLb1pJemowQ0FRWUlLb1pJemowREFRY0RRZ0FFNDF2b2h2b2x4T1NnMFFQWFIwQVlnZHY0QndXcwpEQXRvUnFrU2k1VVZVbUhYNHBJRWxjREpJODhZU3AwMmJhZkJ5ald0c0JnZFhWM1pxdmtDWlNLNEpnPT0KLS0tLS1FTkQgUFVCTElDIEtFWS0tLS0tCg==}
`;

export const MIRROR_SETS = `apiVersion: config.openshift.io/v1
kind: ImageDigestMirrorSet
metadata: {name: release}
spec:
  imageDigestMirrors:
  - source: quay.io/acme/release
    mirrors: [mirror.example:5000/acme]
    mirrorSourcePolicy: NeverContactSource
---
apiVersion: config.openshift.io/v1
kind: ImageTagMirrorSet
metadata: {name: tools}
spec:
  imageTagMirrors:
  - {source: quay.io/acme/tools, mirrors: [mirror.example:5000/tools]}
---
apiVersion: operator.openshift.io/v1alpha1
kind: ImageContentSourcePolicy
metadata: {name: old}
spec:
  repositoryDigestMirrors:
  - {source: quay.io/acme/old, mirrors: [mirror.example:5000/old]}
`;
