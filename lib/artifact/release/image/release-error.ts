export type ReleaseFaultCode =
  /** Bytes are not those of the digest or the size that names them. */
  | 'ContentMismatch'
  | 'LimitExceeded'
  /** A kind of manifest, list, configuration or layer that no release image has. */
  | 'ImageUnsupported'
  /** A layer cannot be unpacked, or two readers could take it for different files. */
  | 'LayerInvalid'
  | 'FileMissing'
  /** Something else than a plain file stands in the place of one. */
  | 'FileRefused'
  /** `image-references` or `release-metadata` does not say what it has to. */
  | 'ReferencesInvalid';

/** What is wrong with the contents of a release image. */
export interface ReleaseFault {
  readonly code: ReleaseFaultCode;
  readonly message: string;
}

/** Ends the reading of an image. It never leaves `lib/artifact/release`, where it becomes a fault of the result. */
export class ReleaseError extends Error {
  override readonly name = 'ReleaseError';
  readonly code: ReleaseFaultCode;

  constructor(code: ReleaseFaultCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
