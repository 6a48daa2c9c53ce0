import { hash } from 'node:crypto';
import { formatSignatureBlob } from '../../../lib/crypto/sigstore/signature-blob.ts';
import { makeKeys } from '../../crypto/sigstore/make-certificate.ts';
import { makeSignature, toPayload, toPem } from '../../crypto/sigstore/make-signature.ts';
import { writeCertificate } from '../../fixtures/make/certificate-writer.ts';
import { signMessage, writeRelease } from '../../fixtures/make/message-writer.ts';
import { KEY_CREATED, writePayload } from '../../fixtures/make/payload.ts';
import { makeEcdsaKey } from '../../fixtures/make/signing-key.ts';
import type { PolicySeeds } from './read-seeds.ts';

const REPOSITORY = 'registry.example.com/product/release';
const TAG = '4.20.1';

/** An image with one signature of each kind, the keys that made them, and keys that did not. */
export function makePolicySeeds(): PolicySeeds {
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', size: 2, digest: `sha256:${'c'.repeat(64)}` },
      layers: [],
    }),
  );
  const digest = `sha256:${hash('sha256', manifest)}`;
  const signedReference = `${REPOSITORY}:${TAG}`;
  const [good, other] = [makeKeys(), makeKeys()];
  const [signer, stranger] = [makeEcdsaKey('P-256', KEY_CREATED), makeEcdsaKey('P-256', KEY_CREATED)];
  const message = writeRelease(signMessage(signer, { content: writePayload({ digest, reference: signedReference }) }));
  const signature = makeSignature({ keys: good, payload: toPayload(signedReference, digest) });
  return {
    manifest: manifest.toString('base64'),
    repository: REPOSITORY,
    signedReference,
    signatures: [message, formatSignatureBlob(signature)].map((bytes) => Buffer.from(bytes).toString('base64')),
    sigstoreKeys: { good: toPem(good.publicKey), other: toPem(other.publicKey) },
    openpgpKeys: {
      good: writeCertificate({ primary: signer, userId: 'Signet fuzz policy' }).toString('base64'),
      other: writeCertificate({ primary: stranger, userId: 'Signet fuzz stranger' }).toString('base64'),
    },
    fingerprint: signer.fingerprint,
  };
}
