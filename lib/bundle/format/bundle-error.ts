/** Faults of what cannot be read: the caller has the wrong file, or it was damaged on its way. */
const UNREADABLE_CODES = [
  'NotABundle',
  'Truncated',
  'Damaged',
  'ManifestUnreadable',
  'SchemaUnsupported',
  'LimitExceeded',
] as const;
/** Faults of what can be read and is not what `create` writes: somebody made it so. */
const FORGED_CODES = [
  'EntryRefused',
  'PathRefused',
  'DuplicatePath',
  'ManifestInvalid',
  'NotInManifest',
  'Missing',
  'ContentMismatch',
  'TrailingBytes',
] as const;

export type BundleFaultCode = (typeof UNREADABLE_CODES)[number] | (typeof FORGED_CODES)[number];

/** What is wrong with a bundle, and with which file inside, where it is one. */
export interface BundleFault {
  readonly code: BundleFaultCode;
  readonly path?: string;
  readonly message: string;
}

/** Ends the reading of a bundle. It never leaves `lib/bundle`, where it becomes a fault of the result. */
export class BundleError extends Error {
  override readonly name = 'BundleError';
  readonly code: BundleFaultCode;
  /** The file inside of the bundle. */
  readonly path: string | undefined;

  constructor(code: BundleFaultCode, message: string, options: ErrorOptions & { readonly path?: string } = {}) {
    const { path, ...errorOptions } = options;
    super(message, errorOptions);
    this.code = code;
    this.path = path;
  }
}

export function toFault({ code, path, message }: BundleError): BundleFault {
  return { code, ...(path === undefined ? {} : { path }), message };
}

/** Whether these faults say that the bundle cannot be read, rather than that it is forged. */
export function isUnreadable(faults: readonly BundleFault[]): boolean {
  return faults.some(({ code }) => UNREADABLE_CODES.some((unreadable) => unreadable === code));
}
