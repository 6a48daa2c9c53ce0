import type { PreparedKeyring } from '../../lib/crypto/openpgp/keys/keyring.ts';
import { prepareKeyring } from '../../lib/crypto/openpgp/keys/prepare-keyring.ts';
import { type CertificatePlan, writeCertificate } from '../fixtures/make/certificate-writer.ts';
import { type MessagePlan, signMessage, writeRelease } from '../fixtures/make/message-writer.ts';
import { KEY_CREATED, RELEASE_REPOSITORY, writePayload } from '../fixtures/make/payload.ts';
import { makeCompositeKey, makeEcdsaKey, makeRsaKey } from '../fixtures/make/signing-key.ts';

export interface Signer {
  /** Holds this signer's certificate alone. */
  readonly keyring: PreparedKeyring;
  readonly fingerprint: string;
  /** A release signature of this digest. ECDSA draws a number: signing twice gives two distinct signatures. */
  readonly sign: (digest: string, repository?: string, plan?: MessagePlan) => Buffer;
}

const MAKERS = {
  p256: () => makeEcdsaKey('P-256', KEY_CREATED),
  rsa2048: () => makeRsaKey(2048, KEY_CREATED),
  mldsa65: () => makeCompositeKey('ml-dsa-65', KEY_CREATED),
} as const;

interface SignerPlan extends Pick<CertificatePlan, 'revocation'> {
  /** `mldsa65` is of version 6. */
  readonly kind?: keyof typeof MAKERS;
}

/** A key made for this run, and the keyring `verifier-public-key-<name>` with its certificate. */
export async function makeSigner(name: string, { kind = 'p256', revocation }: SignerPlan = {}): Promise<Signer> {
  const primary = MAKERS[kind]();
  const userId = `Signet test ${name}`;
  const certificate = writeCertificate(
    revocation === undefined ? { primary, userId } : { primary, userId, revocation },
  );
  const { keyring } = await prepareKeyring(`verifier-public-key-${name}`, certificate);
  return {
    keyring,
    fingerprint: primary.fingerprint,
    sign: (digest, repository = RELEASE_REPOSITORY, plan = {}) => {
      const content = writePayload({ digest, reference: `${repository}:4.99.0-x86_64` });
      return writeRelease(signMessage(primary, { ...plan, content }));
    },
  };
}
