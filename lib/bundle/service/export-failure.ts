import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { InputError } from '../../base/errors/input-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';

export const EXPORT_FAILURE_CODES = [
  'EarlierMissing',
  'Internal',
  'LimitExceeded',
  'NothingVerifies',
  'ProfileUnknown',
  'StoreUnavailable',
  'TimedOut',
  'TrustUnusable',
] as const;

export type ExportFailureCode = (typeof EXPORT_FAILURE_CODES)[number];

/** Why there is no bundle, and what the caller can do: nothing of what is inside. */
export interface ExportFailure {
  readonly code: ExportFailureCode;
  readonly message: string;
}

/** A bundle cannot be made, and a retry does not help. */
export class ExportError extends Error {
  override readonly name = 'ExportError';
  readonly code: ExportFailureCode;

  constructor(code: ExportFailureCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

const REMEDIES: Readonly<Record<ExportFailureCode, string>> = {
  EarlierMissing: 'a bundle that this one should follow is not kept any more: ask for a complete one, without since',
  Internal: 'it could not be made; the operator finds the reason in the log',
  LimitExceeded:
    'it would be longer than this service makes: use signet bundle create, or follow an earlier one (since)',
  NothingVerifies: 'the mirror holds no signature that this profile verifies: mirror its releases, then ask again',
  ProfileUnknown: 'this profile is not served any more: GET /v1/trust lists those that are',
  StoreUnavailable: 'something that is needed stayed out of reach: ask again later',
  TimedOut: 'it could not be made in the time that there is: ask again, or use signet bundle create',
  TrustUnusable: 'the trust of this profile cannot be used for a bundle; the operator finds the reason in the log',
};

/** What a caller may know of an error. */
export function toExportFailure(error: unknown): ExportFailure {
  const code = toCode(error);
  return { code, message: REMEDIES[code] };
}

/** Whether the same would come of it however often it is tried. */
export function isFinal(error: unknown): boolean {
  return error instanceof ExportError || error instanceof InputError || error instanceof ConfigurationError;
}

function toCode(error: unknown): ExportFailureCode {
  if (error instanceof ExportError) return error.code;
  // The one thing that a bundle is refused for.
  if (error instanceof InputError) return error.code === 'ProfileUnknown' ? 'ProfileUnknown' : 'NothingVerifies';
  if (error instanceof ConfigurationError) return error.code === 'LimitExceeded' ? 'LimitExceeded' : 'TrustUnusable';
  if (error instanceof StoreError) return 'StoreUnavailable';
  return error instanceof DOMException && error.name === 'TimeoutError' ? 'TimedOut' : 'Internal';
}
