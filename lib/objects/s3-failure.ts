import { StoreError, type StoreErrorCode } from '../errors/store-error.ts';

/** What an S3 server, or the way to it, said instead of an answer. */
export interface S3Fault {
  /** HTTP status; undefined when there was no answer. */
  readonly status?: number | undefined;
  /** S3's error code, such as `NoSuchKey`, or the system's, such as `ECONNREFUSED`. */
  readonly code?: string | undefined;
  readonly message: string;
  readonly cause?: unknown;
}

const TIME_OUTS: ReadonlySet<string> = new Set(['TimeoutError', 'AbortError', 'RequestTimeout', 'ETIMEDOUT']);
const NO_CREDENTIALS: ReadonlySet<string> = new Set(['CredentialsProviderError', 'TokenProviderError']);
const CONFLICTS: ReadonlySet<string> = new Set(['ConditionalRequestConflict', 'OperationAborted']);

/** True for "no such key" alone: not for a missing bucket, nor for a 404 of something that is no S3 server. */
export function isNoSuchKey({ status, code }: S3Fault): boolean {
  return status === 404 && code === 'NoSuchKey';
}

/** True when the condition of a write does not hold: another object is there, or the expected one is gone. */
export function isConditionRefused(fault: S3Fault): boolean {
  return fault.status === 412 || isNoSuchKey(fault);
}

/** True when S3 could not decide a condition because of another write under way. */
export function isConflict({ status, code }: S3Fault): boolean {
  return status === 409 && CONFLICTS.has(code ?? '');
}

/** The failure as the caller of a store sees it. */
export function toS3StoreError(fault: S3Fault, doing: string): StoreError {
  const { status, code, message, cause } = fault;
  const what = [status, code, message].filter((part) => part !== undefined && part !== '').join(' ');
  return new StoreError(toStoreErrorCode(fault), `${doing} failed: ${what}`, cause === undefined ? {} : { cause });
}

function toStoreErrorCode({ status, code = '' }: S3Fault): StoreErrorCode {
  if (TIME_OUTS.has(code)) return 'TimedOut';
  if (NO_CREDENTIALS.has(code) || status === 401 || status === 403) return 'NotAllowed';
  if (status === undefined) return 'ConnectionFailed';
  // A success that ended as a fault: its body was not what S3 sends.
  return status < 300 ? 'BodyInvalid' : 'StatusUnexpected';
}
