import type { Command } from 'commander';

/** The call of a command line that a command is part of. */
export interface Run {
  /** Aborted when the call is cancelled. A command passes it to all that it waits for, and prints no result after it. */
  readonly signal: AbortSignal;
  /** Sets the exit status of the call. */
  readonly setStatus: (status: number) => void;
  /** Says that an interruption is how the command ends, as a service does: the status is then its own, and not 130. */
  readonly setStopped: () => void;
}

/** Adds what may follow `signet`. A command's code is loaded when it runs, so that help and small commands start fast. */
export type AddCommand = (program: Command, run: Run) => void;
