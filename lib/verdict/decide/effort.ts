import { withKeyOperations } from '../../base/errors/evaluate-candidate.ts';
import { SignatureError } from '../../base/errors/signature-error.ts';
import { expireDeadline } from '../../platform/time/deadline.ts';
import { VERIFICATION_TIMEOUT_MS } from '../../stores/port/composites.ts';

/** Operations with keys that the signatures of one image may cost; the most that any real one costs is some hundreds. */
export const MAX_KEY_OPERATIONS = 20_000;

export interface EffortLimits {
  readonly maxOperations?: number | undefined;
  /** Milliseconds of computing: waiting for stores does not count. */
  readonly timeoutMs?: number | undefined;
  /** Its deadline is looked at too, because no timer runs while signatures are verified. */
  readonly signal?: AbortSignal | undefined;
}

/** What the evaluation of the signatures of one image costs. */
export interface Effort {
  /** Evaluates one signature. @throws the abort reason of the signal */
  run<T>(evaluate: () => T): T;
  /** Why nothing more may be evaluated; undefined while something may. */
  readonly fault: () => string | undefined;
}

/**
 * Counts operations with keys, and looks at the clock before each: a signature cannot block the process for longer than
 * one of them takes.
 */
export function startEffort({
  maxOperations = MAX_KEY_OPERATIONS,
  timeoutMs = VERIFICATION_TIMEOUT_MS,
  signal,
}: EffortLimits = {}): Effort {
  let operations = 0;
  let spentMs = 0;
  let startedAt = 0;
  let fault: string | undefined;
  const onOperation = (): void => {
    operations++;
    const spent = spentMs + performance.now() - startedAt;
    if (operations > maxOperations) fault ??= `the signatures need more than ${maxOperations} operations with keys`;
    if (spent >= timeoutMs) fault ??= `the signatures could not be verified within ${timeoutMs} ms`;
    if (signal !== undefined && expireDeadline(signal)) fault ??= 'the time for this verification is over';
    if (fault !== undefined) throw new SignatureError('LimitExceeded', fault);
  };
  return {
    run(evaluate) {
      startedAt = performance.now();
      try {
        return withKeyOperations(onOperation, evaluate);
      } finally {
        spentMs += performance.now() - startedAt;
        signal?.throwIfAborted();
      }
    },
    fault: () => fault,
  };
}
