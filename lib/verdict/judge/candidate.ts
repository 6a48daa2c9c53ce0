import { evaluateCandidate } from '../../base/errors/evaluate-candidate.ts';
import { parseSignedMessage, type UntrustedSignedMessage } from '../../crypto/openpgp/messages/signed-message.ts';
import { isSigstoreBlob } from '../../crypto/sigstore/signature-blob.ts';
import type { Candidate, Check, Proof } from './requirement.ts';
import type { Attempt } from './verdict.ts';

/** A signature of a store, to be looked at by any number of requirements. */
export function toCandidate({
  store,
  location,
  untrustedBytes,
}: Pick<Candidate, 'store' | 'location' | 'untrustedBytes'>): Candidate {
  let parsed: Parsed | undefined;
  const parse = (): Parsed => {
    parsed ??= tryParse(untrustedBytes);
    return parsed;
  };
  return {
    store,
    location,
    untrustedBytes,
    kind: isSigstoreBlob(untrustedBytes) ? 'sigstore' : 'openpgp',
    isMessage: () => 'message' in parse(),
    parseMessage() {
      const result = parse();
      if ('message' in result) return result.message;
      throw result.thrown;
    },
  };
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
