import { SignatureError } from '../../base/errors/signature-error.ts';
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
  let parsed: UntrustedSignedMessage | Error | undefined;
  const parse = (): UntrustedSignedMessage | Error => {
    parsed ??= tryParse(untrustedBytes);
    return parsed;
  };
  return {
    store,
    location,
    untrustedBytes,
    kind: isSigstoreBlob(untrustedBytes) ? 'sigstore' : 'openpgp',
    isMessage: () => !(parse() instanceof Error),
    parseMessage() {
      const result = parse();
      if (result instanceof Error) throw result;
      return result;
    },
  };
}

function tryParse(untrustedBytes: Uint8Array): UntrustedSignedMessage | Error {
  try {
    return parseSignedMessage(untrustedBytes);
  } catch (cause) {
    if (cause instanceof Error) return cause;
    throw cause;
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
 * Runs the check of one candidate. Whatever goes wrong in it is that candidate's attempt: a signature that nobody vouches
 * for must not end the decision about an image, nor hide another signature.
 *
 * @param keyring the name of what the candidate is compared with; undefined when it could not be parsed
 */
export function checkCandidate(
  { store, location }: Pick<Candidate, 'store' | 'location'>,
  keyring: string | undefined,
  verify: () => Verified,
): Check {
  const source = { store, location, ...(keyring === undefined ? {} : { keyring }) };
  try {
    const { signer, message, notes = [], ...proof } = verify();
    const note = notes.length === 0 ? {} : { note: notes.join('; ') };
    return { attempt: { ...source, ...bySigner(signer), code: 'Verified', message, ...note }, proof };
  } catch (cause) {
    if (!(cause instanceof SignatureError)) throw cause;
    const { code, message, signer } = cause;
    return { attempt: { ...source, ...bySigner(signer), code, message: shorten(message) }, proof: undefined };
  }
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
