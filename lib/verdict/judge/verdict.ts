import type { ReasonCode } from '../../base/errors/reason-code.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { Mode } from '../../trust/prepared/prepared-trust.ts';

/** What decided, as every verdict names it. A test holds it against package.json. */
export const VERIFIER_VERSION = 'signet/0.2.0';

export type Outcome = 'accepted' | 'rejected' | 'indeterminate';

/** Bytes of the distinct signatures that an acceptance rests on: they have to fit into its record. */
export const MAX_PROOF_BYTES = 512 * 1024;

/** Why, in a sentence, and what the reader can do about it. */
export interface Reason {
  readonly code: ReasonCode;
  readonly message: string;
  readonly remedy?: string | undefined;
}

/** One thing that was looked at: a location in a store, and what one keyring made of the signature found there. */
export interface Attempt {
  readonly store: string;
  readonly location: string;
  readonly keyring?: string | undefined;
  /** Fingerprint of the certificate that made, or claims to have made, the signature. */
  readonly signer?: string | undefined;
  /** `repository@digest` of the image whose policy had it looked at; missing where a release keyring did. */
  readonly image?: string | undefined;
  readonly code: ReasonCode | 'Verified';
  readonly message: string;
  /** What a reader should know although it changes nothing, such as "current clusters cannot check this key". */
  readonly note?: string | undefined;
}

/** What an image policy made of an image. */
export interface PolicyResult {
  /** Name of the policy's document. */
  readonly document: string;
  /** `repository@digest` of the image that a node runs. */
  readonly image: string;
  /** `transport:scope`, or `default`. */
  readonly scope: string;
  readonly outcome: Outcome;
  /** In the policy's order; every one must be met. */
  readonly requirements: readonly {
    readonly requirement: string;
    readonly outcome: Outcome;
    readonly reasons: readonly Reason[];
  }[];
}

/** An entry of an index: an image that nodes run, with its result, or one that none of them runs. */
export interface ImageResult {
  readonly digest: Digest;
  /** Such as `linux/amd64`; of an entry that names none, empty. */
  readonly platforms: readonly string[];
  /** Missing for an entry that no node of the platforms in question runs, such as an attestation. */
  readonly outcome?: Outcome | undefined;
}

/** The decision and all of its evidence. `decidedAt` is an RFC 3339 time in UTC. */
export interface Verdict {
  /** 1: decided before per-image rules, by the digest asked for alone. */
  readonly schema: 1 | 2;
  /** An image that replaces a component of a release: image policies alone count for it. Missing for a release. */
  readonly judgedAs?: 'component' | undefined;
  readonly outcome: Outcome;
  readonly forced: boolean;
  readonly pullspec: string;
  readonly canonicalPullspec?: string | undefined;
  readonly digest?: Digest | undefined;
  readonly profile: string;
  readonly mode: Mode;
  readonly trustRevision: string;
  readonly verifierVersion: string;
  readonly reasons: readonly Reason[];
  readonly warnings: readonly Reason[];
  readonly attempts: readonly Attempt[];
  /** Missing where no image policy was evaluated. */
  readonly policies?: readonly PolicyResult[] | undefined;
  /** What the caller named; missing where the profile or the index decided. */
  readonly platforms?: readonly string[] | undefined;
  /** Of an index whose images had to be looked at; missing for anything else. */
  readonly images?: readonly ImageResult[] | undefined;
  readonly decidedAt: string;
}
