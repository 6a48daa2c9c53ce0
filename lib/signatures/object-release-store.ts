import { StoreError } from '../errors/store-error.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import { toStoreSegment } from '../pullspec/digest.ts';
import { MAX_RELEASE_SIGNATURES, MAX_SIGNATURE_BYTES, type SignatureStore } from './signature-store.ts';
import { walkSignatures } from './walk-signatures.ts';

interface ObjectReleaseStoreOptions {
  /** Key prefix without a final slash, or empty; `signatures` unless told. */
  readonly prefix?: string | undefined;
  /** How the evidence names the store; what the object store calls itself unless told. */
  readonly description?: string | undefined;
  readonly storeTimeoutMs?: number | undefined;
}

/** `<prefix>/<algo>=<hex>/signature-<n>` in a bucket or a data folder: how Signet's mirror holds signatures. */
export function createObjectReleaseStore(
  objects: ObjectStore,
  { prefix = 'signatures', storeTimeoutMs, ...told }: ObjectReleaseStoreOptions = {},
): SignatureStore {
  const root = prefix === '' ? '' : `${prefix}/`;
  const description = told.description ?? (prefix === '' ? objects.description : `${objects.description}/${prefix}`);
  return {
    description,
    fetchSignatures({ digest }, signal) {
      const segment = toStoreSegment(digest);
      const walk = {
        store: description,
        last: MAX_RELEASE_SIGNATURES,
        overflow: 'end',
        timeoutMs: storeTimeoutMs,
        toLocation: (index: number) => `${description}/${segment}/signature-${index}`,
        readSignature: (index: number) => readSignature(objects, `${root}${segment}/signature-${index}`),
      } as const;
      return walkSignatures(walk, signal);
    },
  };
}

async function readSignature(objects: ObjectStore, key: string): Promise<Uint8Array | undefined> {
  const object = await objects.readObject(key, MAX_SIGNATURE_BYTES);
  if (object !== undefined && object.bytes.length > MAX_SIGNATURE_BYTES) {
    throw new StoreError('LimitExceeded', `${key} is longer than ${MAX_SIGNATURE_BYTES} bytes`);
  }
  return object?.bytes;
}
