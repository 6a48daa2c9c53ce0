export type StoreErrorCode =
  | 'AddressRefused'
  | 'BodyInvalid'
  | 'ConditionFailed'
  | 'ConnectionFailed'
  | 'KeyRefused'
  | 'LimitExceeded'
  | 'NotAllowed'
  | 'RedirectRefused'
  | 'StatusUnexpected'
  | 'TimedOut';

/** Infrastructure must act, and the caller may retry: a store, bucket or registry did not answer as one should. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
