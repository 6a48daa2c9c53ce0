import { StoreError } from '../base/errors/store-error.ts';
import { toKeySegment } from '../base/names/digest.ts';
import { MAX_SIGNATURE_BYTES, type SignatureStore, type StoreEntry } from './port/signature-store.ts';
import type { SignatureConfigMap } from './signature-config-maps.ts';

/** Signatures read per digest from ConfigMaps. */
export const MAX_CONFIG_MAP_SIGNATURES = 128;

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const MAX_BASE64_LENGTH = Math.ceil(MAX_SIGNATURE_BYTES / 3) * 4;

/**
 * Signatures from ConfigMaps, by the cluster's rule: any key that is `<algo>-<hex>` or continues it with `-`, which
 * covers every producer's numbering. In the order of ConfigMap and key.
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

/** As Kubernetes decodes it: line breaks are ignored, nothing else is. */
function decodeBase64(value: string): Uint8Array {
  const text = value.replaceAll(/[\r\n]/g, '');
  if (text.length > MAX_BASE64_LENGTH) throw limitError();
  const bytes = Buffer.from(text, 'base64');
  // Buffer skips what it does not understand: only a value that encodes back to itself was base64.
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
