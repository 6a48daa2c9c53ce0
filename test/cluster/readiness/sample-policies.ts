import { makeKeys } from '../../crypto/sigstore/make-certificate.ts';
import { toPem } from '../../crypto/sigstore/make-signature.ts';

const key = Buffer.from(toPem(makeKeys().publicKey)).toString('base64');
const CERTIFICATE = Buffer.from('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n').toString('base64');

/** A ClusterImagePolicy by a key, which nodes since 4.12 read. */
export function makeKeyPolicy(scopes: readonly string[] = ['registry.example.com/acme']): object {
  return makePolicy('acme', scopes, { policyType: 'PublicKey', publicKey: { keyData: key } });
}

/** One by certificates of Fulcio, which needs a later library. */
export function makeCertificatePolicy(): object {
  const fulcioSubject = { oidcIssuer: 'https://issuer.example.com', signedEmail: 'a@example.com' };
  const fulcioCAWithRekor = { fulcioCAData: CERTIFICATE, rekorKeyData: key, fulcioSubject };
  return makePolicy('login', ['registry.example.com/login'], { policyType: 'FulcioCAWithRekor', fulcioCAWithRekor });
}

function makePolicy(name: string, scopes: readonly string[], rootOfTrust: object): object {
  return {
    apiVersion: 'config.openshift.io/v1',
    kind: 'ClusterImagePolicy',
    metadata: { name, resourceVersion: '3' },
    spec: { scopes, policy: { rootOfTrust, signedIdentity: { matchPolicy: 'MatchRepository' } } },
    status: { conditions: [] },
  };
}
