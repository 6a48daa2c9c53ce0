import type { ReasonCode } from './reason-code.ts';

export type SignatureErrorCode = Extract<
  ReasonCode,
  | 'DigestMismatch'
  | 'IdentityMismatch'
  | 'KeyExpired'
  | 'KeyNotForSigning'
  | 'KeyRevoked'
  | 'KeyUnknown'
  | 'LimitExceeded'
  | 'LogEntryInvalid'
  | 'PayloadInvalid'
  | 'RepositoryMismatch'
  | 'SignatureExpired'
  | 'SignatureFromFuture'
  | 'SignatureInvalid'
  | 'SignatureMalformed'
  | 'SignatureUnsupported'
  | 'TimestampInvalid'
>;

/**
 * What a `verifyX` of one signature throws when it does not hold. It never leaves `evaluateCandidate`,
 * where it becomes an attempt of the verdict.
 */
export class SignatureError extends Error {
  override readonly name = 'SignatureError';
  readonly code: SignatureErrorCode;
  /** Fingerprint of the certificate that the signature names, once known: for the evidence, not proof of anything. */
  readonly signer: string | undefined;

  constructor(
    code: SignatureErrorCode,
    message: string,
    options: ErrorOptions & { readonly signer?: string | undefined } = {},
  ) {
    const { signer, ...errorOptions } = options;
    super(message, errorOptions);
    this.code = code;
    this.signer = signer;
  }
}
