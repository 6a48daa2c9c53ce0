import type { Repository } from '../../base/names/reference.ts';
import { OPERATORS_REFUSE, type PreparedKeyring } from '../../crypto/openpgp/keys/keyring.ts';

/** `warn` turns reasons of the pullspec policy, and of nothing else, into warnings. */
export type Mode = 'enforce' | 'warn';

/**
 * What one profile's documents compile to: plain JSON, complete, immutable. Functions load nothing else.
 */
export interface PreparedTrust {
  readonly schema: 1;
  readonly profile: string;
  /** SHA-256 (hex) over the lines `<relative name>\0<sha256 of bytes>\n` of all documents, sorted by name. */
  readonly revision: string;
  readonly verification: 'enabled' | 'disabled';
  readonly canonicalRepositories: readonly Repository[];
  /** What a signature's payload may name. */
  readonly signedRepositories: readonly Repository[];
  readonly signedRepository: 'enforce' | 'off';
  readonly mode: Mode;
  readonly force: 'allow' | 'deny';
  /** What admission makes of an image that replaces a component and that no policy covers: denied when left out. */
  readonly componentImages?: 'deny' | 'warn' | undefined;
  readonly require: 'configured' | 'openpgp' | 'sigstore';
  readonly bundleIdentity: 'refuse' | 'digest';
  /** Of the nodes that pull from an index, such as `linux/amd64`; every `linux/*` platform that it names when left out. */
  readonly platforms?: readonly string[] | undefined;
  /** For graphs alone: never consulted by verify, check or admission. */
  readonly graphAliases: Readonly<Record<Repository, Repository>>;
  readonly pushSources: readonly PushSource[];
  /** All must be satisfied; an image policy stands beside them. */
  readonly keyrings: readonly PreparedKeyring[];
  readonly stores: readonly ConfiguredStore[];
  readonly storeAccess: StoreAccess;
  readonly registries: { readonly allowed: readonly string[] };
  readonly imagePolicies: readonly ConfiguredImagePolicy[];
  readonly registriesD: readonly RegistriesDDocument[];
  /** By the name of the key source of a policy.json that they were prepared from. */
  readonly policyKeyrings: readonly PreparedKeyring[];
  readonly policyFiles: readonly PolicyFile[];
  /** Key sources of a policy.json that hold no usable OpenPGP key; left out where there are none. */
  readonly unusablePolicyKeys?: readonly UnusableKeys[] | undefined;
  readonly mirrorRules: readonly MirrorRule[];
  readonly documents: readonly { readonly name: string; readonly sha256: string }[];
  readonly warnings: readonly string[];
}

/** The warnings that say what cluster-version operators do not load of the profile's keyrings. */
export function listOperatorWarnings({ warnings }: Pick<PreparedTrust, 'warnings'>): readonly string[] {
  return warnings.filter((warning) => warning.includes(OPERATORS_REFUSE));
}

export interface PushSource {
  readonly source: string;
  readonly registry: string;
  readonly repository: string;
  readonly mirrorOf?: Repository | undefined;
}

/** A place that the profile names: `https://`, `http://` or `file://`, without credentials, without a final slash. */
export interface ConfiguredStore {
  readonly url: string;
  /** What named it: a ConfigMap key, or the ClusterVersion's `signatureStores`. */
  readonly origin: string;
}

export interface StoreAccess {
  /** Loopback, private and link-local addresses may be contacted (a disconnected site needs it). */
  readonly allowPrivateAddresses: boolean;
  /** `file://` stores may be read. */
  readonly allowLocal: boolean;
  /** PEM certificates trusted beside the system's, from the profile's `caFile`. */
  readonly ca?: string | undefined;
}

/** An image policy, recognised and carried whole; evaluated by `lib/trust/policy` as far as this version can. */
export interface ConfiguredImagePolicy {
  readonly kind: 'ClusterImagePolicy' | 'ImagePolicy' | 'policy.json';
  /** `metadata.name`, or the file name of a policy.json. */
  readonly name: string;
  readonly document: string;
  /** What it covers: scopes as written; `everything` for a policy.json, whose `default` always applies. */
  readonly coverage: { readonly kind: 'scopes'; readonly scopes: readonly string[] } | { readonly kind: 'everything' };
  /** The parsed document. */
  readonly content: unknown;
}

/** What a Sigstore requirement of a policy.json names by path. */
export interface PolicyFile {
  /** The name of the key source. */
  readonly name: string;
  /** Base64. */
  readonly bytes: string;
}

/** A source of OpenPGP keys that makes its requirements unmeetable. */
export interface UnusableKeys {
  /** The name of the key source. */
  readonly name: string;
  readonly fault: string;
}

export interface RegistriesDDocument {
  readonly document: string;
  readonly content: unknown;
}

/** One entry of a mirror set. It makes remedies exact and widens nothing. */
export interface MirrorRule {
  readonly source: string;
  readonly mirrors: readonly string[];
  readonly neverContactSource: boolean;
  /** From an ImageTagMirrorSet: pulls by digest are not redirected. */
  readonly tagsOnly?: boolean | undefined;
  /** Kind and name of the document that it is from, such as `ImageDigestMirrorSet/release`. */
  readonly origin: string;
}

/** Keyrings that a profile may configure, and documents that it may consist of. */
export const MAX_KEYRINGS = 9;
export const MAX_DOCUMENTS = 256;
