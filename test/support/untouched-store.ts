import type { SignaturePlaces } from '../../lib/stores/port/signature-places.ts';
import type { SignatureStore } from '../../lib/stores/port/signature-store.ts';

/** A store that must not be asked: where no image policy covers an image, no lookaside is contacted. */
export const untouchedStore: SignatureStore = {
  description: 'untouched',
  fetchSignatures() {
    throw new Error('this store must not be asked');
  },
};

/** A release store, and no lookaside that might be asked. */
export function releaseOnly(release: SignatureStore): SignaturePlaces {
  return { release, lookaside: { ...untouchedStore, description: release.description } };
}
