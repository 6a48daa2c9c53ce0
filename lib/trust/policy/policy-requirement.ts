import type { SignedIdentity } from './signed-identity.ts';

/** One requirement of a policy.json (containers-policy.json(5)): an image must meet every one of its scope's. */
export type PolicyRequirement =
  | { readonly type: 'insecureAcceptAnything' }
  | { readonly type: 'reject' }
  | SignedByRequirement
  | SigstoreSignedRequirement
  | SignedBaseLayerRequirement;

/** Where key or certificate bytes are: a file of the node, or in the document itself. */
export type KeySource =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'data'; readonly bytes: Uint8Array };

/** Simple signing: an OpenPGP signature by any key of any of the sources. */
export interface SignedByRequirement {
  readonly type: 'signedBy';
  /** Only `GPGKeys` can be evaluated; the others are spellings that a policy may hold. */
  readonly keyType: 'GPGKeys' | 'signedByGPGKeys' | 'X509Certificates' | 'signedByX509CAs';
  /** Never empty. */
  readonly keys: readonly KeySource[];
  readonly signedIdentity: SignedIdentity;
}

export interface SigstoreSignedRequirement {
  readonly type: 'sigstoreSigned';
  readonly root: SigstoreRoot;
  readonly signedIdentity: SignedIdentity;
}

/** What vouches for a Sigstore signature: exactly one kind. */
export type SigstoreRoot =
  | {
      readonly kind: 'keys';
      readonly keys: readonly KeySource[];
      /** When there are any, one of them must have logged the signature. */
      readonly rekorKeys: readonly KeySource[];
    }
  | {
      readonly kind: 'fulcio';
      readonly ca: KeySource;
      readonly oidcIssuer: string;
      readonly subjectEmail: string;
      /** Never empty. */
      readonly rekorKeys: readonly KeySource[];
    }
  | {
      readonly kind: 'pki';
      readonly caRoots: KeySource;
      readonly caIntermediates: KeySource | undefined;
      /** At least one of the two is given. */
      readonly subjectEmail: string | undefined;
      readonly subjectHostname: string | undefined;
    };

/** Parsed, because policies hold it; never met, as in containers/image. */
export interface SignedBaseLayerRequirement {
  readonly type: 'signedBaseLayer';
  readonly baseLayerIdentity: SignedIdentity;
}
