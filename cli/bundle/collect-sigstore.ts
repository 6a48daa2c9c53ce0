import { InputError } from '../../lib/base/errors/input-error.ts';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import type { Digest } from '../../lib/base/names/digest.ts';
import { type CollectedAttachments, collectAttachments } from '../../lib/bundle/create/collect-attachments.ts';
import { listMirroredDigests } from '../../lib/mirror/audit/list-mirrored-digests.ts';
import { listReleaseComponents } from '../../lib/mirror/check/list-release-components.ts';
import { findCopiedImages } from '../../lib/mirror/sigstore/find-copied-images.ts';
import type { ObjectStore } from '../../lib/platform/objects/port/object-store.ts';
import type { PreparedTrust } from '../../lib/trust/prepared/prepared-trust.ts';
import { type MirrorRegistryOptions, openMirrorRegistry } from '../open/open-mirror-registry.ts';
import { parseRegistryRepository } from '../open/parse-registry-repository.ts';

export interface SigstoreOptions extends MirrorRegistryOptions {
  readonly sigstoreFrom?: string;
  readonly components?: boolean;
}

const PAGE = 1000;
const CONCURRENCY = 32;

/**
 * What the registry of `--sigstore-from` keeps beside the releases of a mirror, and with `--components` what registries
 * keep beside the images that they are made of. Undefined where it was not asked for. @throws InputError, StoreError
 */
export async function collectSigstore(
  { sigstoreFrom, components, ...access }: SigstoreOptions,
  objects: ObjectStore,
  profiles: readonly PreparedTrust[],
  { now, signal }: { readonly now: Date; readonly signal: AbortSignal },
): Promise<CollectedAttachments | undefined> {
  if (sigstoreFrom === undefined) {
    if (components !== true) return undefined;
    throw new InputError('ArgumentInvalid', '--components says what is read of --sigstore-from');
  }
  const from = parseRegistryRepository(sigstoreFrom);
  const [repository] = profiles.flatMap(({ canonicalRepositories }) => canonicalRepositories);
  if (repository === undefined) throw new InputError('ArgumentInvalid', 'the profile has no canonical repository');
  const { client, close } = await openMirrorRegistry([from], access);
  try {
    const releases = (await listDigests(objects, signal)).map((digest) => ({ digest, versions: [], repository }));
    const list = (digest: Digest) => listReleaseComponents(client, from, digest, signal);
    const found = await findCopiedImages({
      releases,
      from,
      to: from,
      registry: client,
      components: components === true ? { to: repository, list } : undefined,
      concurrency: CONCURRENCY,
      signal,
    });
    // A release that the registry does not have leaves nothing out but itself.
    const unread = found.unread.find(({ code }) => components === true || code !== 'NotFound');
    if (unread !== undefined) {
      throw new StoreError('BodyInvalid', `what belongs to ${unread.digest} is not known: ${unread.message}`);
    }
    const { images } = found;
    return await collectAttachments({ images, reader: client, profiles, concurrency: CONCURRENCY, now, signal });
  } finally {
    close();
  }
}

async function listDigests(objects: ObjectStore, signal: AbortSignal): Promise<readonly Digest[]> {
  const digests: Digest[] = [];
  let after: string | undefined;
  do {
    const page = await listMirroredDigests(objects, { after, limit: PAGE, signal });
    digests.push(...page.digests);
    after = page.next;
  } while (after !== undefined);
  return digests;
}
