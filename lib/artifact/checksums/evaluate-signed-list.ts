import { evaluateCandidate, type Rejection } from '../../base/errors/evaluate-candidate.ts';
import type { ReasonCode } from '../../base/errors/reason-code.ts';
import { withoutTrailing } from '../../base/names/store-url.ts';
import type { IndexedKeyring } from '../../crypto/openpgp/keys/keyring.ts';
import { verifyDetachedSignature } from '../../crypto/openpgp/messages/detached-signature.ts';
import { type VerifiedMessage, verifyMessage } from '../../crypto/openpgp/messages/verify-message.ts';
import { type OutsideLine, parseSignedFile, type SignedFile } from './parse-signed-file.ts';

export type SignedForm = Exclude<SignedFile['kind'], 'unsigned'>;

/** One signature over a list, or the reason why it does not count. */
export type ListSignature =
  | { readonly valid: true; readonly signer: string; readonly signingKey: string; readonly createdAt: number }
  | ({ readonly valid: false; readonly code: ReasonCode } & Omit<Rejection, 'code'>);

/** The signed bytes, and the line on which they start in their file. */
export interface SignedContent {
  readonly content: Uint8Array;
  readonly firstLine: number;
}

/** The evaluation of one file with signatures. */
export interface ListEvaluation {
  /** Undefined for a file of no known form. */
  readonly form: SignedForm | 'unsigned' | undefined;
  readonly signatures: readonly ListSignature[];
  /** Present only if the file has a signature and all its signatures are valid. */
  readonly signed: SignedContent | undefined;
  readonly outside: readonly OutsideLine[];
}

/**
 * Evaluates one file with signatures. Every signature must be valid, as for gpg's exit status: a signature by a key outside
 * the keyring leaves the list unsigned. It does not throw: an unreadable file has one rejected signature.
 *
 * @param untrustedList the list that a detached signature must cover, and that must equal a list in the file itself
 * @param now seconds since 1970
 */
export function evaluateSignedList(
  untrustedBytes: Uint8Array,
  untrustedList: Uint8Array | undefined,
  keyring: IndexedKeyring,
  now: number,
): ListEvaluation {
  const result = evaluateCandidate(() => evaluateFile(untrustedBytes, untrustedList, keyring, now));
  return result.kind === 'evaluated' ? result.value : refuse(undefined, { valid: false, ...result.rejection });
}

/** @throws SignatureError for a file of no known form */
function evaluateFile(
  untrustedBytes: Uint8Array,
  untrustedList: Uint8Array | undefined,
  keyring: IndexedKeyring,
  now: number,
): ListEvaluation {
  const file = parseSignedFile(untrustedBytes);
  switch (file.kind) {
    case 'inline':
      return evaluateSignatures(file, untrustedList, { content: file.message.content, firstLine: 1 }, [
        () => verifyMessage(file.message, keyring, now),
      ]);
    case 'clearsigned': {
      const { content, firstLine, signatures } = file.message;
      return evaluateSignatures(
        file,
        untrustedList,
        { content, firstLine },
        signatures.map((signature) => () => verifyDetachedSignature(signature, content, keyring, now)),
      );
    }
    case 'detached': {
      if (untrustedList === undefined)
        return refuse(file.kind, toFailure('SignatureNotFound', 'a detached signature: its list is in another file'));
      return evaluateSignatures(
        file,
        untrustedList,
        { content: untrustedList, firstLine: 1 },
        file.signatures.map((signature) => () => verifyDetachedSignature(signature, untrustedList, keyring, now)),
      );
    }
    case 'unsigned':
      return refuse(file.kind, toFailure('SignatureNotFound', 'the file has no signature'));
    default:
      return file satisfies never;
  }
}

function evaluateSignatures(
  { kind, outside }: Exclude<SignedFile, { readonly kind: 'unsigned' }>,
  untrustedList: Uint8Array | undefined,
  signed: SignedContent,
  verifications: readonly (() => VerifiedMessage)[],
): ListEvaluation {
  const signatures = verifications.map((verify): ListSignature => {
    const result = evaluateCandidate(verify);
    if (result.kind === 'rejected') return { valid: false, ...result.rejection };
    const { signer, signingKey, createdAt } = result.value;
    return { valid: true, signer, signingKey, createdAt };
  });
  // Only a verified list is compared: an unsigned text says nothing about the list.
  if (signatures.length === 0 || signatures.some(({ valid }) => !valid)) {
    return { form: kind, signatures, signed: undefined, outside };
  }
  if (untrustedList !== undefined && !isSameText(signed.content, untrustedList)) {
    const failure = toFailure('ContentMismatch', 'the signed list differs from the list next to it');
    return { form: kind, signatures: [...signatures, failure], signed: undefined, outside };
  }
  return { form: kind, signatures, signed, outside };
}

function refuse(form: ListEvaluation['form'], failure: ListSignature): ListEvaluation {
  return { form, signatures: [failure], signed: undefined, outside: [] };
}

/** Compares lists without line ends and trailing spaces, which a clearsigned text does not protect. */
function isSameText(one: Uint8Array, other: Uint8Array): boolean {
  const [first, second] = [one, other].map((bytes) => {
    const lines = Buffer.from(bytes).toString('latin1').split('\n');
    return withoutTrailing(lines.map((line) => withoutTrailing(line, ' \t\r')).join('\n'), '\n');
  });
  return first === second;
}

function toFailure(code: ReasonCode, message: string): ListSignature {
  return { valid: false, code, message };
}
