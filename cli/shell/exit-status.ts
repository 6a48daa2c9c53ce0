import type { Outcome } from '../../lib/verdict/judge/verdict.ts';

/** What a command leaves behind for scripts. */
export const ExitStatus = {
  accepted: 0,
  done: 0,
  rejected: 1,
  usage: 2,
  indeterminate: 3,
  internal: 70,
  interrupted: 130,
} as const;

export function toExitStatus(outcome: Outcome): number {
  switch (outcome) {
    case 'accepted':
      return ExitStatus.accepted;
    case 'indeterminate':
      return ExitStatus.indeterminate;
    case 'rejected':
      return ExitStatus.rejected;
    default:
      return ExitStatus.rejected;
  }
}
