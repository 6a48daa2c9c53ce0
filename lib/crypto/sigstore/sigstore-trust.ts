import type { KeyObject } from 'node:crypto';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { parseTrustedCertificates } from './x509/certificate.ts';
import { parsePublicKey } from './x509/public-key.ts';
import type { FulcioTrust, PkiTrust } from './x509/signer-certificate.ts';

/** What Sigstore signatures are verified with: exactly one kind. */
export type SigstoreTrust =
  | {
      readonly kind: 'keys';
      /** Never empty; any of them may have signed. */
      readonly keys: readonly KeyObject[];
      /** When there are any, one of them must have logged the signature. */
      readonly rekorKeys: readonly KeyObject[];
    }
  | ({
      readonly kind: 'fulcio';
      /** Never empty. */
      readonly rekorKeys: readonly KeyObject[];
    } & FulcioTrust)
  | ({ readonly kind: 'pki' } & PkiTrust);

/** The same as configured (a `SigstoreRoot` of an image policy is one), each key or certificate where `S` says. */
export type SigstoreTrustSource<S> =
  | { readonly kind: 'keys'; readonly keys: readonly S[]; readonly rekorKeys: readonly S[] }
  | {
      readonly kind: 'fulcio';
      readonly ca: S;
      readonly oidcIssuer: string;
      readonly subjectEmail: string;
      readonly rekorKeys: readonly S[];
    }
  | {
      readonly kind: 'pki';
      readonly caRoots: S;
      readonly caIntermediates: S | undefined;
      readonly subjectEmail: string | undefined;
      readonly subjectHostname: string | undefined;
    };

/**
 * Reads all keys and certificates, so that a broken one is reported before a signature needs it.
 *
 * @param bytesOf gives the PEM text of a source
 * @throws ConfigurationError `KeyUnreadable`, `KeyUnsupported`; `TrustUnusable` when the trust would accept nothing or anything
 */
export function prepareSigstoreTrust<S>(
  source: SigstoreTrustSource<S>,
  bytesOf: (source: S) => Uint8Array,
): SigstoreTrust {
  switch (source.kind) {
    case 'keys': {
      const keys = parseKeys(source.keys.map(bytesOf));
      return { kind: 'keys', keys, rekorKeys: parseRekorKeys(source.rekorKeys.map(bytesOf)) };
    }
    case 'fulcio': {
      const { ca, oidcIssuer, subjectEmail } = source;
      if (oidcIssuer === '' || subjectEmail === '') throw unusable('Fulcio needs an OIDC issuer and an email address');
      const rekorKeys = parseRekorKeys(source.rekorKeys.map(bytesOf));
      if (rekorKeys.length === 0) throw unusable('Fulcio needs a Rekor key: its certificates expire in minutes');
      const authorities = parseTrustedCertificates(bytesOf(ca), 'Fulcio CA');
      return { kind: 'fulcio', authorities, oidcIssuer, subjectEmail, rekorKeys };
    }
    case 'pki': {
      const { caRoots, caIntermediates, subjectEmail, subjectHostname } = source;
      const isNamed = subjectEmail !== undefined || subjectHostname !== undefined;
      if (!isNamed || subjectEmail === '' || subjectHostname === '') {
        throw unusable('PKI needs an email address or a host name');
      }
      const roots = parseTrustedCertificates(bytesOf(caRoots), 'CA roots');
      const intermediates =
        caIntermediates === undefined ? [] : parseTrustedCertificates(bytesOf(caIntermediates), 'CA intermediates');
      return { kind: 'pki', roots, intermediates, subjectEmail, subjectHostname };
    }
    default:
      throw unusable('the kind of trust is not known');
  }
}

function parseKeys(pems: readonly Uint8Array[]): readonly KeyObject[] {
  if (pems.length === 0) throw unusable('there is no public key');
  return pems.map((pem, index) => parsePublicKey(pem, `public key ${index + 1}`));
}

function parseRekorKeys(pems: readonly Uint8Array[]): readonly KeyObject[] {
  return pems.map((pem, index) => {
    const key = parsePublicKey(pem, `Rekor key ${index + 1}`);
    if (key.asymmetricKeyType === 'ec') return key;
    throw new ConfigurationError('KeyUnsupported', `Rekor key ${index + 1}: it is not for ECDSA`);
  });
}

function unusable(reason: string): ConfigurationError {
  return new ConfigurationError('TrustUnusable', reason);
}

type PrehashedCheck = (key: KeyObject, content: Uint8Array, signature: Uint8Array) => boolean;

/** Undefined until the first trust in a key of Ed25519: loading it takes as long as a hundred verifications. */
let isPrehashed: PrehashedCheck | undefined;

/** Lets Ed25519ph be verified, which `node:crypto` lacks; without it such a signature does not verify. */
export function usePrehashed(check: PrehashedCheck): void {
  isPrehashed = check;
}

/** Whether the trust names a key that may sign as Ed25519ph: cosign signs images so. */
export function mayBePrehashed(trust: SigstoreTrust): boolean {
  return trust.kind === 'keys' && trust.keys.some(({ asymmetricKeyType }) => asymmetricKeyType === 'ed25519');
}

/** The key that signed the content as Ed25519ph; undefined where none did, and where nothing was loaded for it. */
export function findPrehashed(
  keys: readonly KeyObject[],
  content: Uint8Array,
  signature: Uint8Array,
): KeyObject | undefined {
  return keys.find((key) => isPrehashed?.(key, content, signature) === true);
}
