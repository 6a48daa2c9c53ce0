import { type CertificatePlan, FLAG, writeCertificate } from '../../fixtures/make/certificate-writer.ts';
import { KEY_CREATED, toSeconds } from '../../fixtures/make/payload.ts';
import {
  makeCompositeKey,
  makeEcdsaKey,
  makeEd448Key,
  makeEd25519Key,
  type SigningKey,
} from '../../fixtures/make/signing-key.ts';
import { type Signer, signTexts } from './make-signature-seeds.ts';
import type { SignatureSeeds } from './read-seeds.ts';

/** Fast ones: signatures of ML-DSA take a tenth of a millisecond, and five times the octets. */
const [OFTEN, SELDOM] = [8, 1];

/** Messages by keys of version 6: native, composite, revoked, expired, and by subkeys. */
export function makeVersion6Seeds(): SignatureSeeds {
  const certificates: Buffer[] = [];
  const file = (name: string, key: SigningKey, weight: number, plan: Partial<CertificatePlan> = {}): Signer => {
    certificates.push(writeCertificate({ userId: `Signet fuzz ${name}`, ...plan, primary: key }));
    const isGood = plan.revocation === undefined && plan.directSignatures === undefined;
    return { name, key, certificate: key.fingerprint, isGood, weight };
  };
  const ed25519 = (): SigningKey => makeEd25519Key('native', KEY_CREATED, 6);
  const [subkey, revokedSubkey] = [ed25519(), ed25519()];
  const revocation = { revokedAt: toSeconds('2025-06-01'), reason: 2 };
  const owner = file('version-6-subkeys', ed25519(), OFTEN, {
    subkeys: [{ key: subkey }, { key: revokedSubkey, revocation }],
  });
  const owned = { certificate: owner.certificate, weight: OFTEN };
  const signers: readonly Signer[] = [
    owner,
    { name: 'version-6-subkey', key: subkey, isGood: true, ...owned },
    { name: 'version-6-revoked-subkey', key: revokedSubkey, isGood: false, ...owned },
    file('version-6-p256', makeEcdsaKey('P-256', KEY_CREATED, 6), OFTEN),
    file('version-6-ed448', makeEd448Key(KEY_CREATED), SELDOM),
    file('version-6-mldsa65', makeCompositeKey('ml-dsa-65', KEY_CREATED), SELDOM),
    file('version-6-mldsa87', makeCompositeKey('ml-dsa-87', KEY_CREATED), SELDOM),
    file('version-6-revoked', ed25519(), OFTEN, { revocation }),
    file('version-6-expired', ed25519(), OFTEN, { directSignatures: [{ lifetime: 86_400 }] }),
    file('version-6-certify-only', ed25519(), OFTEN, { directSignatures: [{ flags: FLAG.certify }] }),
  ];
  const signed = signers.map(signTexts);
  return {
    keyFile: Buffer.concat(certificates).toString('base64'),
    genuine: signed.flatMap(({ genuine }) => genuine),
    inputs: signed.flatMap(({ inputs }) => inputs),
  };
}
