import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import type { Repository } from '../../base/names/repository.ts';
import { createFailingStore } from '../../stores/port/failing-store.ts';
import { createFallbackStore } from '../../stores/port/fallback-store.ts';
import type { SignatureStore } from '../../stores/port/signature-store.ts';
import type { ProfileRegistries, RegistryTrust } from '../profile/profile-registries.ts';
import { resolveMirrors } from '../profile/resolve-mirrors.ts';
import { createAttachmentStore } from './attachment-store.ts';

const DESCRIPTION = 'attachments';

/**
 * The Sigstore signatures beside the images of a profile's repositories, read where a node with the profile's mirror
 * sets pulls: from each mirror in order, and from the source last. Only registries that the profile names are contacted.
 */
export function createProfileAttachments(
  registries: Pick<ProfileRegistries, 'openRegistry'>,
): (trust: RegistryTrust) => SignatureStore {
  return (trust) => {
    const at = (place: Repository): SignatureStore => {
      const store = createAttachmentStore(() => registries.openRegistry(trust), { description: place });
      // Asked for the image that is judged, and read where it lies.
      const fetchSignatures: SignatureStore['fetchSignatures'] = (query, signal) =>
        store.fetchSignatures({ ...query, repository: place }, signal);
      return { description: place, fetchSignatures };
    };
    return {
      description: DESCRIPTION,
      fetchSignatures(query, signal) {
        return open(trust, query.repository, at).fetchSignatures(query, signal);
      },
    };
  };
}

function open(
  { mirrorRules }: RegistryTrust,
  repository: Repository | undefined,
  at: (place: Repository) => SignatureStore,
): SignatureStore {
  if (repository === undefined) return refuse('attachments lie beside an image, and no repository was asked for');
  try {
    const places = resolveMirrors(repository, mirrorRules).map(at);
    return places.length === 0
      ? refuse('the mirror sets name no mirror and forbid the source')
      : createFallbackStore(places);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return refuse(error.message);
  }
}

/** It could have held the signature: that is no absence. */
function refuse(reason: string): SignatureStore {
  return createFailingStore(DESCRIPTION, new StoreError('NotAllowed', reason));
}
