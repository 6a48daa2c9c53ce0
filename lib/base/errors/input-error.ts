export type InputErrorCode =
  | 'ArgumentInvalid'
  | 'BodyInvalid'
  | 'BodyTooLarge'
  | 'DigestInvalid'
  | 'FileUnreadable'
  | 'ForceNotAllowed'
  | 'MediaTypeUnsupported'
  | 'ModeNotAllowed'
  | 'ProfileUnknown'
  | 'PullspecInvalid';

/** The caller must act: the input cannot be read. HTTP 400, exit status 2; never a verdict. */
export class InputError extends Error {
  override readonly name = 'InputError';
  readonly code: InputErrorCode;

  constructor(code: InputErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
