import { StoreError } from '../errors/store-error.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import { toStoreSegment } from '../pullspec/digest.ts';
import { createFailingStore } from './failing-store.ts';
import { MAX_LOOKASIDE_SIGNATURES, MAX_SIGNATURE_BYTES, type SignatureStore } from './signature-store.ts';
import { walkSignatures } from './walk-signatures.ts';

interface ObjectLookasideOptions {
  /** Key prefix without a final slash, or empty; `lookaside` unless told. */
  readonly prefix?: string | undefined;
  /** How the evidence names the store; what the object store calls itself unless told. */
  readonly description?: string | undefined;
  readonly storeTimeoutMs?: number | undefined;
}

/**
 * `<prefix>/<host>/<repository>@<algo>=<hex>/signature-<n>` in a bucket or a data folder: how Signet's mirror holds the
 * signatures of lookasides. Many lookasides share it, so that the host is part of the key.
 */
export function createObjectLookasideStore(
  objects: ObjectStore,
  { prefix = 'lookaside', storeTimeoutMs, ...told }: ObjectLookasideOptions = {},
): SignatureStore {
  const root = prefix === '' ? '' : `${prefix}/`;
  const description = told.description ?? (prefix === '' ? objects.description : `${objects.description}/${prefix}`);
  return {
    description,
    fetchSignatures(query, signal) {
      const { digest, repository } = query;
      if (repository === undefined) {
        const error = new StoreError('NotAllowed', 'a lookaside is laid out by repository, and none was asked for');
        return createFailingStore(description, error).fetchSignatures(query, signal);
      }
      const segment = `${repository}@${toStoreSegment(digest)}`;
      const walk = {
        store: description,
        last: MAX_LOOKASIDE_SIGNATURES,
        overflow: 'failed',
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
