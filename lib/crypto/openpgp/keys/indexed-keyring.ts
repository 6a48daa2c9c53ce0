import { SignatureError } from '../../../base/errors/signature-error.ts';
import { toVerificationKey, type VerificationKey } from './check-signature.ts';
import type { PreparedCertificate, PreparedKey, PreparedKeyring } from './prepared-keyring.ts';

/** One key of a keyring, ready to check signatures with. */
export interface IndexedKey {
  readonly certificate: PreparedCertificate;
  readonly key: PreparedKey;
  /** @throws SignatureError `SignatureUnsupported` for an algorithm that Signet does not verify */
  readonly verificationKey: () => VerificationKey;
}

/** A prepared keyring, looked up by key ID. */
export interface IndexedKeyring {
  readonly name: string;
  readonly keysById: ReadonlyMap<string, readonly IndexedKey[]>;
}

/** Done once per load of trust; keys become `node:crypto` objects when first used. */
export function indexKeyring({ name, certificates }: PreparedKeyring): IndexedKeyring {
  const keysById = new Map<string, IndexedKey[]>();
  for (const certificate of certificates) {
    for (const key of certificate.keys) {
      const keyId = key.fingerprint.slice(-16);
      const sameId = keysById.get(keyId) ?? [];
      sameId.push({ certificate, key, verificationKey: once(() => toUsableKey(key)) });
      keysById.set(keyId, sameId);
    }
  }
  return { name, keysById };
}

function toUsableKey(key: PreparedKey): VerificationKey {
  if (key.material === undefined) {
    throw new SignatureError('SignatureUnsupported', `key algorithm ${key.algorithm} is not supported`);
  }
  return toVerificationKey(key.material);
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
