import { InputError } from '../../base/errors/input-error.ts';

/** Whose words a verdict is put in: Hive's for a ClusterDeployment, or the cluster-version operator's. */
export type WordsForm = 'hive' | 'clusterversion';

export const WORDS_FORMS: readonly WordsForm[] = ['hive', 'clusterversion'];

/** Undefined: the verdict itself is wanted. @throws InputError `ArgumentInvalid` */
export function parseWordsForm(text: string | undefined): WordsForm | undefined {
  if (text === undefined) return undefined;
  const form = WORDS_FORMS.find((one) => one === text);
  if (form === undefined) throw new InputError('ArgumentInvalid', `as must be ${WORDS_FORMS.join(' or ')}`);
  return form;
}
