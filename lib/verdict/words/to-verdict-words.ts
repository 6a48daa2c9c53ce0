import { InputError } from '../../base/errors/input-error.ts';
import type { Outcome, Verdict } from '../judge/verdict.ts';
import {
  type ClusterVersionWords,
  type Condition,
  toClusterVersionWords,
  toKubernetesTime,
  toVerifierFailure,
} from './to-cluster-version-words.ts';

/** Whose words a verdict is put in: Hive's for a ClusterDeployment, or the cluster-version operator's. */
export type WordsForm = 'hive' | 'clusterversion';

const WORDS_FORMS: readonly WordsForm[] = ['hive', 'clusterversion'];

/** @throws InputError `ArgumentInvalid` */
export function parseWordsForm(text: string): WordsForm {
  const form = WORDS_FORMS.find((one) => one === text);
  if (form === undefined) throw new InputError('ArgumentInvalid', `as must be ${WORDS_FORMS.join(' or ')}`);
  return form;
}

/** A verdict in an operator's own words. */
type VerdictWords = HiveWords | ClusterVersionWords;

/** @param keyrings those that the profile requires */
export function toVerdictWords(
  verdict: Verdict,
  form: WordsForm,
  keyrings: readonly { readonly name: string }[],
): VerdictWords {
  const names = keyrings.map(({ name }) => name);
  switch (form) {
    case 'hive':
      return toHiveWords(verdict, names);
    case 'clusterversion':
      return toClusterVersionWords(verdict, names);
    default:
      throw new TypeError(`unknown form ${JSON.stringify(form satisfies never)}`);
  }
}

/** A verdict as Hive shows it on a ClusterDeployment. */
interface HiveWords {
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
function toHiveWords(verdict: Verdict, keyrings: readonly string[]): HiveWords {
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
