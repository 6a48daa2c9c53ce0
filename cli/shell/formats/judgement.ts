import type { Outcome } from '../../../lib/verdict/judge/verdict.ts';

/** Why a thing was judged as it was, or what a reader should know of it. */
export interface JudgedFinding {
  /** A reason code, or the name of the check that found it. */
  readonly code: string;
  readonly message: string;
  /** Lines below it. */
  readonly details?: readonly string[] | undefined;
  readonly remedy?: string | undefined;
}

/** One thing that a command decided about: a test case, or the subject of results. */
export interface Judged {
  readonly name: string;
  readonly outcome: Outcome;
  /** Why it is not accepted; of an accepted one, empty. */
  readonly findings: readonly JudgedFinding[];
  /** Warnings and notes, which change nothing. */
  readonly notes?: readonly JudgedFinding[] | undefined;
  /** The input file that names it, and the line of it, from 1. */
  readonly file?: string | undefined;
  readonly line?: number | undefined;
}

/** What a command that decides says to a pipeline. */
export interface Judgement {
  /** The words of the command after `signet`. */
  readonly command: string;
  /** Of all together, as the exit status has it. */
  readonly outcome: Outcome;
  readonly judged: readonly Judged[];
}
