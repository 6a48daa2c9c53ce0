import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/reference.ts';
import { startDeadline, untilAborted } from '../../platform/time/deadline.ts';
import { type SignatureStore, STORE_TIMEOUT_MS, type StoreEntry } from '../../stores/port/signature-store.ts';
import type { RegistryClient } from '../client/registry-client.ts';
import { resolveMirrors } from '../profile/mirrored-reader.ts';
import type { ProfileRegistries, RegistryTrust } from '../profile/profile-registries.ts';

/** Reads the signature extension of a repository's registry. */
export type ExtensionReader = Pick<RegistryClient, 'readSignatureExtension'>;

interface ExtensionOptions {
  /** Opens a registry. @throws StoreError */
  readonly open: () => Promise<ExtensionReader>;
  /** Where a node pulls an image of a repository from, in order. @throws ConfigurationError */
  readonly listPlaces?: ((repository: Repository) => readonly Repository[]) | undefined;
  readonly storeTimeoutMs?: number | undefined;
}

/**
 * The OpenPGP signatures of an image as nodes read them: by the signature extension of a registry that says it has one,
 * and in the lookaside for any other. A registry that may not be contacted is one without it.
 */
export function createExtensionStore(lookaside: SignatureStore, options: ExtensionOptions): SignatureStore {
  const { description } = lookaside;
  return {
    description,
    async *fetchSignatures(query, signal) {
      const { digest, repository } = query;
      const places = repository === undefined ? [] : toPlaces(repository, options);
      let isLookasideRead = places.length === 0;
      for (const place of places) {
        const entries = await readPlace(place, digest, options, signal);
        if (entries === undefined) isLookasideRead = true;
        else {
          yield* entries;
          // A registry that did not answer may be one without the extension.
          isLookasideRead ||= entries.some(({ kind }) => kind === 'failed');
        }
      }
      if (isLookasideRead) yield* lookaside.fetchSignatures(query, signal);
    },
  };
}

/** The same for a profile: where a node with its mirror sets pulls. */
export function createProfileExtension(
  lookaside: SignatureStore,
  registries: Pick<ProfileRegistries, 'openRegistry'>,
  trust: RegistryTrust,
): SignatureStore {
  return createExtensionStore(lookaside, {
    open: () => registries.openRegistry(trust),
    listPlaces: (repository) => resolveMirrors(repository, trust.mirrorRules),
  });
}

/** Mirror sets that cannot be used name no place; whatever needs a manifest says what is wrong with them. */
function toPlaces(repository: Repository, { listPlaces }: ExtensionOptions): readonly Repository[] {
  try {
    return listPlaces?.(repository) ?? [repository];
  } catch (error) {
    if (error instanceof ConfigurationError) return [];
    throw error;
  }
}

/** Undefined for a registry without the extension, or one that is not to be contacted. @throws the abort reason */
async function readPlace(
  place: Repository,
  digest: Digest,
  { open, storeTimeoutMs = STORE_TIMEOUT_MS }: ExtensionOptions,
  signal: AbortSignal,
): Promise<readonly StoreEntry[] | undefined> {
  const location = `${place}@${digest} (signature extension)`;
  const named = { store: place, location };
  const late = () => new StoreError('TimedOut', `${place} did not answer within ${storeTimeoutMs} ms`);
  const deadline = startDeadline(signal, storeTimeoutMs, late);
  try {
    const reader = await untilAborted(open(), deadline.signal);
    const read = await reader.readSignatureExtension(place, digest, deadline.signal);
    if (read === undefined) return undefined;
    const { untrustedSignatures, fault } = read;
    return [
      ...untrustedSignatures.map((untrustedBytes, at): StoreEntry => {
        return { kind: 'signature', store: place, location: `${location}#${at + 1}`, untrustedBytes };
      }),
      fault === undefined ? { kind: 'absent', ...named } : { kind: 'failed', ...named, error: fault },
    ];
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof StoreError)) throw error;
    if (error.code === 'NotAllowed') return undefined;
    return [error.code === 'NotFound' ? { kind: 'absent', ...named } : { kind: 'failed', ...named, error }];
  } finally {
    deadline.clear();
  }
}
