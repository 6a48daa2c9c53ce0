import { isJsonObject, type JsonObject } from '../base/documents/json-value.ts';
import { StoreError } from '../base/errors/store-error.ts';
import { SIGNATURES_LABEL } from '../trust/documents/config-map.ts';

/** What a reader of signature ConfigMaps needs of one; the values are base64. */
export interface SignatureConfigMap {
  readonly name: string;
  readonly binaryData: Readonly<Record<string, string>>;
}

/**
 * The signature ConfigMaps among parsed documents, those inside of lists included; other documents are left out.
 * @throws StoreError `BodyInvalid` when a labelled one is not as Kubernetes has them.
 */
export function parseSignatureConfigMaps(untrustedDocuments: readonly unknown[]): readonly SignatureConfigMap[] {
  return untrustedDocuments.flatMap((document) => {
    if (!isJsonObject(document)) return [];
    if (isList(document)) return parseSignatureConfigMaps(document['items']);
    return isSignatureConfigMap(document) ? [toSignatureConfigMap(document)] : [];
  });
}

function isList(document: JsonObject): document is JsonObject & { readonly items: readonly unknown[] } {
  const isListKind = document['kind'] === 'List' || document['kind'] === 'ConfigMapList';
  return isListKind && Array.isArray(document['items']);
}

function isSignatureConfigMap(document: JsonObject): boolean {
  const { kind, apiVersion, metadata } = document;
  if (kind !== 'ConfigMap' || apiVersion !== 'v1' || !isJsonObject(metadata)) return false;
  return isJsonObject(metadata['labels']) && Object.hasOwn(metadata['labels'], SIGNATURES_LABEL);
}

function toSignatureConfigMap({ metadata, binaryData }: JsonObject): SignatureConfigMap {
  const untrustedName = isJsonObject(metadata) ? metadata['name'] : undefined;
  const name = typeof untrustedName === 'string' ? untrustedName : '';
  if (binaryData === undefined || binaryData === null) return { name, binaryData: {} };
  if (!isJsonObject(binaryData)) throw invalid(name, 'binaryData is not a mapping');
  const entries = Object.entries(binaryData).map(([key, value]): [string, string] => {
    if (typeof value !== 'string') throw invalid(name, `binaryData has ${JSON.stringify(key)}, which is not a string`);
    return [key, value];
  });
  return { name, binaryData: Object.fromEntries(entries) };
}

function invalid(name: string, fault: string): StoreError {
  return new StoreError('BodyInvalid', `the signature ConfigMap ${JSON.stringify(name)} is broken: ${fault}`);
}
