import { type ConfigMapDocument, configMapTitle } from '../documents/config-map.ts';
import type { HiveConfigDocument } from '../documents/hive-config.ts';
import { documentError, documentWarning } from '../documents/parsed-document.ts';

/** Which ConfigMap counts; the rest are neither read nor needed. */
export interface ConfigMapSelection {
  readonly selected: ConfigMapDocument | undefined;
  /** Annotated, but another one counts. */
  readonly passedOver: readonly ConfigMapDocument[];
  /** Neither annotated nor referred to: not a document of trust. */
  readonly foreign: readonly ConfigMapDocument[];
}

/**
 * The ConfigMap that a HiveConfig refers to, annotated or not, else the first annotated one, even if it is broken.
 *
 * @throws ConfigurationError `TrustMissing` for a reference to a ConfigMap that is not there
 */
export function selectConfigMap(
  configMaps: readonly ConfigMapDocument[],
  hiveConfig: HiveConfigDocument | undefined,
): ConfigMapSelection {
  const selected =
    hiveConfig?.reference === undefined
      ? configMaps.find(({ isAnnotated }) => isAnnotated)
      : findReferenced(configMaps, hiveConfig);
  const others = configMaps.filter((configMap) => configMap !== selected);
  return {
    selected,
    passedOver: others.filter(({ isAnnotated }) => isAnnotated),
    foreign: others.filter(({ isAnnotated }) => !isAnnotated),
  };
}

/** What a reader should know about a ConfigMap that looks as if it counted. */
export function warnPassedOver(configMap: ConfigMapDocument, selected: ConfigMapDocument | undefined): string {
  const reason = selected === undefined ? '' : `: ${configMapTitle(selected)} in ${selected.source.document} counts`;
  return documentWarning(
    configMap.source,
    ['metadata', 'name'],
    `the ConfigMap ${configMapTitle(configMap)} is ignored${reason}`,
  );
}

function findReferenced(
  configMaps: readonly ConfigMapDocument[],
  { source, reference }: HiveConfigDocument,
): ConfigMapDocument {
  const found = configMaps.find(
    ({ namespace, name }) => namespace === reference?.namespace && name === reference?.name,
  );
  if (found !== undefined) return found;
  const path = ['spec', 'releaseImageVerificationConfigMapRef'];
  const title = `${reference?.namespace}/${reference?.name}`;
  throw documentError('TrustMissing', source, path, `the ConfigMap ${title} is not among the documents`);
}
