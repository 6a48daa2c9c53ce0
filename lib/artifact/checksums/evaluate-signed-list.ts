import { evaluateCandidate, type Rejection } from '../../base/errors/evaluate-candidate.ts';
import type { ReasonCode } from '../../base/errors/reason-code.ts';
import type { IndexedKeyring } from '../../crypto/openpgp/keys/keyring.ts';
import { verifyDetachedSignature } from '../../crypto/openpgp/messages/detached-signature.ts';
import { type VerifiedMessage, verifyMessage } from '../../crypto/openpgp/messages/verify-message.ts';
import { type OutsideLine, parseSignedFile, type SignedFile } from './parse-signed-file.ts';

export type SignedForm = Exclude<SignedFile['kind'], 'unsigned'>;

/** One signature over a list, or why there is none to look at. */
export type ListSignature =
  | { readonly valid: true; readonly signer: string; readonly signingKey: string; readonly createdAt: number }
  | ({ readonly valid: false; readonly code: ReasonCode } & Omit<Rejection, 'code'>);

/** The bytes that every signature of a file covers, and where they begin in the file that holds them. */
export interface SignedContent {
  readonly content: Uint8Array;
  readonly firstLine: number;
}

/** What the signatures of one file say. */
export interface ListEvaluation {
  /** Undefined for a file that cannot be read as any. */
  readonly form: SignedForm | 'unsigned' | undefined;
  readonly signatures: readonly ListSignature[];
  /** Given exactly when every signature of the file is valid, and there is one. */
  readonly signed: SignedContent | undefined;
  readonly outside: readonly OutsideLine[];
}

/**
 * Judges one file with signatures. Every signature in it has to be valid, as for gpg's exit status: one by a key that
 * is not in the keyring leaves the list unsigned. Nothing thrown: a file that cannot be read has one signature, refused.
 *
 * @param untrustedList what a detached signature has to be over; a file that carries its list must carry this one
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

/** @throws SignatureError for a file that is no form of signed list */
function evaluateFile(
  untrustedBytes: Uint8Array,
  untrustedList: Uint8Array | undefined,
  keyring: IndexedKeyring,
  now: number,
): ListEvaluation {
  const file = parseSignedFile(untrustedBytes);
  switch (file.kind) {
    case 'inline':
      return judge(file, untrustedList, { content: file.message.content, firstLine: 1 }, [
        () => verifyMessage(file.message, keyring, now),
      ]);
    case 'clearsigned': {
      const { content, firstLine, signatures } = file.message;
      return judge(
        file,
        untrustedList,
        { content, firstLine },
        signatures.map((signature) => () => verifyDetachedSignature(signature, content, keyring, now)),
      );
    }
    case 'detached': {
      if (untrustedList === undefined)
        return refuse(file.kind, toFailure('SignatureNotFound', 'it signs another file'));
      return judge(
        file,
        untrustedList,
        { content: untrustedList, firstLine: 1 },
        file.signatures.map((signature) => () => verifyDetachedSignature(signature, untrustedList, keyring, now)),
      );
    }
    case 'unsigned':
      return refuse(file.kind, toFailure('SignatureNotFound', 'there is no signature in it'));
    default:
      return file satisfies never;
  }
}

function judge(
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
  // Only what is proven is compared: else anybody's text could be told to differ from the list.
  if (signatures.length === 0 || signatures.some(({ valid }) => !valid)) {
    return { form: kind, signatures, signed: undefined, outside };
  }
  if (untrustedList !== undefined && !isSameText(signed.content, untrustedList)) {
    const failure = toFailure('ContentMismatch', 'what it signs is another list than the one beside it');
    return { form: kind, signatures: [...signatures, failure], signed: undefined, outside };
  }
  return { form: kind, signatures, signed, outside };
}

function refuse(form: ListEvaluation['form'], failure: ListSignature): ListEvaluation {
  return { form, signatures: [failure], signed: undefined, outside: [] };
}

/** Line ends and spaces before them are nothing that a clearsigned text protects. */
function isSameText(one: Uint8Array, other: Uint8Array): boolean {
  const [first, second] = [one, other].map((bytes) =>
    Buffer.from(bytes)
      .toString('latin1')
      .replaceAll(/[ \t\r]+$/gm, '')
      .replace(/\n+$/, ''),
  );
  return first === second;
}

function toFailure(code: ReasonCode, message: string): ListSignature {
  return { valid: false, code, message };
}
