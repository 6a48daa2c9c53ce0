import type { Verdict } from '../judge/verdict.ts';
import { type ClusterVersionWords, toClusterVersionWords } from './to-cluster-version-words.ts';
import { type HiveWords, toHiveWords } from './to-hive-words.ts';
import type { WordsForm } from './words-form.ts';

/** A verdict in an operator's own words. */
export type VerdictWords = HiveWords | ClusterVersionWords;

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
