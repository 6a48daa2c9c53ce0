export type StoreErrorCode =
  | 'AccessDenied'
  | 'AddressRefused'
  | 'BodyInvalid'
  | 'ChallengeInvalid'
  | 'ConditionFailed'
  | 'ConnectionFailed'
  | 'ContentMismatch'
  | 'KeyRefused'
  | 'LimitExceeded'
  | 'NotAllowed'
  | 'NotFound'
  | 'RedirectRefused'
  | 'StatusUnexpected'
  | 'TimedOut'
  | 'Unavailable';

/** Infrastructure must act, and the caller may retry: a store, bucket or registry did not answer as one should. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;
  /** How long the peer asked to be left alone, in seconds; known for some that are `Unavailable`. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: StoreErrorCode,
    message: string,
    options: ErrorOptions & { readonly retryAfterSeconds?: number | undefined } = {},
  ) {
    const { retryAfterSeconds, ...errorOptions } = options;
    super(message, errorOptions);
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
