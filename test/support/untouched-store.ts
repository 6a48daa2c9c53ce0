import type { ManifestSource } from '../../lib/registry/client/registry-client.ts';
import type { EvidencePlaces } from '../../lib/stores/open/open-stores.ts';
import type { SignatureStore } from '../../lib/stores/port/signature-store.ts';

/** A store that must not be read: where no image policy covers an image, no lookaside is contacted. */
export const untouchedStore: SignatureStore = {
  description: 'untouched',
  fetchSignatures() {
    throw new Error('this store must not be read');
  },
};

/** A registry that must not be contacted: by keyrings alone, a decision reads no manifest. */
export const untouchedManifests: ManifestSource = {
  readManifest() {
    throw new Error('no manifest must be read');
  },
};

/** A release store, and neither a lookaside nor a registry that may be contacted. */
export function releaseOnly(release: SignatureStore): EvidencePlaces {
  return {
    release,
    lookaside: { ...untouchedStore, description: release.description },
    manifests: untouchedManifests,
  };
}
