import { SignatureError, type SignatureErrorCode } from './signature-error.ts';

/** Why one candidate does not count: what its attempt says. */
export interface Rejection {
  /** Fingerprint of the certificate that the signature names, once known. */
  readonly signer?: string;
  readonly code: SignatureErrorCode;
  readonly message: string;
  /** Given for a fault of Signet's own, for its operator. */
  readonly note?: string;
}

export type CandidateResult<T> =
  | { readonly kind: 'evaluated'; readonly value: T }
  | { readonly kind: 'rejected'; readonly rejection: Rejection };

/** How the note of an internal fault begins. */
const FAULT = 'internal fault: ';
/** Characters of a thrown error's message, which may quote the candidate. */
const MAX_FAULT_LENGTH = 256;

/**
 * The boundary around the evaluation of one candidate: a signature, a bundle, a signed list, a manifest of signatures.
 *
 * Whoever can write beside an image chooses the bytes of a candidate. Whatever they make the evaluation throw is the
 * rejection of that candidate: it must not end the decision, hide a good candidate beside it, or keep a revocation from
 * being seen. A `SignatureError` keeps its code. Any other class is a fault of Signet: it is `SignatureMalformed`, with
 * a note that says what was thrown. Put nothing but the evaluation of one candidate into it: elsewhere a fault is a
 * failure, and must end the operation.
 *
 * @param signal of an evaluation that can be aborted
 * @throws the abort reason of the signal
 */
export function evaluateCandidate<T>(evaluate: () => T, signal?: AbortSignal): CandidateResult<T> {
  try {
    return { kind: 'evaluated', value: evaluate() };
  } catch (cause) {
    signal?.throwIfAborted();
    return { kind: 'rejected', rejection: cause instanceof SignatureError ? toRejection(cause) : toFault(cause) };
  }
}

/** Whether an attempt failed by a fault of Signet's own, which says nothing about the signature. */
export function isInternalFault({
  code,
  note,
}: {
  readonly code: string;
  readonly note?: string | undefined;
}): boolean {
  return code === 'SignatureMalformed' && note?.startsWith(FAULT) === true;
}

function toRejection({ signer, code, message }: SignatureError): Rejection {
  return { ...(signer === undefined ? {} : { signer }), code, message };
}

function toFault(thrown: unknown): Rejection {
  const { name, message } = describeThrown(thrown);
  const shown = message.slice(0, MAX_FAULT_LENGTH).toWellFormed();
  return {
    code: 'SignatureMalformed',
    message: `an internal fault happened in reading it (${name})`,
    note: `${FAULT}${name}: ${JSON.stringify(shown)}; report it with the bytes at this location`,
  };
}

function describeThrown(thrown: unknown): { readonly name: string; readonly message: string } {
  try {
    if (thrown instanceof Error) {
      // The types say text, but a thrown error may hold anything.
      const { name, message }: { readonly name: unknown; readonly message: unknown } = thrown;
      return { name: String(name), message: String(message) };
    }
  } catch {
    // An error can be made so that it throws again when it is looked at.
  }
  return { name: `a thrown ${typeof thrown}`, message: '' };
}
