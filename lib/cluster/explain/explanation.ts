import type { Digest } from '../../base/names/digest.ts';
import type {
  Asked,
  Engine,
  GateFacts,
  PullFault,
  ReleaseState,
  ToolFault,
  VerifierFault,
} from './patterns/statement.ts';

/** The facts in a text, and the parts of it that no pattern matches. */
export interface Explanation {
  readonly releases: readonly ReleaseFacts[];
  readonly pulls: readonly PullFacts[];
  /** What a later version will ask of this site. */
  readonly gates: readonly GateFacts[];
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
  readonly faults: readonly ReleaseFault[];
  /** The hosted cluster that it is for; missing for the cluster that the text is from. */
  readonly hosted?: string | undefined;
}

export interface ReleaseFault {
  readonly fault: VerifierFault | ToolFault | 'download' | 'pull-refused' | 'unverified' | 'denied' | 'verdict';
  readonly text: string;
  /** Signet's own, of a verdict or an error. */
  readonly code?: string | undefined;
}

/** The facts about an image that a node pulled. */
export interface PullFacts {
  readonly image?: string | undefined;
  readonly digest?: Digest | undefined;
  readonly faults: readonly {
    readonly fault: PullFault;
    readonly text: string;
    /** The identity, file or member of the policy that the fault is about. */
    readonly identity?: string | undefined;
  }[];
  /** What denied it before a node pulled it. */
  readonly deniedBy?: Engine | undefined;
}

/** What to do: a sentence and, if there is one, the exact command, object or file. */
export interface Fix {
  readonly say: string;
  /** For a shell. */
  readonly command?: string | undefined;
  /** A Kubernetes object to apply. */
  readonly manifest?: object | undefined;
  /** A file that is not a Kubernetes object. */
  readonly file?: { readonly name: string; readonly text: string } | undefined;
}

/** Quotes a text as one word of a POSIX shell. */
export function toShellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
