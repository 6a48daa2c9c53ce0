import { NODES_REFUSE } from '../../stores/port/signature-store.ts';
import type { Attempt, Outcome, Reason } from './verdict.ts';

/**
 * Whether nodes can pull the image: the second answer beside a verdict, which says whether the image is trusted. Junk
 * beside a good signature never changes a verdict, and may keep nodes from pulling.
 */
export interface NodesAnswer {
  readonly nodes: 'yes' | 'no' | 'unknown';
  /** Why, in a sentence. */
  readonly reason: string;
  readonly remedy?: string | undefined;
}

/** An OpenShift version. */
export interface NodeVersion {
  readonly major: number;
  readonly minor: number;
}

/** What the answer follows from. */
export interface NodesFacts {
  /** By all signatures, in every form. */
  readonly outcome: Outcome;
  /** By the signatures that nodes read, and no others. */
  readonly asNode: Outcome;
  readonly reasons: readonly Reason[];
  /** Of what nodes read. */
  readonly attempts: readonly Attempt[];
  /** Whether the policy asks for Sigstore signatures. */
  readonly needsSigstore: boolean;
  /** Why nodes refuse the image whatever signs it: the policy names a key that they cannot use. */
  readonly policyFault?: string | undefined;
  /** Undefined: any that is supported. */
  readonly version?: NodeVersion | undefined;
}

/** The first version whose nodes read Sigstore signatures (containers/image 5.22.0, CRI-O 1.25). */
export const FIRST_SIGSTORE: NodeVersion = { major: 4, minor: 12 };

/** The one place where the answer for nodes is made. */
export function judgeNodes(facts: NodesFacts): NodesAnswer {
  const { outcome, asNode, reasons, attempts, needsSigstore, policyFault, version } = facts;
  if (needsSigstore && version !== undefined && isBefore(version, FIRST_SIGSTORE)) {
    return {
      nodes: 'no',
      reason: `nodes of ${version.major}.${version.minor} read no Sigstore signatures`,
      remedy: `ask for Sigstore signatures from ${FIRST_SIGSTORE.major}.${FIRST_SIGSTORE.minor} on`,
    };
  }
  if (policyFault !== undefined) return { nodes: 'no', reason: policyFault, remedy: NAME_OTHER_KEYS };
  const refusal = attempts.find(({ message }) => message.startsWith(NODES_REFUSE));
  if (asNode === 'accepted') return { nodes: 'yes', reason: 'nodes read a signature that every requirement accepts' };
  if (asNode === 'indeterminate')
    return { nodes: 'unknown', reason: toReason(reasons, 'not everything could be read') };
  if (refusal !== undefined) {
    return {
      nodes: 'no',
      reason: refusal.message,
      remedy: 'write the signatures that verify anew: signet mirror sigstore --replace',
    };
  }
  if (outcome !== 'accepted') return { nodes: 'no', reason: toReason(reasons, 'a signature is required') };
  return { nodes: 'no', reason: UNREADABLE, remedy: SIGN_FOR_NODES };
}

function toReason([first]: readonly Reason[], otherwise: string): string {
  return first?.message ?? otherwise;
}

function isBefore(one: NodeVersion, other: NodeVersion): boolean {
  return one.major < other.major || (one.major === other.major && one.minor < other.minor);
}

const NAME_OTHER_KEYS =
  'until nodes can use it, sign with a key for ECDSA, RSA or Ed25519 as well, and name that one alone in their policy';

const UNREADABLE =
  'the image is signed by a bundle or a referrer alone, which nodes do not read: they look at its .sig tag';

/** Both flags are needed: without the second cosign 3 refuses the first. */
export const SIGN_FOR_NODES =
  'sign it with cosign 3.1 and --new-bundle-format=false --use-signing-config=false, or with cosign 2';
