import { isJsonObject, type JsonObject } from '../base/documents/json-value.ts';
import { StoreError } from '../base/errors/store-error.ts';
import { toKeySegment } from '../base/names/digest.ts';
import { SIGNATURES_LABEL } from '../trust/documents/config-map.ts';
import { MAX_SIGNATURE_BYTES, type SignatureStore, type StoreEntry } from './port/signature-store.ts';

/** Signatures read per digest from ConfigMaps. */
export const MAX_CONFIG_MAP_SIGNATURES = 128;

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const MAX_BASE64_LENGTH = Math.ceil(MAX_SIGNATURE_BYTES / 3) * 4;

/** The part of a signature ConfigMap that is read. Values are base64. */
export interface SignatureConfigMap {
  readonly name: string;
  readonly binaryData: Readonly<Record<string, string>>;
}

/**
 * Signatures from ConfigMaps, by the cluster's rule: any key that is `<algo>-<hex>`, alone or followed by `-`. This covers
 * every producer's numbering. Entries come in the order of ConfigMap and key.
 */
export function createConfigMapStore(
  configMaps: readonly SignatureConfigMap[],
  { description = 'ConfigMaps' }: { readonly description?: string | undefined } = {},
): SignatureStore {
  const sorted = configMaps.toSorted((left, right) => compareKeys(left.name, right.name));
  return {
    description,
    async *fetchSignatures({ digest }, signal) {
      const segment = toKeySegment(digest);
      let count = 0;
      for (const { name, binaryData } of sorted) {
        for (const key of Object.keys(binaryData).filter(isKeyOf(segment)).toSorted(compareKeys)) {
          signal.throwIfAborted();
          count += 1;
          const location = `${description}/${name}/${key}`;
          if (count > MAX_CONFIG_MAP_SIGNATURES) {
            yield { kind: 'failed', store: description, location, error: overflowError() };
            return;
          }
          const entry = toEntry(description, location, binaryData[key] ?? '');
          if (entry !== undefined) yield entry;
        }
      }
      signal.throwIfAborted();
      yield { kind: 'absent', store: description, location: `${description}/*/${segment}` };
    },
  };
}

function isKeyOf(segment: string): (key: string) => boolean {
  return (key) => key === segment || key.startsWith(`${segment}-`);
}

/** Shorter first, so that `-10` follows `-9`. */
function compareKeys(left: string, right: string): number {
  if (left.length !== right.length) return left.length - right.length;
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function toEntry(store: string, location: string, value: string): StoreEntry | undefined {
  try {
    const untrustedBytes = decodeBase64(value);
    return untrustedBytes.length === 0 ? undefined : { kind: 'signature', store, location, untrustedBytes };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return { kind: 'failed', store, location, error };
  }
}

/** Decodes as Kubernetes does: line breaks are ignored, nothing else is. */
function decodeBase64(value: string): Uint8Array {
  const text = value.replaceAll(/[\r\n]/g, '');
  if (text.length > MAX_BASE64_LENGTH) throw limitError();
  const bytes = Buffer.from(text, 'base64');
  // Buffer skips invalid characters, so only a value that encodes back to itself was base64.
  if (!BASE64.test(text) || bytes.toString('base64') !== text) {
    throw new StoreError('BodyInvalid', 'the value is not base64');
  }
  if (bytes.length > MAX_SIGNATURE_BYTES) throw limitError();
  return new Uint8Array(bytes);
}

function limitError(): StoreError {
  return new StoreError('LimitExceeded', `the signature is longer than ${MAX_SIGNATURE_BYTES} bytes`);
}

function overflowError(): StoreError {
  return new StoreError('LimitExceeded', `only ${MAX_CONFIG_MAP_SIGNATURES} signatures of a digest are read`);
}

/**
 * The signature ConfigMaps among parsed documents, lists included. Other documents are left out.
 *
 * @throws StoreError `BodyInvalid` for a labelled one that is no valid ConfigMap
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
