import type { Digest } from '../../../base/names/digest.ts';

/** A gate of the cluster: an update waits for an acknowledgement. */
export interface GateFacts {
  /** The minor version that it stands before. */
  readonly version: string;
  readonly repository: string;
  readonly text: string;
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
  /** The text ends before it says why. */
  | 'not-retrieved'
  /** A tool took it although no signature satisfied its keyring. */
  | 'unverified'
  | 'denied'
  /** Signet's own verdicts, and what its mirror says. */
  | 'accepted'
  | 'rejected'
  | 'undecided'
  | 'not-held';

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
  /** The policy accepts everything, and the tool asks for one that does not. */
  | 'policy-open'
  /** A scope that the registries of the cluster do not allow, or that a cluster's policy overrides. */
  | 'policy-scope'
  | 'policy-conflict'
  /** The cluster would block the repository of its own release. */
  | 'payload-blocked'
  /** The files that say where signatures are. */
  | 'registries-d'
  /** An image without a name in a registry. */
  | 'no-reference'
  | 'revoked'
  /** An algorithm that the node refuses. */
  | 'algorithm'
  /** Where signatures cannot be written. */
  | 'destination'
  /** The node runs another OS image than it should. */
  | 'os-image'
  | 'lookaside'
  | 'registry'
  | 'denied';

/** Why a verifier did not accept a release. */
export type VerifierFault = 'not-by-digest' | 'digest-invalid' | 'no-trust' | 'unsigned';

/** Why a tool did not copy a release, or its signature. */
export type ToolFault = 'absent' | 'refused' | 'no-packet' | 'interrupted' | 'config-map';

/** An admission policy beside Signet's. */
export type Engine = 'policy-controller' | 'kyverno';

/** A reason of Signet: its code, or an empty one, and the text with it. */
export interface SaidReason {
  readonly code: string;
  readonly text: string;
}

/** One statement that a pattern matched. */
export type Statement =
  | { readonly kind: 'release'; readonly state: ReleaseState; readonly version: string; readonly image: string }
  | { readonly kind: 'unverified'; readonly digest: Digest; readonly keyrings: readonly string[] }
  | { readonly kind: 'verifier'; readonly fault: VerifierFault; readonly text: string }
  /** A tool goes on although it could not verify: why follows. */
  | { readonly kind: 'unverified-copy'; readonly text: string }
  | { readonly kind: 'asked'; readonly digest: Digest | undefined; readonly asked: Asked }
  /** `isRefused`: the node refused the image, as what follows says. */
  | { readonly kind: 'download'; readonly text: string; readonly isRefused?: boolean }
  /** `isAttempt`: said before the pull, so that a fault on a later line is of this image. */
  | { readonly kind: 'pull'; readonly image: string; readonly isAttempt?: boolean }
  | {
      readonly kind: 'pull-fault';
      readonly fault: PullFault;
      readonly text: string;
      readonly identity?: string;
      /** Where the message itself names it. */
      readonly image?: string;
    }
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
  | {
      readonly kind: 'verdict';
      readonly state: ReleaseState;
      readonly image: string;
      readonly digest: Digest | undefined;
      readonly reasons: readonly SaidReason[];
      /** Of the command, which says reasons on the lines that follow. */
      readonly isCommand?: boolean;
    }
  | { readonly kind: 'verdict-reason'; readonly reason: SaidReason; readonly isNamed: boolean }
  /** What the command tried; the verdict has said why. */
  | { readonly kind: 'verdict-attempt' }
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
