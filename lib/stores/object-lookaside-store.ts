import { StoreError } from '../base/errors/store-error.ts';
import { toStoreSegment } from '../base/names/digest.ts';
import type { ObjectStore } from '../platform/objects/port/object-store.ts';
import { type ObjectSignaturesOptions, openObjectSignatures } from './object-signatures.ts';
import { createFailingStore } from './port/failing-store.ts';
import { MAX_LOOKASIDE_SIGNATURES, type SignatureStore } from './port/signature-store.ts';
import { walkSignatures } from './port/walk-signatures.ts';

/**
 * `<prefix>/<host>/<repository>@<algo>=<hex>/signature-<n>` in a bucket or a data folder, the prefix `lookaside` unless
 * told: how Signet's mirror holds the signatures of lookasides. Many share it, so that the host is part of the key.
 */
export function createObjectLookasideStore(
  objects: ObjectStore,
  options: ObjectSignaturesOptions = {},
): SignatureStore {
  const { description, toWalk } = openObjectSignatures(objects, { prefix: 'lookaside', ...options });
  return {
    description,
    fetchSignatures(query, signal) {
      const { digest, repository } = query;
      if (repository === undefined) {
        const error = new StoreError('NotAllowed', 'a lookaside is laid out by repository, and none was asked for');
        return createFailingStore(description, error).fetchSignatures(query, signal);
      }
      const walk = toWalk(`${repository}@${toStoreSegment(digest)}`);
      return walkSignatures({ ...walk, last: MAX_LOOKASIDE_SIGNATURES, overflow: 'failed' }, signal);
    },
  };
}
