import { hash } from 'node:crypto';
import type { SignedIdentity } from './signed-identity.ts';

/** One requirement of a policy.json (containers-policy.json(5)): an image must meet every one of its scope's. */
export type PolicyRequirement =
  | { readonly type: 'insecureAcceptAnything' }
  | { readonly type: 'reject' }
  | SignedByRequirement
  | SigstoreSignedRequirement
  | SignedBaseLayerRequirement
  | UnsupportedRequirement;

/** Where key or certificate bytes are: a file of the node, or in the document itself. Path and bytes may be empty. */
export type KeySource =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'data'; readonly bytes: Uint8Array };

/** Simple signing: an OpenPGP signature by any key of any of the sources. */
export interface SignedByRequirement {
  readonly type: 'signedBy';
  /** Only `GPGKeys` can be evaluated; the others are spellings that a policy may hold. */
  readonly keyType: 'GPGKeys' | 'signedByGPGKeys' | 'X509Certificates' | 'signedByX509CAs';
  /** Where it is empty, no signature satisfies the requirement. */
  readonly keys: readonly KeySource[];
  readonly signedIdentity: SignedIdentity;
}

export interface SigstoreSignedRequirement {
  readonly type: 'sigstoreSigned';
  readonly root: SigstoreRoot;
  readonly signedIdentity: SignedIdentity;
}

/** The root of trust of a Sigstore signature: exactly one kind. */
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
interface SignedBaseLayerRequirement {
  readonly type: 'signedBaseLayer';
  readonly baseLayerIdentity: SignedIdentity;
}

/** A requirement of a (Cluster)ImagePolicy that a later API has and this version does not know; never met. */
export interface UnsupportedRequirement {
  readonly type: 'unsupported';
  /** Which part is not known. */
  readonly fault: string;
}

/** The name of a key source, always the same: its path, or the SHA-256 of the bytes in the policy. */
export function keySourceName(source: KeySource): string {
  return source.kind === 'path' ? `keyPath ${source.path}` : `keyData sha256:${hash('sha256', source.bytes, 'hex')}`;
}

/** Every key or certificate that a Sigstore root names. */
export function listRootSources(root: SigstoreRoot): readonly KeySource[] {
  switch (root.kind) {
    case 'keys':
      return [...root.keys, ...root.rekorKeys];
    case 'fulcio':
      return [root.ca, ...root.rekorKeys];
    case 'pki':
      return [root.caRoots, ...(root.caIntermediates === undefined ? [] : [root.caIntermediates])];
    default:
      return root satisfies never;
  }
}

/** One line that identifies a requirement among those of its scope. */
export function describeRequirement(requirement: PolicyRequirement): string {
  switch (requirement.type) {
    case 'insecureAcceptAnything':
    case 'reject':
      return requirement.type;
    case 'signedBy':
      return `signedBy ${requirement.keys.map(keySourceName).join(' or ') || 'no key'}, ${describeIdentity(requirement.signedIdentity)}`;
    case 'sigstoreSigned':
      return `sigstoreSigned ${describeRoot(requirement.root)}, ${describeIdentity(requirement.signedIdentity)}`;
    case 'signedBaseLayer':
      return `signedBaseLayer, ${describeIdentity(requirement.baseLayerIdentity)}`;
    case 'unsupported':
      return `unsupported, ${requirement.fault}`;
    default:
      return requirement satisfies never;
  }
}

function describeIdentity(identity: SignedIdentity): string {
  switch (identity.type) {
    case 'exactReference':
      return `${identity.type} ${identity.dockerReference}`;
    case 'exactRepository':
      return `${identity.type} ${identity.dockerRepository}`;
    case 'remapIdentity':
      return `${identity.type} ${identity.prefix} to ${identity.signedPrefix}`;
    case 'matchExact':
    case 'matchRepoDigestOrExact':
    case 'matchRepository':
      return identity.type;
    default:
      return identity satisfies never;
  }
}

/** One line that identifies a Sigstore root. */
export function describeRoot(root: SigstoreRoot): string {
  switch (root.kind) {
    case 'keys':
      return root.keys.map(keySourceName).join(' or ');
    case 'fulcio':
      return `by ${root.subjectEmail} through ${root.oidcIssuer}, CA ${keySourceName(root.ca)}`;
    case 'pki':
      return `by ${root.subjectEmail ?? root.subjectHostname}, roots ${keySourceName(root.caRoots)}`;
    default:
      return root satisfies never;
  }
}
