import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { splitPem } from '../../crypto/sigstore/x509/der.ts';
import type { AwsSettings } from '../aws/aws-settings.ts';
import { openSecret } from '../secrets/secret-source.ts';
import type { Signer } from './signer.ts';

/** Kinds of PEM blocks that hold a private key without a password. */
const PRIVATE_KEYS: ReadonlySet<string> = new Set(['PRIVATE KEY', 'EC PRIVATE KEY']);

/** Whether a location is a key of KMS. */
function isKmsKey(location: string): boolean {
  return /^arn:[a-z-]+:kms:/.test(location);
}

/**
 * Opens a key to sign with: the ARN of an asymmetric key of KMS (ECC_NIST_P256), or a PEM file with a private key of P-256
 * or Ed25519. The text of a file is shown in no error.
 *
 * @param readAws called for an ARN
 * @throws ConfigurationError `KeyUnreadable`, `KeyUnsupported`; StoreError
 */
export async function openSigner(location: string, readAws: () => AwsSettings): Promise<Signer> {
  if (!isKmsKey(location)) return createKeySigner(await openSecret(location)(), location);
  const { createKmsSigner } = await import('./kms-signer.ts');
  return await createKmsSigner(location, readAws());
}

/** @param description of the key, for messages @throws ConfigurationError */
function createKeySigner(pem: string, description: string): Signer {
  const key = parsePrivateKey(pem, description);
  const publicKey = createPublicKey(key);
  // Ed25519 signs the whole content.
  const algorithm = key.asymmetricKeyType === 'ed25519' ? undefined : 'sha256';
  return {
    description,
    publicKey,
    sign: async (content) => await Promise.resolve(sign(algorithm, content, key)),
  };
}

function parsePrivateKey(pem: string, name: string): KeyObject {
  const { blocks } = splitPem(pem);
  // `openssl ecparam -genkey` writes the name of the curve before the key.
  const [block, ...others] = blocks.filter(({ label }) => label !== 'EC PARAMETERS');
  if (block?.label === 'ENCRYPTED PRIVATE KEY' || pem.includes('Proc-Type: 4,ENCRYPTED')) {
    throw unreadable(name, 'the key has a password: give it without one, in a file that nobody else can read');
  }
  if (block === undefined || others.length > 0 || !PRIVATE_KEYS.has(block.label)) {
    throw unreadable(name, 'expected one PEM block, PRIVATE KEY or EC PRIVATE KEY');
  }
  let key: KeyObject;
  try {
    const type = block.label === 'PRIVATE KEY' ? 'pkcs8' : 'sec1';
    key = createPrivateKey({ key: block.der, format: 'der', type });
  } catch {
    // The cause may quote the key.
    throw unreadable(name, 'the private key does not parse');
  }
  verifyKind(key, name);
  return key;
}

/** @throws ConfigurationError `KeyUnsupported` */
function verifyKind(key: KeyObject, name: string): void {
  const { asymmetricKeyType: kind = 'unknown', asymmetricKeyDetails: { namedCurve } = {} } = key;
  if (kind === 'ed25519' || (kind === 'ec' && namedCurve === 'prime256v1')) return;
  const found = namedCurve === undefined ? kind : `${kind} ${namedCurve}`;
  throw new ConfigurationError('KeyUnsupported', `${name}: a key of the kind ${found}; use P-256 or Ed25519`);
}

function unreadable(name: string, fault: string): ConfigurationError {
  return new ConfigurationError('KeyUnreadable', `${name}: ${fault}`);
}
