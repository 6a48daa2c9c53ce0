import type { Digest } from '../../base/names/digest.ts';

/** What became of a release, by the words of the cluster. */
export type ReleaseState =
  | 'retrieving'
  | 'refused'
  | 'forced'
  | 'loaded'
  | 'not-downloaded'
  | 'not-loaded'
  | 'other-version'
  | 'preconditions-failed';

/** Where the cluster looked for a signature. */
export type AskedPlace =
  | { readonly kind: 'config-map'; readonly name: string }
  | { readonly kind: 'url'; readonly url: string }
  /** All stores together, with those that it names. */
  | { readonly kind: 'stores'; readonly urls: readonly string[] }
  /** `spec.signatureStores` of the ClusterVersion. */
  | { readonly kind: 'signature-stores' }
  /** A signature was found; where is not said. */
  | { readonly kind: 'signature' };

/**
 * `absent`: it answered that there is no (further) signature. `failed`: it did not answer as a store should.
 * `refused`: a signature was found and does not hold. `misconfigured`: the cluster could not ask.
 */
export type Answer = 'absent' | 'failed' | 'refused' | 'misconfigured';

/** What one place answered. */
export interface Asked {
  readonly place: AskedPlace;
  readonly answer: Answer;
  /** The cluster's own words. */
  readonly text: string;
  /** When, as written. */
  readonly at?: string | undefined;
}

/** Why a node does not run an image. */
export type PullFault =
  | 'no-signature'
  | 'rejected-by-policy'
  | 'identity'
  | 'digest'
  | 'key'
  | 'certificate'
  | 'registry';

/** Why a verifier did not look for signatures at all. */
export type VerifierFault = 'not-by-digest' | 'digest-invalid' | 'no-trust';

/** One thing that a text says and that was understood. */
export type Statement =
  | { readonly kind: 'release'; readonly state: ReleaseState; readonly version: string; readonly image: string }
  | { readonly kind: 'unverified'; readonly digest: Digest; readonly keyrings: readonly string[] }
  | { readonly kind: 'verifier'; readonly fault: VerifierFault; readonly text: string }
  | { readonly kind: 'asked'; readonly digest: Digest | undefined; readonly asked: Asked }
  | { readonly kind: 'download'; readonly text: string }
  | { readonly kind: 'pull'; readonly image: string }
  | { readonly kind: 'pull-fault'; readonly fault: PullFault; readonly text: string; readonly identity?: string }
  /** A field of a log line: the image that the line is about. */
  | { readonly kind: 'image'; readonly image: string }
  /** Another line begins: what it says may be of something else. */
  | { readonly kind: 'line' }
  /** Words that are known and add nothing. */
  | { readonly kind: 'known' };
