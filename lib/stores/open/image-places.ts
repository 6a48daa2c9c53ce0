import { StoreError } from '../../base/errors/store-error.ts';
import type { HttpClient } from '../../platform/http/http-client.ts';
import { createProfileAttachments } from '../../registry/attachments/attachment-store.ts';
import { createProfileExtension } from '../../registry/attachments/extension-store.ts';
import type { ManifestSource } from '../../registry/client/registry-client.ts';
import { createMirroredReader } from '../../registry/profile/mirrored-reader.ts';
import type { ProfileRegistries, RegistryTrust } from '../../registry/profile/profile-registries.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import { createFailingStore, createPolicyStore } from '../port/composites.ts';
import type { SignatureStore } from '../port/signature-store.ts';
import { createProfileLookaside } from '../registries-d-store.ts';

/** What image policies read of an image: its signatures, by the repository that a policy names, and its manifests. */
export interface ImagePlaces {
  readonly lookaside: SignatureStore;
  readonly manifests: ManifestSource;
}

const REGISTRIES_NOT_READ = new StoreError('NotAllowed', 'registries are not read here');

/** Reads no manifest: an image policy that needs one leaves the verdict indeterminate. */
export const NO_MANIFESTS: ManifestSource = {
  async readManifest() {
    await Promise.resolve();
    throw REGISTRIES_NOT_READ;
  },
};

/**
 * Opens registries.d's lookasides, and what is beside images in the registries of a profile. Nothing is contacted yet.
 *
 * @param registries undefined: neither manifests nor what is beside images is read
 */
export function openImagePlaces(
  trust: RegistryTrust & Pick<PreparedTrust, 'registriesD'>,
  client: HttpClient,
  registries: Pick<ProfileRegistries, 'open' | 'openRegistry'> | undefined,
): ImagePlaces {
  const openpgp = createProfileLookaside(trust, client);
  if (registries === undefined) {
    const sigstore = createFailingStore('attachments', REGISTRIES_NOT_READ);
    return { lookaside: createPolicyStore({ openpgp, sigstore }), manifests: NO_MANIFESTS };
  }
  return {
    lookaside: createPolicyStore({
      openpgp: createProfileExtension(openpgp, registries, trust),
      sigstore: createProfileAttachments(registries)(trust),
    }),
    // Where a node with the profile's mirror sets pulls.
    manifests: createMirroredReader((repository) => registries.open(trust, repository), trust.mirrorRules),
  };
}
