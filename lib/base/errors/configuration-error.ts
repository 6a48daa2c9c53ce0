export type ConfigurationErrorCode =
  | 'DocumentInvalid'
  | 'DuplicateKey'
  | 'KeyUnreadable'
  | 'KeyUnsupported'
  | 'KindUnknown'
  | 'LimitExceeded'
  | 'PublishConflict'
  | 'RevisionInvalid'
  | 'SchemaUnsupported'
  | 'TrustMissing'
  | 'TrustUnusable';

/** Where in the operator's documents the fault lies; `line` counts from 1. */
export interface DocumentPosition {
  readonly document: string;
  readonly line?: number | undefined;
}

/** The operator must act: a trust document or a setting is wrong. Nothing is loaded or published. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly code: ConfigurationErrorCode;
  readonly position: DocumentPosition | undefined;

  constructor(
    code: ConfigurationErrorCode,
    reason: string,
    options: ErrorOptions & { readonly position?: DocumentPosition | undefined } = {},
  ) {
    const { position, ...errorOptions } = options;
    super(position === undefined ? reason : `${formatPosition(position)}: ${reason}`, errorOptions);
    this.code = code;
    this.position = position;
  }
}

function formatPosition({ document, line }: DocumentPosition): string {
  return line === undefined ? document : `${document}:${line}`;
}
