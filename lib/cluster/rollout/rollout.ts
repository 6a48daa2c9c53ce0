/** What is asked of each pool, in the order in which a policy comes to its nodes. */
export type CheckName = 'included' | 'observed' | 'unpaused' | 'healthy' | 'completed' | 'machines' | 'owner' | 'nodes';

/** The answer to one question; `unknown` when what was handed in does not tell, which is no yes. */
export interface Finding {
  readonly check: CheckName;
  readonly answer: 'yes' | 'no' | 'unknown';
  readonly message: string;
  /** Lines of a difference, or of what the cluster says. */
  readonly details: readonly string[];
}

export interface PoolRollout {
  readonly pool: string;
  /** `unconcerned`: none of the MachineConfigs is for it. */
  readonly outcome: 'live' | 'not-live' | 'unknown' | 'unconcerned';
  /** The MachineConfigs that are for it. */
  readonly expected: readonly string[];
  readonly findings: readonly Finding[];
}

export interface Rollout {
  /** Live only when it is on every machine of every pool that it is for. */
  readonly outcome: 'live' | 'not-live';
  readonly pools: readonly PoolRollout[];
  /** What concerns no pool that was shown. */
  readonly faults: readonly string[];
}

export function finding(
  check: CheckName,
  answer: Finding['answer'],
  message: string,
  details: readonly string[] = [],
): Finding {
  return { check, answer, message, details };
}
