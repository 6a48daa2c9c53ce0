import type { Digest } from '../../base/names/digest.ts';
import type { Asked, PullFault, ReleaseState, VerifierFault } from './statement.ts';

/** What a text says about one release. */
export interface ReleaseFacts {
  /** Missing where the text names no whole digest. */
  readonly digest?: Digest | undefined;
  /** As the text names it. */
  readonly image?: string | undefined;
  readonly version?: string | undefined;
  readonly states: readonly ReleaseState[];
  /** Keyrings that no signature satisfied. */
  readonly keyrings: readonly string[];
  readonly asked: readonly Asked[];
  readonly faults: readonly { readonly fault: VerifierFault | 'download'; readonly text: string }[];
}

/** What a text says about an image that a node was to run. */
export interface PullFacts {
  readonly image?: string | undefined;
  readonly digest?: Digest | undefined;
  readonly faults: readonly {
    readonly fault: PullFault;
    readonly text: string;
    /** What the signature names. */
    readonly identity?: string | undefined;
  }[];
}

/** What a text says, and what of it was not understood. */
export interface Explanation {
  readonly releases: readonly ReleaseFacts[];
  readonly pulls: readonly PullFacts[];
  /** Digests that stand in what was not understood: nothing is known of them. */
  readonly mentioned: readonly Digest[];
  readonly notUnderstood: readonly string[];
  /** Messages of objects in which nothing was understood; of a text there are none. */
  readonly otherMessages: number;
}
