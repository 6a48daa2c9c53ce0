import type { ReasonCode } from '../../base/errors/reason-code.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { DockerReference } from '../../base/names/docker-reference.ts';
import type { UntrustedSignedMessage } from '../../crypto/openpgp/messages/signed-message.ts';
import type { SignatureKind } from '../../stores/port/signature-store.ts';
import type { PolicyRequirement } from '../../trust/policy/policy-requirement.ts';
import type { Attempt, Outcome, Reason } from './verdict.ts';
import type { IdentifiedSignature } from './verify-signature.ts';

/** An image under one of its names, as far as signatures can speak of it. */
export interface Image {
  /** As asked for, which for an image of an index is the name of the index; undefined for an image in a directory. */
  readonly reference: DockerReference | undefined;
  /** Of the image's own manifest: what a signature has to name. */
  readonly digest: Digest;
}

/** A signature as a store holds it. It is parsed once, however many requirements look at it. */
export interface Candidate {
  readonly store: string;
  readonly location: string;
  readonly kind: SignatureKind;
  readonly untrustedBytes: Uint8Array;
  /** Whether the bytes are one OpenPGP message. */
  isMessage(): boolean;
  /** @throws SignatureError for bytes that are not one OpenPGP message */
  parseMessage(): UntrustedSignedMessage;
}

/** What one requirement found in one signature. */
export interface Check {
  readonly attempt: Attempt;
  /** Defined when the signature satisfies the requirement. */
  readonly proof: Proof | undefined;
}

export interface Proof {
  /** Of an OpenPGP signature, for mirrors and for verdicts that are reused. */
  readonly signature?: IdentifiedSignature | undefined;
}

interface RequirementBase {
  readonly type: 'keyring' | PolicyRequirement['type'];
  /** One line that tells the requirement from the others of its profile or scope. */
  readonly description: string;
}

/** What must be shown of an image. A decision knows nothing else about keyrings and policies. */
export type Requirement = FixedRequirement | SignedRequirement;

/** A requirement whose outcome no signature changes. */
export interface FixedRequirement extends RequirementBase {
  readonly kind: 'fixed';
  readonly outcome: Outcome;
  readonly reasons: readonly Reason[];
  readonly warnings: readonly Reason[];
}

/** A requirement that a signature satisfies; the first one that does is enough. */
export interface SignedRequirement extends RequirementBase {
  readonly kind: 'signed';
  /** Signatures of the other kind are passed over. */
  readonly signatureKind: SignatureKind;
  /** True for a release keyring: it sees every signature that is read, so that a mirror knows all that one satisfies. */
  readonly seesAll: boolean;
  /** What the reader can do about a signature that fails with a code. */
  readonly remedies: ReadonlyMap<ReasonCode, string>;
  /** The reason when every place answered and none has a signature. */
  explainAbsence(image: Image): Reason;
  /**
   * Never throws: a signature that cannot be read or does not hold is an attempt with its code.
   *
   * @param now seconds since 1970
   */
  verify(candidate: Candidate, image: Image, now: number): Check;
}

export function isSigned(requirement: Requirement): requirement is SignedRequirement {
  return requirement.kind === 'signed';
}
