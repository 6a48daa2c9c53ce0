import { toStoreSegment } from '../base/names/digest.ts';
import type { ObjectStore } from '../platform/objects/port/object-store.ts';
import { type ObjectSignaturesOptions, openObjectSignatures } from './object-signatures.ts';
import { MAX_RELEASE_SIGNATURES, type SignatureStore } from './port/signature-store.ts';
import { walkSignatures } from './port/walk-signatures.ts';

/**
 * `<prefix>/<algo>=<hex>/signature-<n>` in a bucket or a data folder, the prefix `signatures` unless told: how Signet's
 * mirror holds signatures.
 */
export function createObjectReleaseStore(objects: ObjectStore, options: ObjectSignaturesOptions = {}): SignatureStore {
  const { description, toWalk } = openObjectSignatures(objects, { prefix: 'signatures', ...options });
  return {
    description,
    fetchSignatures({ digest }, signal) {
      const walk = toWalk(toStoreSegment(digest));
      return walkSignatures({ ...walk, last: MAX_RELEASE_SIGNATURES, overflow: 'end' }, signal);
    },
  };
}
