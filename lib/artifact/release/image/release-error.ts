export type ReleaseFaultCode =
  /** The bytes do not have their digest or size. */
  | 'ContentMismatch'
  | 'LimitExceeded'
  /** A manifest, list, configuration or layer of a kind that is not supported. */
  | 'ImageUnsupported'
  /** A layer that cannot be unpacked, or that two readers could read differently. */
  | 'LayerInvalid'
  | 'FileMissing'
  /** Something other than a regular file in its place. */
  | 'FileRefused'
  /** `image-references` or `release-metadata` lacks what is required. */
  | 'ReferencesInvalid';

/** A fault in the contents of a release image. */
export interface ReleaseFault {
  readonly code: ReleaseFaultCode;
  readonly message: string;
}

/** Stops the inspection of an image. `lib/artifact/release` turns it into a fault of the result and never throws it. */
export class ReleaseError extends Error {
  override readonly name = 'ReleaseError';
  readonly code: ReleaseFaultCode;

  constructor(code: ReleaseFaultCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
