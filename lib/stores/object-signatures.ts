import { StoreError } from '../base/errors/store-error.ts';
import type { ObjectStore } from '../platform/objects/port/object-store.ts';
import { MAX_SIGNATURE_BYTES } from './port/signature-store.ts';
import type { NumberedSignatures } from './port/walk-signatures.ts';

export interface ObjectSignaturesOptions {
  /** Key prefix without a final slash, or empty; the layout's own unless told. */
  readonly prefix?: string | undefined;
  /** How the evidence names the store; what the object store calls itself unless told. */
  readonly description?: string | undefined;
  readonly storeTimeoutMs?: number | undefined;
}

/** Numbered signatures as objects, whatever the layout: `<prefix>/<segment>/signature-<n>`. */
export interface ObjectSignatures {
  readonly description: string;
  readonly toWalk: (segment: string) => Omit<NumberedSignatures, 'last' | 'overflow'>;
}

export function openObjectSignatures(
  objects: ObjectStore,
  { prefix = '', storeTimeoutMs, ...told }: ObjectSignaturesOptions,
): ObjectSignatures {
  const root = prefix === '' ? '' : `${prefix}/`;
  const description = told.description ?? (prefix === '' ? objects.description : `${objects.description}/${prefix}`);
  return {
    description,
    toWalk: (segment) => ({
      store: description,
      timeoutMs: storeTimeoutMs,
      toLocation: (index) => `${description}/${segment}/signature-${index}`,
      readSignature: (index) => readSignature(objects, `${root}${segment}/signature-${index}`),
    }),
  };
}

async function readSignature(objects: ObjectStore, key: string): Promise<Uint8Array | undefined> {
  const object = await objects.readObject(key, MAX_SIGNATURE_BYTES);
  if (object !== undefined && object.bytes.length > MAX_SIGNATURE_BYTES) {
    throw new StoreError('LimitExceeded', `${key} is longer than ${MAX_SIGNATURE_BYTES} bytes`);
  }
  return object?.bytes;
}
