import { StoreError, type StoreErrorCode } from '../../base/errors/store-error.ts';

/** A failed request to AWS: the service's error, or the connection's. */
export interface AwsFault {
  /** HTTP status; undefined when there was no answer. */
  readonly status?: number | undefined;
  /** The service's error code, such as `NoSuchKey`, or the system's, such as `ECONNREFUSED`. */
  readonly code?: string | undefined;
  readonly message: string;
  readonly cause?: unknown;
}

const TIME_OUTS: ReadonlySet<string> = new Set(['TimeoutError', 'AbortError', 'RequestTimeout', 'ETIMEDOUT']);
const NO_CREDENTIALS: ReadonlySet<string> = new Set(['CredentialsProviderError', 'TokenProviderError']);

/** The failure as the caller of a store or a queue sees it. */
export function toAwsStoreError(fault: AwsFault, doing: string): StoreError {
  const { cause } = fault;
  return new StoreError(
    toStoreErrorCode(fault),
    `${doing} failed: ${describeAwsFault(fault)}`,
    cause === undefined ? {} : { cause },
  );
}

/** Status, code and message, those that are known, in one line: what a server says may have several. */
function describeAwsFault({ status, code, message }: AwsFault): string {
  const said = message.replaceAll(/\s+/gu, ' ').trim();
  return [status, code, said].filter((part) => part !== undefined && part !== '').join(' ');
}

function toStoreErrorCode({ status, code = '' }: AwsFault): StoreErrorCode {
  if (TIME_OUTS.has(code)) return 'TimedOut';
  if (NO_CREDENTIALS.has(code) || status === 401 || status === 403) return 'NotAllowed';
  if (status === undefined) return 'ConnectionFailed';
  // A success that ended as a fault: its body was not what the service sends.
  return status < 300 ? 'BodyInvalid' : 'StatusUnexpected';
}

/** What services call too many requests where the status is a mere 400. */
const THROTTLES: ReadonlySet<string> = new Set([
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestThrottledException',
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
]);

/** True when the same request may succeed a moment later, because there were too many. */
export function isThrottled({ status, code = '' }: AwsFault): boolean {
  return status === 429 || THROTTLES.has(code);
}

const CONFLICTS: ReadonlySet<string> = new Set(['ConditionalRequestConflict', 'OperationAborted']);

/** True for "no such key" alone: not for a missing bucket, nor for a 404 of something that is no S3 server. */
export function isNoSuchKey({ status, code }: AwsFault): boolean {
  return status === 404 && code === 'NoSuchKey';
}

/** True when the condition of a write does not hold: another object is there, or the expected one is gone. */
export function isConditionRefused(fault: AwsFault): boolean {
  return fault.status === 412 || isNoSuchKey(fault);
}

/** True when S3 could not decide a condition because of another write under way. */
export function isConflict({ status, code }: AwsFault): boolean {
  return status === 409 && CONFLICTS.has(code ?? '');
}
