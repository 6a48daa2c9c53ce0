import type { Outcome, Verdict } from '../judge/verdict.ts';
import { toKubernetesTime, toVerifierFailure } from './verifier-failure.ts';

/** A condition of a Kubernetes object. */
export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
}

/** A verdict as Hive shows it on a ClusterDeployment. */
export interface HiveWords {
  readonly outcome: Outcome;
  readonly forced: boolean;
  /** Null when Hive's verifier would leave the ClusterDeployment as it is, and go on. */
  readonly condition: Condition | null;
}

/**
 * The condition by which Hive says that a release image does not verify. Hive knows no force: a forced verdict has the
 * condition that it would have without. An indeterminate one has it too, since Hive goes on only with a yes.
 *
 * @param keyrings names of the keyrings that the profile requires
 */
export function toHiveWords(verdict: Verdict, keyrings: readonly string[]): HiveWords {
  const { outcome, forced, decidedAt } = verdict;
  const failure = toVerifierFailure(verdict, keyrings);
  if (failure === undefined) return { outcome, forced, condition: null };
  const condition: Condition = {
    type: 'InstallImagesNotResolved',
    status: 'True',
    reason: 'ReleaseImageVerificationFailed',
    message: failure.message,
    lastTransitionTime: toKubernetesTime(decidedAt),
  };
  return { outcome, forced, condition };
}
