import { ConfigurationError } from './configuration-error.ts';
import { InputError } from './input-error.ts';
import { SignatureError, type SignatureErrorCode } from './signature-error.ts';
import { StoreError } from './store-error.ts';

/** Why one candidate does not count: what its attempt says. */
export interface Rejection {
  /** Fingerprint of the certificate that the signature names, once known. */
  readonly signer?: string;
  readonly code: SignatureErrorCode;
  readonly message: string;
  /** Given for a fault of Signet's own, for its operator. */
  readonly note?: string;
}

type CandidateResult<T> =
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

/** Whether an attempt or a reason is a fault of Signet's own, which says nothing about the signature. */
export function isInternalFault({
  code,
  message,
  note,
}: {
  readonly code: string;
  readonly message?: string | undefined;
  readonly note?: string | undefined;
}): boolean {
  if (code === 'StoreUnavailable') return message?.includes(FAULT) === true;
  return code === 'SignatureMalformed' && note?.startsWith(FAULT) === true;
}

/**
 * What was thrown in reading a place whose contents others choose, as the failure of that place. What Signet throws of an
 * operator's settings or a caller's input is not of the place, and is thrown on.
 */
export function toPlaceFailure(place: string, thrown: unknown): StoreError {
  if (thrown instanceof StoreError) return thrown;
  if (thrown instanceof ConfigurationError || thrown instanceof InputError) throw thrown;
  const { name, message } = describeThrown(thrown);
  const shown = JSON.stringify(message.slice(0, MAX_FAULT_LENGTH).toWellFormed());
  return new StoreError('Unavailable', `${place}: ${FAULT}${name}: ${shown}`, { cause: thrown });
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

/**
 * Called before each operation with a key, the one costly step of an evaluation.
 *
 * @throws SignatureError `LimitExceeded` when what evaluations may cost is used up
 */
type KeyOperationListener = () => void;

let listener: KeyOperationListener | undefined;

/**
 * Runs an evaluation and tells a listener of each of its operations with keys. Whoever may stop an evaluation in its
 * middle does so there: it blocks the process, so that no timer can.
 *
 * It is no argument, because a dozen functions between a decision and a key would carry it, and one that forgot it would
 * be without a limit. An evaluation does not wait for anything, so no other one can run in between.
 */
export function withKeyOperations<T>(onOperation: KeyOperationListener, evaluate: () => T): T {
  const outer = listener;
  listener = onOperation;
  try {
    return evaluate();
  } finally {
    listener = outer;
  }
}

/** To be called before an operation with a key. @throws as the listener */
export function countKeyOperation(): void {
  listener?.();
}
