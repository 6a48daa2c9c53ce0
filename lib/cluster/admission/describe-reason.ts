import type { Reason } from '../../verdict/judge/verdict.ts';

/** A reason in one line: its code, why, and what to do. */
export function describeReason({ code, message, remedy }: Reason): string {
  return remedy === undefined ? `${code}: ${message}` : `${code}: ${message}; ${remedy}`;
}
