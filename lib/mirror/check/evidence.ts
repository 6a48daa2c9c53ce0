import type { Attempt, Reason } from '../../verdict/judge/verdict.ts';

/**
 * What one kind of signatures says of an image. `absent` and `invalid` are answers, `failed` is none: something that did
 * not answer could have held the signature. `unasked`: the profile asks for no signature of this kind.
 */
export type EvidenceState = 'valid' | 'absent' | 'invalid' | 'failed' | 'unasked';

export interface Evidence {
  readonly state: EvidenceState;
  /** Empty for what is valid or unasked. */
  readonly reasons: readonly Reason[];
  readonly attempts: readonly Attempt[];
  /** What a reader should know although it changes nothing. */
  readonly notes?: readonly string[];
}

export const UNASKED: Evidence = { state: 'unasked', reasons: [], attempts: [] };
