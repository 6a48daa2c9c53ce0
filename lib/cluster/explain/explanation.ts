import type { Digest } from '../../base/names/digest.ts';

/** The facts in a text, and the parts of it that no pattern matches. */
export interface Explanation {
  readonly releases: readonly ReleaseFacts[];
  readonly pulls: readonly PullFacts[];
  /** Digests in the parts that no pattern matches: the text says nothing else about them. */
  readonly mentioned: readonly Digest[];
  readonly notUnderstood: readonly string[];
  /** How many messages of objects match no pattern; 0 for a plain text. */
  readonly otherMessages: number;
}

/** The facts about one release. */
export interface ReleaseFacts {
  /** Missing if the text has no complete digest. */
  readonly digest?: Digest | undefined;
  /** As written in the text. */
  readonly image?: string | undefined;
  readonly version?: string | undefined;
  readonly states: readonly ReleaseState[];
  /** Keyrings that no signature satisfied. */
  readonly keyrings: readonly string[];
  readonly asked: readonly Asked[];
  readonly faults: readonly { readonly fault: VerifierFault | 'download'; readonly text: string }[];
}

/** The facts about an image that a node pulled. */
export interface PullFacts {
  readonly image?: string | undefined;
  readonly digest?: Digest | undefined;
  readonly faults: readonly {
    readonly fault: PullFault;
    readonly text: string;
    /** The identity that the signature names. */
    readonly identity?: string | undefined;
  }[];
}

/** The state of a release, as the cluster reports it. */
export type ReleaseState =
  | 'retrieving'
  | 'refused'
  | 'forced'
  | 'loaded'
  | 'not-downloaded'
  | 'not-loaded'
  | 'other-version'
  | 'preconditions-failed';

/** Where the cluster looked for signatures. */
type AskedPlace =
  | { readonly kind: 'config-map'; readonly name: string }
  | { readonly kind: 'url'; readonly url: string }
  /** The result of all stores together, with the URLs in the message. */
  | { readonly kind: 'stores'; readonly urls: readonly string[] }
  /** `spec.signatureStores` of the ClusterVersion. */
  | { readonly kind: 'signature-stores' }
  /** A signature whose place the message does not name. */
  | { readonly kind: 'signature' };

/**
 * `absent`: no (further) signature there. `failed`: the place was unreachable or gave an error. `refused`: a signature was
 * found and does not verify. `misconfigured`: the cluster could not look there.
 */
export type Answer = 'absent' | 'failed' | 'refused' | 'misconfigured';

/** The answer of one place. */
export interface Asked {
  readonly place: AskedPlace;
  readonly answer: Answer;
  /** The message of the cluster. */
  readonly text: string;
  /** The time, as written. */
  readonly at?: string | undefined;
}

/** Why a node rejects an image. */
export type PullFault =
  | 'no-signature'
  | 'rejected-by-policy'
  | 'identity'
  | 'digest'
  | 'key'
  | 'certificate'
  | 'registry';

/** Why a verifier did not look for signatures. */
export type VerifierFault = 'not-by-digest' | 'digest-invalid' | 'no-trust';

/** One statement that a pattern matched. */
export type Statement =
  | { readonly kind: 'release'; readonly state: ReleaseState; readonly version: string; readonly image: string }
  | { readonly kind: 'unverified'; readonly digest: Digest; readonly keyrings: readonly string[] }
  | { readonly kind: 'verifier'; readonly fault: VerifierFault; readonly text: string }
  | { readonly kind: 'asked'; readonly digest: Digest | undefined; readonly asked: Asked }
  | { readonly kind: 'download'; readonly text: string }
  | { readonly kind: 'pull'; readonly image: string }
  | { readonly kind: 'pull-fault'; readonly fault: PullFault; readonly text: string; readonly identity?: string }
  /** A field of a log line that names its image. */
  | { readonly kind: 'image'; readonly image: string }
  /** A new line, which may concern another release or image. */
  | { readonly kind: 'line' }
  /** Known words without a fact. */
  | { readonly kind: 'known' };
