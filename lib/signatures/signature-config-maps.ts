import { StoreError } from '../errors/store-error.ts';

/** What a reader of signature ConfigMaps needs of one; the values are base64. */
export interface SignatureConfigMap {
  readonly name: string;
  readonly binaryData: Readonly<Record<string, string>>;
}

/** Its presence marks a ConfigMap that holds signatures; the value does not matter. */
export const SIGNATURES_LABEL = 'release.openshift.io/verification-signatures';

type Mapping = Readonly<Record<string, unknown>>;

/**
 * The signature ConfigMaps among parsed documents, those inside of lists included; other documents are left out.
 * @throws StoreError `BodyInvalid` when a labelled one is not as Kubernetes has them.
 */
export function parseSignatureConfigMaps(untrustedDocuments: readonly unknown[]): readonly SignatureConfigMap[] {
  return untrustedDocuments.flatMap((document) => {
    if (!isMapping(document)) return [];
    if (isList(document)) return parseSignatureConfigMaps(document['items']);
    return isSignatureConfigMap(document) ? [toSignatureConfigMap(document)] : [];
  });
}

function isList(document: Mapping): document is Mapping & { readonly items: readonly unknown[] } {
  const isListKind = document['kind'] === 'List' || document['kind'] === 'ConfigMapList';
  return isListKind && Array.isArray(document['items']);
}

function isSignatureConfigMap(document: Mapping): boolean {
  const { kind, apiVersion, metadata } = document;
  if (kind !== 'ConfigMap' || apiVersion !== 'v1' || !isMapping(metadata)) return false;
  return isMapping(metadata['labels']) && Object.hasOwn(metadata['labels'], SIGNATURES_LABEL);
}

function toSignatureConfigMap({ metadata, binaryData }: Mapping): SignatureConfigMap {
  const untrustedName = isMapping(metadata) ? metadata['name'] : undefined;
  const name = typeof untrustedName === 'string' ? untrustedName : '';
  if (binaryData === undefined || binaryData === null) return { name, binaryData: {} };
  if (!isMapping(binaryData)) throw invalid(name, 'binaryData is not a mapping');
  const entries = Object.entries(binaryData).map(([key, value]): [string, string] => {
    if (typeof value !== 'string') throw invalid(name, `binaryData has ${JSON.stringify(key)}, which is not a string`);
    return [key, value];
  });
  return { name, binaryData: Object.fromEntries(entries) };
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(name: string, fault: string): StoreError {
  return new StoreError('BodyInvalid', `the signature ConfigMap ${JSON.stringify(name)} is broken: ${fault}`);
}
