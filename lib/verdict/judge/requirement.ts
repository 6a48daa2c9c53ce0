import { evaluateCandidate } from '../../base/errors/evaluate-candidate.ts';
import type { ReasonCode } from '../../base/errors/reason-code.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { DockerReference } from '../../base/names/docker-reference.ts';
import { parseSignedMessage, type UntrustedSignedMessage } from '../../crypto/openpgp/messages/signed-message.ts';
import type { verifySigstoreBlob } from '../../crypto/sigstore/verify-sigstore-blob.ts';
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
  /** Verifies a Sigstore signature. Most decisions need none, so who makes a candidate of one loads it. */
  readonly verifySigstore: typeof verifySigstoreBlob | undefined;
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
  /** The name that a Sigstore signature was made for; undefined for one of a digest alone. */
  readonly signedReference?: string | undefined;
}

interface RequirementBase {
  readonly type: 'keyring' | PolicyRequirement['type'];
  /** One line that tells the requirement from the others of its profile or scope. */
  readonly description: string;
}

/** What must be shown of an image. A decision knows nothing else about keyrings and policies. */
export type Requirement = FixedRequirement | SignedRequirement;

/** A requirement whose outcome no signature changes. */
interface FixedRequirement extends RequirementBase {
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
  /** Whether its keys may sign as Ed25519ph: what verifies that is loaded before the first signature. */
  readonly mayBePrehashed?: boolean | undefined;
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

/** A signature of a store, to be looked at by any number of requirements. */
export function toCandidate(
  { store, location, untrustedBytes }: Pick<Candidate, 'store' | 'location' | 'untrustedBytes'>,
  verifySigstore?: Candidate['verifySigstore'],
): Candidate {
  let parsed: Parsed | undefined;
  const parse = (): Parsed => {
    parsed ??= tryParse(untrustedBytes);
    return parsed;
  };
  return {
    store,
    location,
    untrustedBytes,
    verifySigstore,
    kind: toSignatureKind(untrustedBytes),
    isMessage: () => 'message' in parse(),
    parseMessage() {
      const result = parse();
      if ('message' in result) return result.message;
      throw result.thrown;
    },
  };
}

/** A stored Sigstore signature starts with a zero octet, whether or not it can be read; any other is an OpenPGP one, if any. */
export function toSignatureKind(untrustedBytes: Uint8Array): SignatureKind {
  return untrustedBytes[0] === 0 ? 'sigstore' : 'openpgp';
}

type Parsed = { readonly message: UntrustedSignedMessage } | { readonly thrown: unknown };

/** Whatever is thrown, it is thrown again to each requirement that reads the candidate. */
function tryParse(untrustedBytes: Uint8Array): Parsed {
  try {
    return { message: parseSignedMessage(untrustedBytes) };
  } catch (thrown) {
    return { thrown };
  }
}

/** Whether an attempt is what a store said of itself, and not what a requirement found in a signature. */
export function isStoreAttempt({ code, keyring, signer }: Attempt): boolean {
  return (code === 'StoreUnavailable' || code === 'SignatureNotFound') && keyring === undefined && signer === undefined;
}

/** What a signature that holds is known by in the evidence. */
export interface Verified extends Proof {
  readonly signer?: string | undefined;
  readonly message: string;
  readonly notes?: readonly string[] | undefined;
}

/**
 * Runs the check of one candidate. Whatever goes wrong in it is that candidate's attempt: see `evaluateCandidate`.
 *
 * @param keyring the name of what the candidate is compared with; undefined when it could not be parsed
 */
export function checkCandidate(
  { store, location }: Pick<Candidate, 'store' | 'location'>,
  keyring: string | undefined,
  verify: () => Verified,
): Check {
  const source = { store, location, ...(keyring === undefined ? {} : { keyring }) };
  const result = evaluateCandidate(verify);
  if (result.kind === 'rejected') {
    const { message, ...rejection } = result.rejection;
    return { attempt: { ...source, ...rejection, message: shorten(message) }, proof: undefined };
  }
  const { signer, message, notes = [], ...proof } = result.value;
  const note = notes.length === 0 ? {} : { note: notes.join('; ') };
  return { attempt: { ...source, ...bySigner(signer), code: 'Verified', message, ...note }, proof };
}

function bySigner(signer: string | undefined): { readonly signer?: string } {
  return signer === undefined ? {} : { signer };
}

/** Characters of an attempt's message. */
export const MAX_MESSAGE_LENGTH = 1024;

/** A message may quote what nobody has signed: hundreds of long ones would exceed a record or an event. */
function shorten(message: string): string {
  if (message.length <= MAX_MESSAGE_LENGTH) return message;
  return `${message.slice(0, MAX_MESSAGE_LENGTH).toWellFormed()}…`;
}
