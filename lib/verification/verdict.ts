import type { ReasonCode } from '../errors/reason-code.ts';
import type { Digest } from '../pullspec/digest.ts';

export type Outcome = 'accepted' | 'rejected' | 'indeterminate';

/** `warn` turns reasons of the pullspec policy, and of nothing else, into warnings. */
export type Mode = 'enforce' | 'warn';

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
  readonly code: ReasonCode | 'Verified';
  readonly message: string;
  /** What a reader should know although it changes nothing, such as "current clusters cannot check this key". */
  readonly note?: string | undefined;
}

/** The decision and all of its evidence. `decidedAt` is an RFC 3339 time in UTC. */
export interface Verdict {
  readonly schema: 1;
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
  readonly decidedAt: string;
}
