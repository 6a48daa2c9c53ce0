import type { Draw } from './draw.ts';

/** What a reader or verifier may be wrong about. */
export type FaultKind =
  /** It took what nobody signed, or what the format forbids. */
  | 'wrong accept'
  /** It threw something else than the error class that it declares. */
  | 'exception'
  /** Its result is larger than its limits allow. */
  | 'out of bounds'
  /** It did not come back. */
  | 'hang';

/** `refused` with a declared error, `genuine` if accepted and right to be. */
export type Outcome =
  | { readonly kind: 'refused' | 'genuine' }
  | { readonly kind: Exclude<FaultKind, 'exception' | 'hang'>; readonly detail: string };

export const REFUSED: Outcome = { kind: 'refused' };
export const GENUINE: Outcome = { kind: 'genuine' };

/** A target with its seeds read. */
export interface OpenTarget {
  /** Makes one input by draws alone. */
  readonly make: (draw: Draw) => Uint8Array;
  /**
   * Judges one input by an oracle of its own. It throws only what the function under test must not throw: that is the
   * fault `exception`.
   */
  readonly check: (input: Uint8Array) => Outcome | Promise<Outcome>;
}

/** One fuzz target: to add one, write its module and name it in `targets/table.ts`. */
export interface FuzzTarget {
  readonly name: string;
  /** What is fuzzed, for the help. */
  readonly summary: string;
  readonly open: () => Promise<OpenTarget>;
}

/** A fault and the input that shows it. */
export interface Failure {
  readonly target: string;
  readonly seed: number;
  readonly iteration: number;
  readonly kind: FaultKind;
  readonly detail: string;
  readonly input: Uint8Array;
}
