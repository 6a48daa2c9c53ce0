import { StoreError } from '../../base/errors/store-error.ts';
import { createHttpClient, type HttpClient } from '../../platform/http/http-client.ts';
import type { ProxyOptions } from '../../platform/http/proxy.ts';
import { createProfileAttachments } from '../../registry/attachments/profile-attachments.ts';
import type { ManifestSource } from '../../registry/client/registry-client.ts';
import { createMirroredReader } from '../../registry/profile/mirrored-reader.ts';
import type { ProfileRegistries, RegistryTrust } from '../../registry/profile/profile-registries.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import { createFailingStore } from '../port/failing-store.ts';
import { createParallelStore } from '../port/parallel-store.ts';
import { createPolicyStore } from '../port/policy-store.ts';
import type { SignaturePlaces } from '../port/signature-places.ts';
import { openStore } from './open-store.ts';
import { createProfileLookaside } from './profile-lookaside.ts';

type StoreTrust = RegistryTrust & Pick<PreparedTrust, 'stores' | 'registriesD'>;

/** All that a decision about a profile's image may read. */
export interface EvidencePlaces extends SignaturePlaces {
  readonly manifests: ManifestSource;
}

/** Opens the stores of profiles, and keeps their connections while the trust stays the same. */
export interface UpstreamStores {
  open(trust: StoreTrust): EvidencePlaces;
  close(): void;
}

export interface UpstreamOptions {
  /** Reads manifests, and Sigstore signatures beside images. Without it, neither is read. */
  readonly registries?: ProfileRegistries | undefined;
  readonly proxy?: ProxyOptions | undefined;
  /** Read instead of every profile's stores; a path may be read whatever `allowLocal` says. */
  readonly replacement?: readonly string[] | undefined;
  /** Contact private addresses whatever the profile says: for one machine's own runs. */
  readonly allowPrivateAddresses?: boolean | undefined;
}

interface Opened {
  readonly revision: string;
  readonly client: HttpClient;
  readonly places: EvidencePlaces;
}

export function createUpstreamStores({
  proxy,
  replacement,
  allowPrivateAddresses,
  registries,
}: UpstreamOptions): UpstreamStores {
  const opened = new Map<string, Opened>();
  const openAll = (trust: StoreTrust): Opened => {
    const { profile, revision, stores, storeAccess } = trust;
    const kept = opened.get(profile);
    if (kept?.revision === revision) return kept;
    // A run that still reads with the old client fails its store, and is asked again with the new trust.
    kept?.client.close();
    const isPrivateAllowed = storeAccess.allowPrivateAddresses || allowPrivateAddresses === true;
    const client = createHttpClient({ allowPrivateAddresses: isPrivateAllowed, ca: storeAccess.ca, proxy });
    const urls = replacement ?? stores.map(({ url }) => url);
    const access = replacement === undefined ? storeAccess : { allowLocal: true };
    const release = createParallelStore(urls.map((url) => openStore(url, access, client)));
    const sigstore =
      registries === undefined
        ? createFailingStore('attachments', NO_REGISTRIES)
        : createProfileAttachments(registries)(trust);
    const manifests = registries === undefined ? NO_MANIFESTS : openManifests(registries, trust);
    const lookaside = createPolicyStore({ openpgp: createProfileLookaside(trust, client), sigstore });
    const now = { revision, client, places: { release, lookaside, manifests } };
    opened.set(profile, now);
    return now;
  };
  return {
    open: (trust) => openAll(trust).places,
    close() {
      for (const { client } of opened.values()) client.close();
      opened.clear();
    },
  };
}

/** The manifests of a profile's images, read where a node with its mirror sets pulls. */
export function openManifests(registries: Pick<ProfileRegistries, 'open'>, trust: RegistryTrust): ManifestSource {
  return createMirroredReader((repository) => registries.open(trust, repository), trust.mirrorRules);
}

/** Reads no manifest: an image policy that needs one leaves the verdict indeterminate. */
export const NO_MANIFESTS: ManifestSource = {
  async readManifest() {
    await Promise.resolve();
    throw NO_REGISTRIES;
  },
};

const NO_REGISTRIES = new StoreError('NotAllowed', 'registries are not read here');
