import { isJsonObject } from '../../base/documents/json-value.ts';
import type { ParsedDocument } from './parsed-document.ts';

/** Marks the ConfigMap that release verification reads. */
export const TRUST_ANNOTATION = 'release.openshift.io/verification-config-map';
/** Its presence marks a ConfigMap that holds signatures; the value does not matter. */
export const SIGNATURES_LABEL = 'release.openshift.io/verification-signatures';

/** Any ConfigMap; its data are read only if it is the one that counts. */
export interface ConfigMapDocument {
  readonly kind: 'ConfigMap';
  readonly source: ParsedDocument;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly isAnnotated: boolean;
  /** Labelled as a signature store's. */
  readonly holdsSignatures: boolean;
}

/** Looks at the metadata alone, so that a ConfigMap that does not count may be broken. */
export function parseConfigMap(source: ParsedDocument): ConfigMapDocument {
  const { metadata } = source.content;
  const { namespace, name, annotations, labels } = isJsonObject(metadata) ? metadata : {};
  return {
    kind: 'ConfigMap',
    source,
    namespace: typeof namespace === 'string' ? namespace : undefined,
    name: typeof name === 'string' ? name : undefined,
    isAnnotated: isJsonObject(annotations) && Object.hasOwn(annotations, TRUST_ANNOTATION),
    holdsSignatures: isJsonObject(labels) && Object.hasOwn(labels, SIGNATURES_LABEL),
  };
}

/** `namespace/name`, for messages. */
export function configMapTitle({ namespace, name }: ConfigMapDocument): string {
  return [namespace, name ?? '(no name)'].filter((part) => part !== undefined).join('/');
}
