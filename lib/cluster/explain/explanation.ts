import type { Digest } from '../../base/names/digest.ts';

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
  readonly fault: VerifierFault | ToolFault | 'download' | 'denied';
  readonly text: string;
}

/** A gate of the cluster: an update waits for an acknowledgement. */
export interface GateFacts {
  /** The minor version that it stands before. */
  readonly version: string;
  readonly repository: string;
  readonly text: string;
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

/** The state of a release, as the cluster reports it. */
export type ReleaseState =
  | 'retrieving'
  | 'refused'
  | 'forced'
  | 'loaded'
  | 'not-downloaded'
  | 'not-loaded'
  | 'other-version'
  | 'preconditions-failed'
  | 'not-mirrored'
  | 'denied';

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
 * found and does not verify. `misconfigured`: the cluster could not look there. `searched` and `found`: what a log says
 * before it says the result.
 */
export type Answer = 'absent' | 'failed' | 'refused' | 'misconfigured' | 'searched' | 'found';

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
  /** By a key that the policy does not name. */
  | 'key'
  | 'bad-signature'
  | 'expired'
  | 'malformed'
  | 'certificate'
  | 'email'
  | 'issuer'
  /** The transparency log that the policy asks for. */
  | 'log'
  /** A file that the policy names and the node lacks. */
  | 'key-file'
  /** A key of the policy that the node cannot use. */
  | 'policy-key'
  /** A member of the policy that this version of the node does not know. */
  | 'policy-member'
  | 'policy-invalid'
  | 'lookaside'
  | 'registry'
  | 'denied';

/** Why a verifier did not accept a release. */
export type VerifierFault = 'not-by-digest' | 'digest-invalid' | 'no-trust' | 'unsigned';

/** Why a tool did not copy a release, or its signature. */
export type ToolFault = 'absent' | 'refused' | 'no-packet' | 'interrupted' | 'config-map';

/** An admission policy beside Signet's. */
export type Engine = 'policy-controller' | 'kyverno';

/** One statement that a pattern matched. */
export type Statement =
  | { readonly kind: 'release'; readonly state: ReleaseState; readonly version: string; readonly image: string }
  | { readonly kind: 'unverified'; readonly digest: Digest; readonly keyrings: readonly string[] }
  | { readonly kind: 'verifier'; readonly fault: VerifierFault; readonly text: string }
  | { readonly kind: 'asked'; readonly digest: Digest | undefined; readonly asked: Asked }
  | { readonly kind: 'download'; readonly text: string }
  /** `isAttempt`: said before the pull, so that a fault on a later line is of this image. */
  | { readonly kind: 'pull'; readonly image: string; readonly isAttempt?: boolean }
  | { readonly kind: 'pull-fault'; readonly fault: PullFault; readonly text: string; readonly identity?: string }
  /** The operator begins to apply a version: what follows in the log is about it. */
  | { readonly kind: 'sync'; readonly version: string }
  | {
      readonly kind: 'tool';
      readonly tool: 'oc' | 'oc-mirror';
      readonly fault: ToolFault;
      readonly text: string;
      readonly digest: Digest | undefined;
      readonly image?: string | undefined;
    }
  | ({ readonly kind: 'gate' } & GateFacts)
  /** An admission policy begins to say why it denied. */
  | { readonly kind: 'engine'; readonly engine: Engine }
  | { readonly kind: 'denied'; readonly by: Engine | 'signet'; readonly image: string; readonly text: string }
  /** A field of a log line that names its image. */
  | { readonly kind: 'image'; readonly image: string }
  /** A new line, which may concern another release or image. */
  | { readonly kind: 'line' }
  /** Known words without a fact. */
  | { readonly kind: 'known' };

/** What an object says besides its messages. */
export interface PassageContext {
  /** The release that the object is about. */
  readonly image?: string | undefined;
  readonly version?: string | undefined;
  /** The hosted cluster, as NAMESPACE/NAME. */
  readonly hosted?: string | undefined;
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
