/** The checks of a pool, in the order in which a policy reaches its nodes. */
export type CheckName = 'included' | 'observed' | 'unpaused' | 'healthy' | 'completed' | 'machines' | 'owner' | 'nodes';

/** The answer of one check; `unknown` when the input does not show it, which counts as not live. */
export interface Finding {
  readonly check: CheckName;
  readonly answer: 'yes' | 'no' | 'unknown';
  readonly message: string;
  /** Lines of a difference, or of the cluster's message. */
  readonly details: readonly string[];
}

export interface PoolRollout {
  readonly pool: string;
  /** `unconcerned`: the pool selects none of the MachineConfigs. */
  readonly outcome: 'live' | 'not-live' | 'unknown' | 'unconcerned';
  /** The MachineConfigs that the pool selects. */
  readonly expected: readonly string[];
  readonly findings: readonly Finding[];
}

export interface Rollout {
  /** Live only when every pool that selects a MachineConfig is live. */
  readonly outcome: 'live' | 'not-live';
  readonly pools: readonly PoolRollout[];
  /** Faults that concern no single pool. */
  readonly faults: readonly string[];
  /** What a reader of the policies may miss; it changes no outcome. */
  readonly warnings: readonly string[];
}

export function finding(
  check: CheckName,
  answer: Finding['answer'],
  message: string,
  details: readonly string[] = [],
): Finding {
  return { check, answer, message, details };
}
