import type { AwsFault } from '../../aws/aws-fault.ts';

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
